import { isUtf8 } from "node:buffer";
import type { Stats } from "node:fs";
import { lstat, readdir, readFile, readlink, realpath } from "node:fs/promises";
import { dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { ALWAYS_LEFT_OUT, IgnoreRules, MOST_ENTRIES, RULE_FILES } from "@ebb/api/ignore-rules";
import { systemCode } from "@ebb/base";
import { Failure } from "../failure.ts";

export interface SourceEntry {
  /** Relative to the root, with slashes. */
  readonly path: string;
  readonly kind: "file" | "folder" | "link";
  /** Permission bits alone. */
  readonly mode: number;
  readonly modified: Date;
  /** Bytes; 0 for folders and links. */
  readonly size: number;
  readonly target?: string;
}

export interface SourceTree {
  readonly root: string;
  /** Folders before what they contain, names in byte order: the same folder always gives the same list. */
  readonly entries: readonly SourceEntry[];
  readonly bytes: number;
  /** The file whose rules were followed, if there is one. */
  readonly rulesFrom: string | undefined;
  readonly warnings: readonly string[];
}

const LARGEST_RULES_BYTES = 1024 * 1024;

/** Lists what of `root` is sent. Throws Failure for links that lead outside, names that are not UTF-8, and too many files. */
export async function walkSource(root: string): Promise<SourceTree> {
  const rulesName = (await exists(join(root, RULE_FILES.own))) ? RULE_FILES.own : RULE_FILES.git;
  const walk = new Walk(await realpath(root), rulesName);
  await walk.folder("");
  const { entries, warnings } = walk;
  if (!entries.some((entry) => entry.kind !== "folder")) {
    throw new Failure(`there is nothing to deploy in ${root}`, {
      hint: walk.rulesFrom
        ? `Every file is left out by ${walk.rulesFrom}: change it, or add an .ebbignore, which is used instead.`
        : "Name a folder that has an application in it.",
    });
  }
  return { root: walk.root, entries, bytes: entries.reduce((sum, entry) => sum + entry.size, 0), rulesFrom: walk.rulesFrom, warnings };
}

class Walk {
  readonly root: string;
  readonly entries: SourceEntry[] = [];
  readonly warnings: string[] = [];
  rulesFrom: string | undefined;
  readonly #rulesName: string;
  readonly #rules = new IgnoreRules();

  constructor(root: string, rulesName: string) {
    this.root = root;
    this.#rulesName = rulesName;
  }

  async folder(path: string): Promise<void> {
    const names = await this.#names(path);
    if (names.includes(this.#rulesName)) await this.#readRules(path);
    for (const name of names) {
      const child = path === "" ? name : `${path}/${name}`;
      const stats = await lstat(join(this.root, child));
      if (ALWAYS_LEFT_OUT.has(name) || this.#rules.ignores(child, stats.isDirectory())) continue;
      await this.#entry(child, stats);
    }
  }

  async #names(path: string): Promise<string[]> {
    const raw = await readdir(join(this.root, path), { encoding: "buffer" });
    const bad = raw.find((name) => !isUtf8(name));
    if (bad) {
      throw new Failure(`a file name in ${join(this.root, path)} is not UTF-8: ${JSON.stringify(bad.toString("latin1"))}`, {
        hint: "Rename it, or leave it out with .ebbignore.",
      });
    }
    return raw.sort(Buffer.compare).map(String);
  }

  async #readRules(folder: string): Promise<void> {
    const path = join(this.root, folder, this.#rulesName);
    const stats = await lstat(path);
    // A link could point anywhere; git does not follow one either.
    if (!stats.isFile()) return;
    if (stats.size > LARGEST_RULES_BYTES) throw new Failure(`${path} is too large for a list of rules (${stats.size} bytes)`);
    this.#rules.add(folder, await readFile(path, "utf8"));
    this.rulesFrom ??= this.#rulesName;
  }

  async #entry(path: string, stats: Stats): Promise<void> {
    if (this.entries.length >= MOST_ENTRIES) {
      throw new Failure(`${this.root} has more than ${MOST_ENTRIES} files`, {
        hint: "Name the application's own folder, or leave files out with .ebbignore.",
      });
    }
    const facts = { path, mode: stats.mode & 0o777, modified: stats.mtime };
    if (stats.isSymbolicLink()) {
      this.entries.push({ ...facts, kind: "link", size: 0, target: await this.#checkedTarget(path) });
    } else if (stats.isFile()) {
      this.entries.push({ ...facts, kind: "file", size: stats.size });
    } else if (stats.isDirectory()) {
      this.entries.push({ ...facts, kind: "folder", size: 0 });
      await this.folder(path);
    } else {
      this.warnings.push(`${path} is left out: a ${kindOf(stats)} cannot be deployed`);
    }
  }

  /** The link's target as it is written. It must stay in the tree both by its words and by where it really leads. */
  async #checkedTarget(path: string): Promise<string> {
    const absolute = join(this.root, path);
    const target = await readlink(absolute);
    let inside = !isAbsolute(target) && isWithin(this.root, resolve(dirname(absolute), target));
    if (inside) inside = isWithin(this.root, await realpath(absolute).catch(() => this.root));
    if (inside) return target;
    throw new Failure(`${path} is a link that leads out of the folder: ${target}`, {
      hint: "Replace it by what it points to (or by a relative link inside the folder), or leave it out with .ebbignore.",
    });
  }
}

function isWithin(root: string, path: string): boolean {
  const rest = relative(root, path);
  return rest !== ".." && !rest.startsWith(`..${sep}`) && !isAbsolute(rest);
}

function kindOf(stats: Stats): string {
  if (stats.isSocket()) return "socket";
  if (stats.isFIFO()) return "named pipe";
  return "device";
}

async function exists(path: string): Promise<boolean> {
  try {
    return (await lstat(path)).isFile();
  } catch (error) {
    if (systemCode(error) === "ENOENT") return false;
    throw error;
  }
}
