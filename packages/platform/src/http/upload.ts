import { createWriteStream } from "node:fs";
import { mkdir, open, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { systemCode, type Random } from "@ebb/base";
import { refuse } from "../errors.ts";
import { diskOf, RESERVE } from "../service/disk.ts";

/** A gigabyte of compressed source is far beyond what people deploy; more is a mistake (data, node_modules). */
const LARGEST_UPLOAD = 1024 ** 3;

/**
 * Writes a request's body to a file of its own in `folder`, synced: an operation refers only to uploads that are whole.
 * Throws `body_too_large`, `storage_full`, `upload_incomplete`, and leaves nothing behind then.
 */
export async function storeUpload(body: Readable, folder: string, random: Random): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const most = Math.min(LARGEST_UPLOAD, (await diskOf(folder)).free - RESERVE);
  if (most <= 0) throw full();
  const path = join(folder, `${random.uuid()}.tgz`);
  try {
    let size = 0;
    const bounded = async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        size += chunk.length;
        if (size > most) throw most === LARGEST_UPLOAD ? tooLarge() : full();
        yield chunk;
      }
    };
    await pipeline(body, bounded, createWriteStream(path, { mode: 0o600, flags: "wx" }));
    const file = await open(path, "r");
    try {
      await file.sync();
    } finally {
      await file.close();
    }
    return path;
  } catch (error) {
    await rm(path, { force: true });
    const code = systemCode(error);
    if (code === "ENOSPC") throw full();
    if (code === "ERR_STREAM_PREMATURE_CLOSE" || code === "ECONNRESET")
      throw refuse("upload_incomplete", "The upload ended before it was whole", { cause: error });
    throw error;
  }
}

function tooLarge() {
  return refuse("body_too_large", "The source is larger than 1 GiB", { hint: "Leave out what is not source: list it in .ebbignore." });
}

function full() {
  return refuse("storage_full", "There is not enough space left for the upload", { hint: "Free space on the disk of Ebb's data folder." });
}
