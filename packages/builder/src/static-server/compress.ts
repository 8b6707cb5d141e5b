import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import type { SiteFile } from "./lookup.ts";
import type { Encoding } from "./negotiate.ts";

/** Below, the headers outweigh the gain; above, the first visitor would wait. */
const LEAST = 1024;
const MOST = 4 * 1024 * 1024;
const MOST_KEPT = 32 * 1024 * 1024;

/** Compresses each file once for each encoding and keeps the results, at most 32 MiB of them. */
export class Compressor {
  readonly #kept = new Map<string, Promise<Buffer>>();
  #bytes = 0;

  worthwhile(size: number): boolean {
    return size >= LEAST && size <= MOST;
  }

  async compress(file: SiteFile, encoding: Encoding): Promise<Buffer> {
    const key = `${encoding} ${file.path}`;
    const known = this.#kept.get(key);
    if (known !== undefined) return known;
    const made = compressed(file.path, encoding);
    this.#kept.set(key, made);
    try {
      const body = await made;
      this.#bytes += body.length;
      await this.#shrink();
      return body;
    } catch (error) {
      this.#kept.delete(key);
      throw error;
    }
  }

  /** The oldest go first. */
  async #shrink(): Promise<void> {
    for (const [key, made] of this.#kept) {
      if (this.#bytes <= MOST_KEPT) return;
      this.#kept.delete(key);
      this.#bytes -= (await made).length;
    }
  }
}

async function compressed(path: string, encoding: Encoding): Promise<Buffer> {
  const body = await readFile(path);
  if (encoding === "gzip") return promisify(gzip)(body, { level: 6 });
  // 5 is about as fast as gzip's 6 and a tenth smaller; more is for what is compressed at build time (FILE.br beside FILE).
  const params = { [constants.BROTLI_PARAM_QUALITY]: 5, [constants.BROTLI_PARAM_SIZE_HINT]: body.length };
  return promisify(brotliCompress)(body, { params });
}
