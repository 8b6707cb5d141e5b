import { constants, createDeflate, createInflate } from "node:zlib";
import { DICTIONARY } from "./dictionary.ts";
import { broken } from "./frames.ts";

/** A client's block is four short words. */
const LARGEST = 64 * 1024;

/**
 * Name-value blocks of SPDY/3 (§2.6.10): compressed, all of one direction in one stream of zlib. Blocks must be read in the order in which they
 * came, each once, also those that nobody wants.
 */
export class HeaderBlocks {
  readonly #inflate = createInflate({ dictionary: DICTIONARY });
  readonly #deflate = createDeflate({ dictionary: DICTIONARY, flush: constants.Z_SYNC_FLUSH });
  #inflated: Buffer[] = [];
  #size = 0;

  constructor() {
    this.#inflate.on("data", (chunk: Buffer) => {
      this.#size += chunk.length;
      this.#inflated.push(chunk);
      if (this.#size > LARGEST) this.#inflate.destroy(broken("its headers are too large"));
    });
    for (const stream of [this.#inflate, this.#deflate]) stream.on("error", () => undefined);
  }

  /** Names are lower case. Throws TransientError for what is no block. */
  async read(compressed: Buffer): Promise<Map<string, string>> {
    this.#size = 0;
    await write(this.#inflate, compressed);
    const block = Buffer.concat(this.#inflated);
    this.#inflated = [];
    try {
      return parseBlock(block);
    } catch (cause) {
      throw Object.assign(broken("its headers end too early"), { cause });
    }
  }

  /** A block without headers, which is all that an answer has. */
  async empty(): Promise<Buffer> {
    const chunks: Buffer[] = [];
    const take = (chunk: Buffer) => void chunks.push(chunk);
    this.#deflate.on("data", take);
    await write(this.#deflate, Buffer.alloc(4));
    this.#deflate.off("data", take);
    return Buffer.concat(chunks);
  }

  close(): void {
    this.#inflate.destroy();
    this.#deflate.destroy();
  }
}

function write(stream: ReturnType<typeof createInflate>, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const closed = () => reject(broken("its headers cannot be decompressed"));
    stream.once("close", closed);
    stream.write(bytes, (error) => {
      stream.off("close", closed);
      if (error) reject(broken("its headers cannot be decompressed"));
      else resolve();
    });
  });
}

function parseBlock(block: Buffer): Map<string, string> {
  let at = 0;
  const number = () => {
    at += 4;
    return block.readUInt32BE(at - 4);
  };
  const text = () => {
    const end = number() + at;
    if (end > block.length) throw new RangeError("past the end");
    const found = block.toString("latin1", at, end);
    at = end;
    return found;
  };
  const headers = new Map<string, string>();
  for (let left = number(); left > 0; left--) headers.set(text().toLowerCase(), text());
  return headers;
}
