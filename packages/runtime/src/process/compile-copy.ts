import { constants } from "node:fs";
import { chmod, lstat, mkdir, open, opendir, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Node.js' folder in a cache: its version, the machine, the engine's flags, and the user that it belongs to. */
const TAG = /^(v[0-9A-Za-z.]+-[0-9A-Za-z_]+-[0-9a-f]+)-(\d+)$/;
const ENTRY = /^[0-9a-f]{8,16}$/;
/** A server with a whole framework for pages loads two or three thousand modules. */
const MOST_FILES = 10_000;
const MOST_BYTES = 64 * 1024 * 1024;

export interface CopiedCache {
  /** The folder's name without the user at its end. */
  tag: string;
  bytes: number;
}

/**
 * Copies what the user `uid` has left in a cache to `to/TAG`, as files of ours that others may read. Nobody of that user runs any more. Whatever is not a plain file of that user's, of a
 * name that Node.js gives, is left: there are links that would lead to what only we may read. Undefined when there is nothing, or more than a cache may have.
 */
export async function copyCache(from: string, to: string, uid: number): Promise<CopiedCache | undefined> {
  const found = ((await namesIn(from)) ?? []).flatMap((name) => {
    const [, tag, owner] = TAG.exec(name) ?? [];
    return tag !== undefined && owner === String(uid) ? [{ name, tag }] : [];
  });
  const [first] = found;
  if (first === undefined || found.length > 1 || !(await lstat(join(from, first.name))).isDirectory()) return undefined;
  const names = (await namesIn(join(from, first.name)))?.filter((name) => ENTRY.test(name));
  if (names === undefined) return undefined;
  const target = join(to, first.tag);
  await mkdir(target);
  // The mode of mkdir is cut by the umask.
  await chmod(target, 0o755);
  let bytes = 0;
  for (const name of names) {
    const content = await readOwn(join(from, first.name, name), { uid, most: MOST_BYTES - bytes });
    if (content === "too large") return undefined;
    if (content === undefined) continue;
    bytes += content.length;
    await writeFile(join(target, name), content);
    await chmod(join(target, name), 0o644);
  }
  return { tag: first.tag, bytes };
}

/** Undefined where there are more than a cache has: a program may make millions of them while it runs. */
async function namesIn(path: string): Promise<string[] | undefined> {
  const names: string[] = [];
  for await (const { name } of await opendir(path)) if (names.push(name) > MOST_FILES) return undefined;
  return names;
}

async function readOwn(path: string, { uid, most }: { uid: number; most: number }): Promise<Buffer | "too large" | undefined> {
  let file;
  try {
    // A FIFO would hold up whoever opens it.
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
  try {
    const stat = await file.stat();
    if (!stat.isFile() || stat.uid !== uid) return undefined;
    return stat.size > most ? "too large" : await file.readFile();
  } finally {
    await file.close();
  }
}
