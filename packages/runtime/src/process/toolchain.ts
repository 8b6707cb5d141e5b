import { copyFileSync, linkSync, mkdirSync, realpathSync, renameSync, rmSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { closedFolder } from "./access.ts";

/** Programs that Ebb brings along for the instances. */
export interface Toolchain {
  /** Path of the `node` binary. */
  node: string;
}

/**
 * A folder for the front of the instances' PATH with the toolchain's programs. One that other users cannot reach (under /root, say) is
 * linked or copied; anything else is a symbolic link. The name holds size and date, so that a new Node.js is another folder and running
 * instances keep theirs.
 */
export function prepareToolchain(root: string, toolchain: Toolchain): string {
  const node = realpathSync(toolchain.node);
  const { size, mtimeMs, mode } = statSync(node);
  const folder = join(root, `node-${size}-${Math.floor(mtimeMs)}`);
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const target = join(folder, "node");
  const temporary = join(folder, `.node-${process.pid}`);
  rmSync(temporary, { force: true });
  if (closedFolder(node) === undefined && (mode & 0o005) === 0o005) symlinkSync(node, temporary);
  else if (isUsableCopy(target, size)) return folder;
  else linkOrCopy(node, temporary);
  renameSync(temporary, target);
  return folder;
}

function isUsableCopy(target: string, size: number): boolean {
  try {
    return statSync(target).size === size;
  } catch {
    return false;
  }
}

function linkOrCopy(from: string, to: string): void {
  if ((statSync(from).mode & 0o005) === 0o005) {
    try {
      return linkSync(from, to);
    } catch {
      // Another file system.
    }
  }
  copyFileSync(from, to);
}
