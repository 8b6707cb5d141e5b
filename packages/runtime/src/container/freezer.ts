import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";

const ROOT = "/sys/fs/cgroup";
/** Engines name a container's group after its id; another group is not only the container's, and is never frozen. */
const CONTAINER_GROUP = /[0-9a-f]{64}/;

/** The control group of one container, written to directly: an engine's own pause takes thirty times as long, and its service may be down. */
export class ContainerFreezer {
  readonly #folder: string;
  readonly #unified: boolean;

  private constructor(folder: string, unified: boolean) {
    this.#folder = folder;
    this.#unified = unified;
  }

  /** That of the container whose main process this is; undefined when it cannot be had. */
  static of(pid: number): ContainerFreezer | undefined {
    const groups = read(`/proc/${pid}/cgroup`);
    const split = /^\d+:(?:[^:]*,)?freezer(?:,[^:]*)?:(.+)$/m.exec(groups)?.[1];
    if (split !== undefined && CONTAINER_GROUP.test(split) && existsSync(join(ROOT, "freezer", split, "freezer.state"))) {
      return new ContainerFreezer(join(ROOT, "freezer", split), false);
    }
    const unified = /^0::(.+)$/m.exec(groups)?.[1];
    if (unified === undefined || !CONTAINER_GROUP.test(unified)) return undefined;
    // The engine may have put the process into a group below the container's own.
    const own = unified.slice(0, unified.indexOf("/", unified.search(CONTAINER_GROUP)) >>> 0);
    const folder = join(ROOT, own);
    return existsSync(join(folder, "cgroup.freeze")) ? new ContainerFreezer(folder, true) : undefined;
  }

  async freeze(): Promise<void> {
    this.#write(true);
    const used = this.#unified ? read(join(this.#folder, "memory.current")).trim() : "";
    // It takes what it gets, and says so with an error.
    if (used !== "") await writeFile(join(this.#folder, "memory.reclaim"), used).catch(() => undefined);
  }

  thaw(): void {
    this.#write(false);
  }

  isFrozen(): boolean {
    return read(join(this.#folder, this.#unified ? "cgroup.freeze" : "freezer.self_freezing")).trim() === "1";
  }

  get file(): string {
    return join(this.#folder, this.#unified ? "cgroup.freeze" : "freezer.state");
  }

  #write(frozen: boolean): void {
    if (this.#unified) writeFileSync(this.file, frozen ? "1" : "0");
    else writeFileSync(this.file, frozen ? "FROZEN" : "THAWED");
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
