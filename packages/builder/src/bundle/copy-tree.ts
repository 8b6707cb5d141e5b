import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { chmod, lstat, mkdir, open, readdir, readlink, symlink } from "node:fs/promises";
import { dirname, join, posix, relative, sep } from "node:path";
import { fault } from "../errors.ts";
import type { BuildLimits } from "../limits.ts";
import { show } from "../unpack/entry-rules.ts";
import type { BundleEntry } from "./digest.ts";

/** Version control is never part of what runs. */
const LEFT_OUT = new Set([".git", ".hg", ".svn"]);
/** Where interpreters and their libraries are: a virtual environment links to them. Links are never followed here, only kept. */
const SYSTEM = /^\/(?:usr|bin|lib|lib64|opt|etc\/alternatives|nix\/store)\//;
const CHUNK = 1024 * 1024;
const AT_ONCE = 16;

export interface CopyOptions {
  limits: Pick<BuildLimits, "outputBytes" | "outputFiles">;
  signal: AbortSignal;
  /** True for paths (with a trailing slash for folders) that are left out. */
  ignores?: (path: string) => boolean;
  /** Put before each path, for a part of a bundle. */
  prefix?: string;
}

/**
 * Copies what a build left in `from` to the new folder `to`, readable by all and writable by its owner only, and returns its entries. `from`
 * was written by commands that nobody vetted: nothing is followed, and only files, folders and harmless links are taken.
 * Throws UserError `build_output_unsafe` and `build_output_too_large`.
 */
export async function copyTree(from: string, to: string, options: CopyOptions): Promise<BundleEntry[]> {
  const copier = new Copier(from, to, options);
  await copier.copy();
  return copier.entries;
}

class Copier {
  readonly entries: BundleEntry[] = [];
  readonly #from: string;
  readonly #to: string;
  readonly #options: CopyOptions;
  readonly #copying = new Set<Promise<void>>();
  #failure: unknown;
  #bytes = 0;

  constructor(from: string, to: string, options: CopyOptions) {
    this.#from = from;
    this.#to = to;
    this.#options = options;
  }

  async copy(): Promise<void> {
    try {
      await this.#folder("");
    } finally {
      await Promise.all(this.#copying);
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #folder(path: string): Promise<void> {
    await makeOpenFolder(join(this.#to, path));
    for (const child of await readdir(join(this.#from, path), { encoding: "buffer" })) {
      this.#options.signal.throwIfAborted();
      const name = child.toString("utf8");
      if (!Buffer.from(name).equals(child))
        throw fault("build_output_unsafe", `the build left a file name that is not UTF-8: ${show(`${path}/${name}`)}`);
      if (!LEFT_OUT.has(name)) await this.#entry(path === "" ? name : `${path}/${name}`);
    }
  }

  async #entry(path: string): Promise<void> {
    const status = await lstat(join(this.#from, path));
    if (this.#options.ignores?.(status.isDirectory() ? `${path}/` : path)) return;
    if (this.entries.length >= this.#options.limits.outputFiles) {
      throw fault("build_output_too_large", `the build left more than ${this.#options.limits.outputFiles} files`);
    }
    if (status.isDirectory()) {
      this.#add({ path, type: "folder" });
      await this.#folder(path);
    } else if (status.isFile()) {
      const executable = (status.mode & 0o111) !== 0;
      this.#count(status.size);
      await this.#start(path, executable);
    } else if (status.isSymbolicLink()) {
      const target = this.#linkTarget(path, await readlink(join(this.#from, path)));
      await symlink(target, join(this.#to, path));
      this.#add({ path, type: "link", target });
    }
    // Sockets and pipes that tools leave behind mean nothing in another place.
  }

  #add(entry: BundleEntry): void {
    this.entries.push({ ...entry, path: `${this.#options.prefix ?? ""}${entry.path}` });
  }

  /** Copies beside others; waits only for room. Most of an installed application is thousands of small files. */
  async #start(path: string, executable: boolean): Promise<void> {
    while (this.#copying.size >= AT_ONCE) await Promise.race(this.#copying);
    if (this.#failure !== undefined) throw this.#failure;
    // Counted before it is copied; its digest is put in afterwards.
    const entry = { path: `${this.#options.prefix ?? ""}${path}`, type: "file" as const, executable, content: "" };
    this.entries.push(entry);
    const copying = copyFile(join(this.#from, path), join(this.#to, path), executable)
      .then((content) => {
        entry.content = content;
      })
      .catch((error: unknown) => {
        this.#failure ??= error;
      })
      .finally(() => this.#copying.delete(copying));
    this.#copying.add(copying);
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes <= this.#options.limits.outputBytes) return;
    throw fault("build_output_too_large", `the build left more than ${Math.floor(this.#options.limits.outputBytes / 1024 ** 2)} MiB`);
  }

  /** Links into the build's own folder are made relative, as that folder goes; other absolute ones must lead to the system's programs. */
  #linkTarget(path: string, target: string): string {
    if (target.startsWith("/")) {
      const inside = relative(this.#from, target);
      if (inside !== ".." && !inside.startsWith(`..${sep}`)) return relative(dirname(join(this.#from, path)), target) || ".";
      if (SYSTEM.test(posix.normalize(target))) return target;
    } else {
      const landing = posix.normalize(posix.join(posix.dirname(path), target));
      if (landing !== ".." && !landing.startsWith("../")) return target;
    }
    throw fault("build_output_unsafe", `the build left a link out of the application: ${show(path)} → ${show(target)}`);
  }
}

/** Returns the contents' sha256 in hex. Nothing writes to `from` any more: its size is what was counted. */
async function copyFile(from: string, to: string, executable: boolean): Promise<string> {
  const hash = createHash("sha256");
  const mode = executable ? 0o755 : 0o644;
  const source = await open(from, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const { size } = await source.stat();
    const target = await open(to, "wx", mode);
    try {
      const buffer = Buffer.allocUnsafe(Math.min(CHUNK, size + 1));
      for (let position = 0; position < size;) {
        const { bytesRead } = await source.read(buffer, 0, buffer.length, position);
        if (bytesRead === 0) break;
        position += bytesRead;
        const chunk = buffer.subarray(0, bytesRead);
        hash.update(chunk);
        await target.writeFile(chunk);
      }
      // The umask of whoever started Ebb must not close bundles to the instances' users.
      if ((process.umask() & mode) !== 0) await target.chmod(mode);
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
  return hash.digest("hex");
}

/** A new folder that everyone can read, whatever the umask. */
export async function makeOpenFolder(path: string): Promise<void> {
  await mkdir(path);
  await chmod(path, 0o755);
}
