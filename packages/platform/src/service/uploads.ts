import { access, mkdir, readdir, rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Clock } from "@ebb/base";
import type { Uploads } from "../deploy/context.ts";

/** A request may still be storing a younger one. */
const ORPHAN_AGE = 60 * 60_000;

export interface UploadFolder extends Uploads {
  readonly root: string;
  /** The id under which an operation keeps an upload: the folder may be elsewhere when it is read again. */
  idOf(path: string): string;
  /** Deletes what no operation refers to. */
  sweep(used: ReadonlySet<string>): Promise<void>;
}

export function createUploadFolder(root: string, clock: Clock): UploadFolder {
  const path = (id: string) => join(root, basename(id));
  return {
    root,
    path,
    idOf: (file) => basename(file),
    exists: (id) =>
      access(path(id)).then(
        () => true,
        () => false,
      ),
    remove: (id) => rm(path(id), { force: true }),
    async sweep(used) {
      await mkdir(root, { recursive: true, mode: 0o700 });
      for (const name of await readdir(root)) {
        if (used.has(name)) continue;
        const found = await stat(join(root, name)).catch(() => undefined);
        if (found?.isFile() && clock.now() - found.mtimeMs > ORPHAN_AGE) await rm(join(root, name), { force: true });
      }
    },
  };
}
