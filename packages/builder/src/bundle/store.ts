import { execFile } from "node:child_process";
import { chmod, mkdir, open, readdir, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { systemCode, type Clock, type Random } from "@ebb/base";
import type { BundleManifest } from "../port.ts";
import { bundleDigest, type BundleEntry } from "./digest.ts";

/** A build that has just ended may not have become a version yet. */
const YOUNGEST_COLLECTED = 60 * 60_000;

/**
 * Bundles by their digest: `ROOT/sha256/HEX/{bundle.json,app/}`. A bundle is there only when it is whole: it is made under `ROOT/new/`,
 * made durable, and renamed. Never changed afterwards.
 */
export class BundleStore {
  readonly #root: string;
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(options: { root: string; clock: Clock; random: Random }) {
    this.#root = options.root;
    this.#clock = options.clock;
    this.#random = options.random;
  }

  /** Makes the folders, and removes what an interrupted build left half made. */
  async prepare(): Promise<void> {
    await rm(join(this.#root, "new"), { recursive: true, force: true });
    for (const folder of [this.#root, this.#folder(""), join(this.#root, "new")]) {
      await mkdir(folder, { recursive: true });
      // Instances of other users pass through to the bundle whose name they were told.
      await chmod(folder, 0o711);
    }
  }

  /** `fill` writes the new folder `app` and returns its entries. Resolves to the digest; a bundle that is there already is kept. */
  async add(manifest: BundleManifest, fill: (app: string) => Promise<BundleEntry[]>): Promise<string> {
    const made = join(this.#root, "new", this.#random.suffix(16));
    await mkdir(made, { mode: 0o755 });
    try {
      const digest = bundleDigest(manifest, await fill(join(made, "app")));
      if (await this.#touch(digest)) return digest;
      await writeFile(join(made, "bundle.json"), `${JSON.stringify(manifest, null, 2)}\n`, { flag: "wx", mode: 0o644 });
      await chmod(join(made, "bundle.json"), 0o644);
      await chmod(made, 0o755);
      await syncFileSystem(made);
      await this.#publish(made, digest);
      return digest;
    } finally {
      await rm(made, { recursive: true, force: true });
    }
  }

  /** Removes bundles that are not kept, but for those of the last hour. */
  async collect(keep: ReadonlySet<string>): Promise<void> {
    const names = await readdir(this.#folder("")).catch((error: unknown) => {
      if (systemCode(error) === "ENOENT") return [];
      throw error;
    });
    for (const digest of names.filter((name) => !keep.has(name) && !keep.has(`sha256:${name}`))) {
      const status = await stat(this.#folder(digest)).catch(() => undefined);
      if (status === undefined || this.#clock.now() - status.mtimeMs < YOUNGEST_COLLECTED) continue;
      // Renamed first: what is half removed must not look like a bundle.
      const gone = join(this.#root, "new", `gone-${this.#random.suffix(16)}`);
      await rename(this.#folder(digest), gone);
      await rm(gone, { recursive: true, force: true });
    }
  }

  #folder(digest: string): string {
    return join(this.#root, "sha256", digest);
  }

  /** Whether it is there; then it counts as new again, as a version is about to be made of it. */
  async #touch(digest: string): Promise<boolean> {
    if (!(await this.#has(digest))) return false;
    const now = new Date(this.#clock.now());
    await utimes(this.#folder(digest), now, now);
    return true;
  }

  async #has(digest: string): Promise<boolean> {
    return stat(join(this.#folder(digest), "bundle.json")).then(
      () => true,
      () => false,
    );
  }

  async #publish(made: string, digest: string): Promise<void> {
    try {
      await rename(made, this.#folder(digest));
    } catch (error) {
      // Another build of the same source was faster; its bundle is the same.
      if (!["ENOTEMPTY", "EEXIST"].includes(systemCode(error) ?? "") || !(await this.#has(digest))) throw error;
    }
    const parent = await open(this.#folder(""), "r");
    try {
      await parent.sync();
    } finally {
      await parent.close();
    }
  }
}

/** One syncfs(2) for all the files of a bundle: an fsync for each of the tens of thousands of a Node.js application takes minutes. */
async function syncFileSystem(folder: string): Promise<void> {
  await promisify(execFile)("sync", process.platform === "linux" ? ["-f", folder] : []);
}
