import type { PlatformStatus } from "@ebb/api";
import { systemCode } from "@ebb/base";
import { statfs } from "node:fs/promises";
import { dirname } from "node:path";

/** The rest of the platform needs this much of the disk: a source that would take of it is refused. */
export const RESERVE = 512 * 1024 ** 2;
/** Somebody should know before that. */
const LOW = 2 * RESERVE;
/** What the files of an instance and a commit of the databases need at the least. */
const FULL = 16 * 1024 ** 2;

/** Of the disk that `folder` is on, or will be on when it is made. Throws what the file system throws. */
export async function diskOf(folder: string): Promise<PlatformStatus["disk"]> {
  const { bavail, blocks, bsize } = await statfs(folder).catch((error: unknown) => {
    if (systemCode(error) === "ENOENT") return statfs(dirname(folder));
    throw error;
  });
  const free = bavail * bsize;
  return { free, total: blocks * bsize, state: free < FULL ? "full" : free < LOW ? "low" : "ok" };
}
