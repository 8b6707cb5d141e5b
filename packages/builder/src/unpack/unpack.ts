import { once } from "node:events";
import { createReadStream } from "node:fs";
import { copyFile, mkdir, open, stat, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Duplex, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { EbbError, systemCode } from "@ebb/base";
import { Parser, type ReadEntry } from "tar";
import { fault } from "../errors.ts";
import type { BuildLimits } from "../limits.ts";
import { entryPath, linkTarget, show } from "./entry-rules.ts";

/** Below this the ratio says nothing: a generated file of a few MiB can be one repeated line. */
const RATIO_APPLIES_FROM = 64 * 1024 * 1024;
const FILE_TYPES = new Set(["File", "OldFile", "ContiguousFile"]);

export interface Unpacked {
  /** Paths of regular files and of links, in the archive's order. */
  files: string[];
  bytes: number;
}

/**
 * Unpacks a gzip-compressed tar into the empty folder `target`. Links are made after all files, so that no file is ever written through one;
 * of modes only the executable bit is kept. On any error `target` is left as it is, for the caller to remove.
 */
export async function unpack(
  archive: string,
  target: string,
  limits: Pick<BuildLimits, "archiveEntries" | "unpackedBytes" | "archiveRatio">,
  signal: AbortSignal,
): Promise<Unpacked> {
  const writer = new TreeWriter(target, limits);
  const { size } = await stat(archive);
  const source = createReadStream(archive, { signal });
  try {
    await feed(source.pipe(forwardErrors(source, createGunzip())), writer, sizeGuard(size, limits));
    await writer.finish();
  } catch (error) {
    throw await explain(error, writer, signal);
  } finally {
    source.destroy();
  }
  if (writer.files.length === 0) throw fault("source_empty", "the source has no files");
  return { files: writer.files, bytes: writer.bytes };
}

/** `pipe` does not pass errors on. */
function forwardErrors<T extends Duplex>(from: Readable, to: T): T {
  from.once("error", (error) => to.destroy(error));
  return to;
}

/** Feeds the parser no faster than the writer writes. */
async function feed(stream: AsyncIterable<Buffer>, writer: TreeWriter, check: (bytes: number) => void): Promise<void> {
  const parser = new Parser({ strict: true });
  const failed = new Promise<never>((_resolve, reject) => {
    parser.on("error", reject);
    parser.on("entry", (entry: ReadEntry) => void writer.add(entry).catch(reject));
    parser.on("ignoredEntry", (entry: ReadEntry) => {
      reject(fault("archive_special_file", `${show(entry.path)} is of a kind that cannot be unpacked (${entry.type})`));
    });
  });
  // Handled by whoever races below; this one is for a failure between two races.
  failed.catch(() => {});
  const ended = once(parser, "end");
  ended.catch(() => {});
  for await (const chunk of stream) {
    check(chunk.length);
    const drained = once(parser, "drain");
    drained.catch(() => {});
    if (!parser.write(chunk)) await Promise.race([drained, failed]);
    if (writer.failure) throw writer.failure;
  }
  parser.end();
  await Promise.race([ended, failed]);
}

async function explain(error: unknown, writer: TreeWriter, signal: AbortSignal): Promise<unknown> {
  const cause = writer.failure ?? error;
  await writer.stop();
  signal.throwIfAborted();
  if (cause instanceof EbbError || systemCode(cause) === "ENOSPC") return cause;
  return fault("archive_invalid", "the source is not a whole gzip-compressed tar archive", { cause });
}

/** Counts what comes out of the decompressor. */
function sizeGuard(packed: number, limits: Pick<BuildLimits, "unpackedBytes" | "archiveRatio">): (bytes: number) => void {
  let seen = 0;
  return (bytes) => {
    seen += bytes;
    if (seen > limits.unpackedBytes) throw tooLarge(limits.unpackedBytes);
    if (seen > RATIO_APPLIES_FROM && seen > packed * limits.archiveRatio) {
      throw fault("archive_bomb", `the archive of ${packed} bytes unpacks to more than ${limits.archiveRatio} times its size`);
    }
  };
}

function tooLarge(most: number) {
  return fault("archive_too_large", `the source unpacks to more than ${Math.floor(most / 1024 ** 2)} MiB`);
}

/** Writes entries one after the other, in the archive's order. */
class TreeWriter {
  readonly files: string[] = [];
  bytes = 0;
  failure: unknown;
  readonly #root: string;
  readonly #limits: Pick<BuildLimits, "archiveEntries" | "unpackedBytes">;
  readonly #kinds = new Map<string, "file" | "folder" | "link">();
  readonly #links = new Map<string, string>();
  #entries = 0;
  readonly #stop = new AbortController();
  #tail: Promise<void> = Promise.resolve();

  constructor(root: string, limits: Pick<BuildLimits, "archiveEntries" | "unpackedBytes">) {
    this.#root = root;
    this.#limits = limits;
  }

  add(entry: ReadEntry): Promise<void> {
    this.#tail = this.#tail.then(() => this.#write(entry));
    return this.#tail.catch((error: unknown) => {
      this.failure ??= error;
      throw error;
    });
  }

  /** Resolves when nothing is written any more. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error("stopped"));
    await this.#tail.catch(() => {});
  }

  async finish(): Promise<void> {
    await this.#tail;
    for (const [path, target] of this.#links) await symlink(target, join(this.#root, path));
  }

  async #write(entry: ReadEntry): Promise<void> {
    if (++this.#entries > this.#limits.archiveEntries) {
      throw fault("archive_too_many_files", `the source has more than ${this.#limits.archiveEntries} files and folders`);
    }
    const path = entryPath(entry.path);
    if (path === undefined) {
      entry.resume();
      return;
    }
    if (entry.type === "Directory") {
      entry.resume();
      await this.#folder(path);
    } else if (FILE_TYPES.has(entry.type)) {
      await this.#file(path, entry);
    } else if (entry.type === "SymbolicLink") {
      entry.resume();
      this.#claim(path, "link");
      this.#links.set(path, linkTarget(path, entry.linkpath ?? ""));
      await this.#folder(dirname(path));
    } else if (entry.type === "Link") {
      entry.resume();
      await this.#hardLink(path, entry.linkpath ?? "");
    } else {
      throw fault("archive_special_file", `${show(path)} is not a file, folder or link (${entry.type})`);
    }
  }

  async #file(path: string, entry: ReadEntry): Promise<void> {
    // Also what the guard cannot see: the parser unpacks an archive that was compressed twice.
    this.bytes += entry.size;
    if (this.bytes > this.#limits.unpackedBytes) throw tooLarge(this.#limits.unpackedBytes);
    await this.#folder(dirname(path));
    this.#claim(path, "file");
    const handle = await open(join(this.#root, path), "w", ((entry.mode ?? 0) & 0o111) === 0 ? 0o644 : 0o755);
    try {
      const chunks = entry[Symbol.asyncIterator]();
      // The rest of an entry never comes when the archive is cut, and the parser does not tell its reader.
      for (let next = await this.#unlessStopped(chunks); next.done !== true; next = await this.#unlessStopped(chunks)) {
        await handle.writeFile(next.value);
      }
    } finally {
      await handle.close();
    }
  }

  #unlessStopped(chunks: AsyncIterator<Buffer>): Promise<IteratorResult<Buffer>> {
    const { signal } = this.#stop;
    return new Promise((resolve, reject) => {
      const onStop = () => reject(signal.reason);
      if (signal.aborted) return onStop();
      signal.addEventListener("abort", onStop, { once: true });
      chunks
        .next()
        .then(resolve, reject)
        .finally(() => signal.removeEventListener("abort", onStop));
    });
  }

  /** The target must have come before, as tar has it; it is copied, so that no two names share a file. */
  async #hardLink(path: string, linkpath: string): Promise<void> {
    const source = entryPath(linkpath);
    if (source === undefined || this.#kinds.get(source) !== "file") {
      throw fault("archive_link_unsafe", `the hard link ${show(path)} points at ${show(linkpath)}, which is not a file of the source`);
    }
    await this.#folder(dirname(path));
    this.#claim(path, "file");
    this.bytes += (await stat(join(this.#root, source))).size;
    if (this.bytes > this.#limits.unpackedBytes) throw tooLarge(this.#limits.unpackedBytes);
    await copyFile(join(this.#root, source), join(this.#root, path));
  }

  async #folder(path: string): Promise<void> {
    if (path === "." || this.#kinds.get(path) === "folder") return;
    await this.#folder(dirname(path));
    this.#claim(path, "folder");
    await mkdir(join(this.#root, path), { mode: 0o755 });
  }

  /** A later file of the same name replaces the earlier, as tar does; anything else under one name is an attack or an accident. */
  #claim(path: string, kind: "file" | "folder" | "link"): void {
    const had = this.#kinds.get(path);
    if (had !== undefined && had !== kind) {
      throw fault("archive_link_unsafe", `${show(path)} is in the archive as a ${had} and again as a ${kind}`);
    }
    this.#kinds.set(path, kind);
    if (had === undefined && kind !== "folder") this.files.push(path);
  }
}
