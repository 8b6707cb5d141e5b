import { chmodSync, chownSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { IdentityFiles } from "./port.ts";

/** Where programs on Kubernetes look for them. */
export const IDENTITY_MOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";

interface Owner {
  /** Of the folder; files get the same without the right to pass through. */
  mode: 0o755 | 0o500 | 0o700;
  uid?: number | undefined;
}

/** Writes each file in one step, so that a reader sees the old or the new one; a new folder has no readers yet. Synchronous: a few small files, on the way of a cold start. */
export function writeIdentity(folder: string, files: IdentityFiles, { mode, uid }: Owner): void {
  const isNew = mkdirSync(folder, { recursive: true, mode }) !== undefined;
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    const written = isNew ? path : `${path}.new`;
    writeFileSync(written, content, { mode: mode & 0o444 });
    if (uid !== undefined) chownSync(written, uid, uid);
    if (!isNew) renameSync(written, path);
  }
  // The mode of mkdir is cut by the umask.
  chmodSync(folder, mode);
  if (uid !== undefined) chownSync(folder, uid, uid);
}
