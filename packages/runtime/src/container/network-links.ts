import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemCode } from "@ebb/base";
import type { ReadyNetwork } from "./ready-networks.ts";

/** No instance's name begins so. */
const LINK = ".ns-";
const RECORD = ".network-";
/** What is there, as engines look whether it is, and is no namespace: nothing can be started in it. */
const NOWHERE = "/dev/null";

/**
 * Which network a container is in is said to the engine by a link, so that it may be decided when the container is made already; and to the next Ebb by a record beside it, which is there
 * before the container is in it.
 */
export class NetworkLinks {
  readonly #folder: string;

  /** @param folder only this process may pass through it. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Of one that is in no network yet. */
  open(id: string): string {
    return this.#point(id, NOWHERE);
  }

  set(id: string, network: ReadyNetwork): void {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    writeFileSync(this.#record(id), JSON.stringify(network), { mode: 0o600 });
    this.#point(id, network.path);
  }

  path(id: string): string {
    return join(this.#folder, `${LINK}${id}`);
  }

  read(id: string): ReadyNetwork | undefined {
    try {
      return JSON.parse(readFileSync(this.#record(id), "utf8")) as ReadyNetwork;
    } catch (error) {
      // Half of one is of an Ebb that died before anything was in that network.
      if (systemCode(error) === "ENOENT" || error instanceof SyntaxError) return undefined;
      throw error;
    }
  }

  remove(id: string): void {
    for (const path of [this.path(id), this.#record(id)]) rmSync(path, { force: true });
  }

  #point(id: string, target: string): string {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    const path = this.path(id);
    rmSync(`${path}.new`, { force: true });
    symlinkSync(target, `${path}.new`);
    renameSync(`${path}.new`, path);
    return path;
  }

  #record(id: string): string {
    return join(this.#folder, `${RECORD}${id}`);
  }
}
