import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { chmod, chown, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { systemCode } from "@ebb/base";
import { endAll } from "./run/processes.ts";
import type { BuildUser } from "./run/sandbox.ts";
import { machineNpmrc, passedEnvironment, prepareBin, searchPath } from "./run/toolchain.ts";

/**
 * Numbers that systemd and Debian give to nobody. Each build at a time has one of its own, so that builds cannot touch each other; several
 * Ebbs on one machine start at different ones.
 */
const USERS = { first: 60_600, count: 580 };
/** 1980: what packs files by date (zip, tar, wheels) takes it, and the same source gives the same bundle. */
const SOURCE_DATE_EPOCH = "315532800";

export interface Workplace {
  /** Holds `source`, `home` and `tmp`; removed after the build. */
  root: string;
  source: string;
  user: BuildUser | undefined;
  env: Record<string, string>;
  path: string;
  marker: string;
}

export interface WorkshopOptions {
  root: string;
  node: string;
  /** Ebb's own environment: only what builds need of it is passed on. */
  env: NodeJS.ProcessEnv;
  slots: number;
}

/** The folders, users and environment that builds work in: `ROOT/{bin,cache/SLOT,work/SLOT}`. */
export class Workshop {
  readonly #options: WorkshopOptions;
  readonly #unprivileged = process.platform === "linux" && process.getuid?.() === 0;
  #path = "";
  #npmSettings: string | undefined;

  constructor(options: WorkshopOptions) {
    this.#options = options;
  }

  /** Ends and removes what builds of an Ebb that was killed have left, and makes the tools ready. */
  async prepare(): Promise<void> {
    const { root, node, env, slots } = this.#options;
    for (let slot = 0; slot < slots; slot++) await endAll({ marker: this.#marker(slot), uid: this.#user(slot)?.uid });
    await removeTree(join(root, "work"));
    for (const folder of [root, join(root, "work"), join(root, "cache")]) {
      await mkdir(folder, { recursive: true });
      await chmod(folder, 0o711);
    }
    const bin = join(root, "bin");
    await prepareBin(bin, node, env["PATH"] ?? "");
    this.#path = await searchPath(env["PATH"] ?? "", bin, this.#unprivileged);
    this.#npmSettings = await machineNpmrc(this.#path);
  }

  async open(slot: number): Promise<Workplace> {
    const { root, env } = this.#options;
    // The same place for every build in this slot: many tools write it into what they make, and the same source is to give the same bundle.
    const place = join(root, "work", String(slot));
    await removeTree(place);
    const cache = join(root, "cache", String(slot));
    const user = this.#user(slot);
    for (const folder of [place, join(place, "source"), join(place, "home"), join(place, "tmp"), cache]) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      if (user) await chown(folder, user.uid, user.gid);
    }
    const marker = this.#marker(slot);
    const [name = "", value = ""] = marker.split("=");
    return {
      root: place,
      source: join(place, "source"),
      user,
      path: this.#path,
      marker,
      env: { ...this.#environment(place, cache, env), [name]: value },
    };
  }

  /** Gives the unpacked source to the user who builds it. */
  async handOver(place: Workplace): Promise<void> {
    if (place.user) await promisify(execFile)("chown", ["-R", "-h", `${place.user.uid}:${place.user.gid}`, place.source]);
  }

  async close(place: Workplace): Promise<void> {
    await removeTree(place.root);
  }

  #user(slot: number): BuildUser | undefined {
    if (!this.#unprivileged) return undefined;
    const start = createHash("sha256").update(this.#options.root).digest().readUInt32BE(0);
    const id = USERS.first + ((start + slot) % USERS.count);
    return { uid: id, gid: id };
  }

  #marker(slot: number): string {
    return `EBB_BUILD=${this.#options.root}#${slot}`;
  }

  #environment(place: string, cache: string, own: NodeJS.ProcessEnv): Record<string, string> {
    const passed = passedEnvironment(own);
    return {
      LANG: "C.UTF-8",
      ...passed,
      PATH: this.#path,
      HOME: join(place, "home"),
      TMPDIR: join(place, "tmp"),
      TERM: "dumb",
      NO_COLOR: "1",
      SOURCE_DATE_EPOCH,
      PYTHONHASHSEED: "0",
      PYTHONDONTWRITEBYTECODE: "1",
      XDG_CACHE_HOME: join(cache, "xdg"),
      npm_config_cache: join(cache, "npm"),
      npm_config_update_notifier: "false",
      ...(this.#npmSettings === undefined ? {} : { npm_config_globalconfig: this.#npmSettings }),
      PIP_CACHE_DIR: join(cache, "pip"),
      GOPATH: join(cache, "go"),
      GOCACHE: join(cache, "go-build"),
      // Without it the module cache is read-only, even for the one who is to remove it.
      GOFLAGS: `${passed["GOFLAGS"] ?? ""} -modcacherw`.trim(),
      CARGO_HOME: join(cache, "cargo"),
    };
  }
}

/** Also folders that were made read-only. */
async function removeTree(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true, maxRetries: 3 });
  } catch (error) {
    if (!["EACCES", "EPERM", "ENOTEMPTY"].includes(systemCode(error) ?? "")) throw error;
    await promisify(execFile)("chmod", ["-R", "u+rwX", path]);
    await rm(path, { recursive: true, force: true, maxRetries: 3 });
  }
}
