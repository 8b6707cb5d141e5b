import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { pack, type Pack } from "tar-stream";
import { Failure } from "../failure.ts";
import type { SourceEntry, SourceTree } from "./walk.ts";

/**
 * The tree as a gzip-compressed tar, made while it is read: memory does not grow with the source. The same tree gives the same bytes;
 * owners are left out, times and modes are kept (web servers make ETags of times). The stream fails when a file changes under our hands.
 */
export function archiveOf(tree: SourceTree): Readable {
  const tar = pack();
  const gzip = createGzip();
  write(tar, tree).then(
    () => tar.finalize(),
    (error: unknown) => tar.destroy(error instanceof Error ? error : new Error(String(error))),
  );
  // pipeline hands an error on to the gzip stream, whose reader sees it; when that is given up, the parts are destroyed with an error that
  // nobody needs to see.
  tar.on("error", () => undefined);
  pipeline(tar, gzip).catch(() => undefined);
  return gzip;
}

async function write(tar: Pack, tree: SourceTree): Promise<void> {
  for (const entry of tree.entries) {
    if (entry.kind === "file") await appendFile(tar, tree.root, entry);
    else await append(tar, entry, []);
  }
}

async function appendFile(tar: Pack, root: string, entry: SourceEntry): Promise<void> {
  // A link that took the file's place since the walk is not followed.
  const file = await open(join(root, entry.path), constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    if ((await file.stat()).size !== entry.size) throw changed(entry.path);
    // `end` is inclusive: a file that grows from here on is cut at the size that its header says.
    const content = entry.size === 0 ? [] : file.createReadStream({ start: 0, end: entry.size - 1, autoClose: false });
    await append(tar, entry, content);
  } finally {
    await file.close();
  }
}

/** Adds one entry and its content, at the pace of whoever reads the archive. */
function append(tar: Pack, entry: SourceEntry, content: AsyncIterable<Buffer> | Iterable<Buffer>): Promise<void> {
  return new Promise((resolve, reject) => {
    // Nobody reads any longer: the upload was refused or interrupted.
    const closed = () => reject(new Error("the archive is not wanted any more"));
    tar.once("close", closed);
    const sink = tar.entry(headerOf(entry), (error) => {
      tar.off("close", closed);
      if (error) reject(error);
      else resolve();
    });
    sink.on("error", reject);
    const copy = async () => {
      let length = 0;
      for await (const chunk of content) {
        length += chunk.length;
        if (!sink.write(chunk)) await new Promise((drained) => sink.once("drain", () => drained(undefined)));
      }
      if (length !== entry.size) throw changed(entry.path);
      sink.end(null);
    };
    copy().catch(reject);
  });
}

function headerOf(entry: SourceEntry): Parameters<Pack["entry"]>[0] {
  const types = { file: "file", folder: "directory", link: "symlink" } as const;
  return {
    name: entry.kind === "folder" ? `${entry.path}/` : entry.path,
    type: types[entry.kind],
    mode: entry.mode,
    size: entry.size,
    mtime: entry.modified,
    uid: 0,
    gid: 0,
    ...(entry.target !== undefined && { linkname: entry.target }),
  };
}

function changed(path: string): Failure {
  return new Failure(`${path} changed while it was packed`, {
    hint: "Deploy again once nothing writes to the folder, or leave the file out with .ebbignore.",
  });
}
