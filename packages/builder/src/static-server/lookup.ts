import { createHash } from "node:crypto";
import { readFile, realpath, stat } from "node:fs/promises";
import { join, sep } from "node:path";

export interface SiteFile {
  /** On disk. */
  path: string;
  /** Inside the site, from `/`. */
  name: string;
  size: number;
  /** Milliseconds since the epoch. */
  modified: number;
  etag: string;
}

export type Found = { kind: "file"; file: SiteFile } | { kind: "redirect"; to: string } | { kind: "none" } | { kind: "invalid" };

/** A site does not change while it is served: what was found out once stays true. */
const MOST_REMEMBERED = 20_000;
/** Larger files are named by size and time: reading them whole for a name would hold up the request. */
const MOST_HASHED = 8 * 1024 * 1024;

/** Finds the files of one folder by URL path, and nothing outside of it or hidden in it. */
export class Site {
  readonly #root: string;
  readonly #files = new Map<string, Promise<SiteFile | "folder" | undefined>>();

  constructor(root: string) {
    this.#root = root;
  }

  /** `/a` is the file a, else a.html; `/a/` is a/index.html; each leads to the other when only that is there. */
  async find(pathname: string): Promise<Found> {
    const parts = segments(pathname);
    if (parts === undefined) return { kind: "invalid" };
    if (parts.some((part) => part.startsWith(".") && part !== ".well-known")) return { kind: "none" };
    const name = `/${parts.join("/")}`;
    const folder = name === "/" ? "" : name;
    if (pathname.endsWith("/")) {
      const index = await this.file(`${folder}/index.html`);
      if (index) return { kind: "file", file: index };
      return folder !== "" && (await this.file(`${folder}.html`)) ? { kind: "redirect", to: encode(folder) } : { kind: "none" };
    }
    const file = (await this.file(name)) ?? (await this.file(`${name}.html`));
    if (file) return { kind: "file", file };
    return (await this.file(`${folder}/index.html`)) ? { kind: "redirect", to: `${encode(name)}/` } : { kind: "none" };
  }

  async file(name: string): Promise<SiteFile | undefined> {
    let known = this.#files.get(name);
    if (known === undefined) {
      known = this.#look(name);
      if (this.#files.size >= MOST_REMEMBERED) this.#files.clear();
      this.#files.set(name, known);
    }
    const found = await known;
    return found === "folder" ? undefined : found;
  }

  async #look(name: string): Promise<SiteFile | "folder" | undefined> {
    try {
      const path = await realpath(join(this.#root, name));
      // A link may lead around within the site, never out of it.
      if (!path.startsWith(this.#root + sep)) return undefined;
      const status = await stat(path);
      if (!status.isFile()) return status.isDirectory() ? "folder" : undefined;
      const { size, mtimeMs } = status;
      const identity =
        size <= MOST_HASHED
          ? createHash("sha256")
              .update(await readFile(path))
              .digest("base64url")
              .slice(0, 22)
          : `${size.toString(36)}-${Math.floor(mtimeMs).toString(36)}`;
      return { path, name, size, modified: mtimeMs, etag: `"${identity}"` };
    } catch {
      // Not there, not readable, or a name too long for the file system: to the client all the same.
      return undefined;
    }
  }
}

/** The decoded parts of a path; undefined when it is not valid. Empty parts are dropped, so that `//host` is never an answer's Location. */
function segments(pathname: string): string[] | undefined {
  if (!pathname.startsWith("/")) return undefined;
  try {
    const decoded = decodeURIComponent(pathname);
    return decoded.includes("\0") ? undefined : decoded.split("/").filter((part) => part !== "");
  } catch {
    return undefined;
  }
}

function encode(name: string): string {
  return name.split("/").map(encodeURIComponent).join("/");
}
