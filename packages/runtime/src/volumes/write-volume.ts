import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
} from "node:fs";
import { lstatSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { BugError, systemCode } from "@ebb/base";
import type { VolumeFiles } from "../port.ts";

const CURRENT = "..data";

/**
 * Replaces the files of a volume in one step, after the kubelet's AtomicWriter: they are in a folder of their own, `..data` leads to it, and each
 * name at the top leads through `..data`. Files that are the same are not touched, so that nobody is woken for nothing. Synchronous: a few small
 * files, on the way of a cold start.
 */
export function writeVolume(folder: string, files: VolumeFiles, group?: number): void {
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o755);
  const paths = Object.keys(files);
  const before = currentOf(folder);
  if (before !== undefined && isSame(join(folder, before), files)) return;
  const fresh = mkdtempSync(join(folder, "..v-"));
  writeTree(fresh, files, group);
  const pointer = join(folder, "..data_new");
  rmSync(pointer, { force: true });
  symlinkSync(fresh.slice(folder.length + 1), pointer);
  renameSync(pointer, join(folder, CURRENT));
  const tops = new Set(paths.map((path) => path.split("/")[0] ?? path));
  for (const top of tops) if (!isThere(join(folder, top))) symlinkSync(`${CURRENT}/${top}`, join(folder, top));
  const stay = new Set([CURRENT, fresh.slice(folder.length + 1), ...tops]);
  for (const name of readdirSync(folder)) if (!stay.has(name)) rmSync(join(folder, name), { recursive: true, force: true });
}

/** The files as they are, without a way to change them in one step: for a copy of a part that a program sees as it was at its start. */
export function writeTree(folder: string, files: VolumeFiles, group?: number): void {
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o755);
  for (const [path, { content, mode }] of Object.entries(files)) {
    if (!isInside(path)) throw new BugError("VolumePathInvalid", `${JSON.stringify(path)} leads out of its volume`);
    const file = join(folder, path);
    for (const parent of parentsOf(path)) {
      mkdirSync(join(folder, parent), { recursive: true });
      chmodSync(join(folder, parent), 0o755);
    }
    writeFileSync(file, content, { flag: "wx" });
    giveTo(file, group);
    // The mode of open is cut by the umask.
    chmodSync(file, mode & 0o777);
  }
}

/** To a group, where this process may: without root it is nobody else's to give. Before the mode is set, as it takes some of that away. */
export function giveTo(path: string, group: number | undefined): void {
  if (group !== undefined && process.getuid?.() === 0) chownSync(path, -1, group);
}

/** Whether a path stays in the folder that it is joined to, and out of what `writeVolume` keeps there. */
export function isInside(path: string): boolean {
  const parts = path.split("/");
  return !path.includes("\0") && !path.startsWith("..") && parts.every((part) => part !== "" && part !== "." && part !== "..");
}

function parentsOf(path: string): string[] {
  const parts = path.split("/").slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join("/"));
}

function currentOf(folder: string): string | undefined {
  try {
    return readlinkSync(join(folder, CURRENT));
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function isSame(folder: string, files: VolumeFiles): boolean {
  if (!existsSync(folder)) return false;
  const there = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  if (there.length !== Object.keys(files).length) return false;
  return there.every(({ parentPath, name }) => {
    const path = join(parentPath, name);
    const wanted = files[path.slice(folder.length + 1)];
    return wanted !== undefined && readFileSync(path).equals(wanted.content) && (lstatSync(path).mode & 0o777) === (wanted.mode & 0o777);
  });
}

/** The part of a volume below a path: itself under its own name when it is a file, `undefined` for the name when it is a folder. */
export function partOf(files: VolumeFiles, subPath: string): { file?: { content: Uint8Array; mode: number }; tree: VolumeFiles } {
  const file = files[subPath];
  const below = Object.entries(files).flatMap(([path, entry]) =>
    path.startsWith(`${subPath}/`) ? [[path.slice(subPath.length + 1), entry] as const] : [],
  );
  return { ...(file ? { file } : {}), tree: Object.fromEntries(below) };
}

interface Part {
  /** All of the volume. */
  files: VolumeFiles;
  subPath: string;
  group?: number | undefined;
}

/**
 * A copy of a part, for a program that is about to start. What is there and differs is moved aside, not removed: another program may have it mounted,
 * and is to see it as it was.
 */
export function writePart(target: string, { files, subPath, group }: Part): void {
  const { file, tree } = partOf(files, subPath);
  mkdirSync(dirname(target), { recursive: true });
  const before = lstatSync(target, { throwIfNoEntry: false });
  if (before?.isDirectory() && !file && isSame(target, tree)) return;
  if (before?.isFile() && file && readFileSync(target).equals(file.content) && (before.mode & 0o777) === (file.mode & 0o777)) return;
  if (before) renameSync(target, join(mkdtempSync(`${target}-`), "before"));
  if (!file) return writeTree(target, tree, group);
  writeFileSync(target, file.content);
  giveTo(target, group);
  chmodSync(target, file.mode & 0o777);
}
