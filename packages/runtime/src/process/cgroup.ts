import { accessSync, constants, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmdirSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { BugError, systemCode } from "@ebb/base";
import { frozenMemory, instanceMemory } from "../instance-memory.ts";

export interface CgroupLimits {
  cpuMillis?: number;
  memoryBytes?: number;
  /** Processes and threads. */
  pids: number;
}

type Controller = "cpu" | "memory" | "pids";
const CONTROLLERS: readonly Controller[] = ["cpu", "memory", "pids"];
const PERIOD = 100_000;
/** The kernel refuses a quota below 1 ms. */
const LEAST_QUOTA = 1000;
/**
 * The weight of all instances together, for each core of the machine, as the kubelet gives to Pods: with one group's plain weight, fifty programs that
 * start would get as much as a single process beside them does.
 */
const CPU_SHARES = 1024;
const CPU_WEIGHT = 100;
const MOST_CPU_WEIGHT = 10_000;
/** In case two Ebbs share the machine their instances still differ by name. */
const GROUP = "ebb";
/** How the names of groups begin that are no instance's yet; no instance's can. */
export const AHEAD = ".waiting-";

/**
 * Control groups of the instances: `ebb/ID` under each hierarchy that this process may write to. They lie beside Ebb's own group, not in it, so
 * that a service manager that ends Ebb's group leaves the instances alone.
 */
export interface Cgroups {
  /** What is enforced. */
  readonly enforced: ReadonlySet<Controller>;
  create(id: string, limits: CgroupLimits): void;
  /**
   * Moves a process in; those that it starts afterwards are in too. The kernel lets others finish what they do with their groups first (a grace period
   * of RCU, 5 to 15 ms), which nothing else is to wait for.
   */
  join(id: string, pid: number): Promise<void>;
  /** Makes a group without limits that can be renamed, and moves a process in; false where groups cannot be renamed (cgroup v2). */
  joinAhead(name: string, pid: number): Promise<boolean>;
  /** Removes those made by `joinAhead` whose process has ended, with an earlier Ebb. */
  sweep(): void;
  /** Of a group made by `joinAhead`; `create` under its new name limits it. */
  rename(name: string, id: string): void;
  /** All live processes; undefined when there is no group to ask. */
  members(id: string): number[] | undefined;
  /** How often the kernel killed one of its processes for want of memory. */
  oomKills(id: string): number;
  /** Takes all of its processes off the CPU, or puts them back; false when no freezer knows them. */
  freeze(id: string, frozen: boolean): boolean;
  isFrozen(id: string): boolean;
  /** The file that `freeze` writes to, if there is one. */
  freezer(id: string): string | undefined;
  /** Asks the kernel to take its memory back, as far as that can be had again from disk or swap. */
  reclaim(id: string): Promise<void>;
  /** Removes the empty group; true when it is gone. */
  remove(id: string): boolean;
}

/** Finds the hierarchies that work here by trying them; with none, `enforced` is empty and the rest does nothing. */
export function detectCgroups(root = "/sys/fs/cgroup"): Cgroups {
  if (existsSync(join(root, "cgroup.controllers"))) return new UnifiedCgroups(root);
  return new SplitCgroups(root);
}

/** cgroup v1: a tree for each controller. */
class SplitCgroups implements Cgroups {
  readonly enforced: ReadonlySet<Controller>;
  /** Those, and the freezer. */
  readonly #trees: readonly string[];
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
    this.enforced = new Set(CONTROLLERS.filter((controller) => makeFolder(join(root, controller), join(root, controller, GROUP))));
    if (this.enforced.has("cpu")) write(join(root, "cpu", GROUP), "cpu.shares", CPU_SHARES * availableParallelism());
    if (this.enforced.has("memory")) limitAll(join(root, "memory", GROUP), "memory.limit_in_bytes");
    const freezer = makeFolder(join(root, "freezer"), join(root, "freezer", GROUP)) ? ["freezer"] : [];
    this.#trees = [...this.enforced, ...freezer];
  }

  create(id: string, limits: CgroupLimits): void {
    for (const controller of this.#trees) {
      const folder = this.#folder(controller, id);
      mkdirSync(folder, { recursive: true });
      if (controller === "pids") write(folder, "pids.max", limits.pids);
      if (controller === "memory" && limits.memoryBytes !== undefined) write(folder, "memory.limit_in_bytes", limits.memoryBytes);
      if (controller === "cpu" && limits.cpuMillis !== undefined) {
        write(folder, "cpu.cfs_period_us", PERIOD);
        write(folder, "cpu.cfs_quota_us", quota(limits.cpuMillis));
      }
    }
  }

  async joinAhead(name: string, pid: number): Promise<boolean> {
    for (const controller of this.#trees) mkdirSync(this.#folder(controller, name));
    await this.join(name, pid);
    return this.#trees.length > 0;
  }

  sweep(): void {
    for (const controller of this.#trees) {
      const names = readdirSync(join(this.#root, controller, GROUP)).filter((name) => name.startsWith(AHEAD));
      // One with a process in it stays: the kernel refuses.
      for (const name of names) removeGroup(this.#folder(controller, name));
    }
  }

  rename(name: string, id: string): void {
    for (const controller of this.#trees) renameSync(this.#folder(controller, name), this.#folder(controller, id));
  }

  async join(id: string, pid: number): Promise<void> {
    // What the first has waited for, the others need not.
    for (const controller of this.#trees) await writeFile(join(this.#folder(controller, id), "cgroup.procs"), String(pid));
  }

  members(id: string): number[] | undefined {
    const groups = [...this.enforced].map((controller) => readProcs(this.#folder(controller, id)));
    return groups.some((group) => group !== undefined) ? [...new Set(groups.flatMap((group) => group ?? []))] : undefined;
  }

  oomKills(id: string): number {
    return this.enforced.has("memory") ? counter(join(this.#folder("memory", id), "memory.oom_control"), "oom_kill") : 0;
  }

  freeze(id: string, frozen: boolean): boolean {
    if (this.freezer(id) === undefined) return false;
    write(this.#folder("freezer", id), "freezer.state", frozen ? "FROZEN" : "THAWED");
    return true;
  }

  freezer(id: string): string | undefined {
    const folder = this.#folder("freezer", id);
    // One that was started before there was a freezer is not in it.
    return (readProcs(folder) ?? []).length === 0 ? undefined : join(folder, "freezer.state");
  }

  isFrozen(id: string): boolean {
    return readOr(join(this.#folder("freezer", id), "freezer.self_freezing"), "").trim() === "1";
  }

  async reclaim(id: string): Promise<void> {
    await writeFile(join(this.#folder("memory", id), "memory.force_empty"), "0").catch(() => undefined);
  }

  remove(id: string): boolean {
    return this.#trees.map((controller) => removeGroup(this.#folder(controller, id))).every(Boolean);
  }

  #folder(controller: string, id: string): string {
    return join(this.#root, controller, GROUP, id);
  }
}

/** cgroup v2: one tree; controllers are switched on from the top down, in groups that hold no processes themselves. */
class UnifiedCgroups implements Cgroups {
  readonly enforced: ReadonlySet<Controller>;
  readonly #base: string | undefined;

  constructor(root: string) {
    const enforced = new Set<Controller>();
    this.#base = unifiedBase(root);
    if (this.#base !== undefined) {
      for (const controller of CONTROLLERS) {
        if (enable(root, this.#base, controller)) enforced.add(controller);
      }
      if (enforced.has("memory")) {
        limitAll(this.#base, "memory.max");
        // What is frozen may go there; beyond that, those without limits would have the machine swap for minutes. Kernels without swap have no such file.
        if (existsSync(join(this.#base, "memory.swap.max"))) write(this.#base, "memory.swap.max", frozenMemory());
      }
      if (enforced.has("cpu")) write(this.#base, "cpu.weight", Math.min(MOST_CPU_WEIGHT, CPU_WEIGHT * availableParallelism()));
    }
    this.enforced = enforced;
  }

  create(id: string, limits: CgroupLimits): void {
    if (this.#base === undefined) return;
    const folder = join(this.#base, id);
    mkdirSync(folder, { recursive: true });
    if (this.enforced.has("pids")) write(folder, "pids.max", limits.pids);
    if (this.enforced.has("memory") && limits.memoryBytes !== undefined) {
      write(folder, "memory.max", limits.memoryBytes);
      // Without it a group at its limit swaps for minutes instead of ending; kernels without swap have no such file.
      if (existsSync(join(folder, "memory.swap.max"))) write(folder, "memory.swap.max", 0);
    }
    if (this.enforced.has("cpu") && limits.cpuMillis !== undefined) write(folder, "cpu.max", `${quota(limits.cpuMillis)} ${PERIOD}`);
  }

  async joinAhead(): Promise<boolean> {
    return false;
  }

  sweep(): void {
    // It makes none.
  }

  rename(name: string): void {
    throw new BugError("GroupNotRenamable", `cgroup v2 cannot rename ${name}`);
  }

  async join(id: string, pid: number): Promise<void> {
    if (this.#base !== undefined) await writeFile(join(this.#base, id, "cgroup.procs"), String(pid));
  }

  members(id: string): number[] | undefined {
    return this.#base === undefined ? undefined : readProcs(join(this.#base, id));
  }

  oomKills(id: string): number {
    return this.#base === undefined ? 0 : counter(join(this.#base, id, "memory.events"), "oom_kill");
  }

  freeze(id: string, frozen: boolean): boolean {
    const file = this.freezer(id);
    if (file === undefined) return false;
    writeFileSync(file, frozen ? "1" : "0");
    return true;
  }

  freezer(id: string): string | undefined {
    const file = this.#base && join(this.#base, id, "cgroup.freeze");
    return file !== undefined && existsSync(file) ? file : undefined;
  }

  isFrozen(id: string): boolean {
    return this.#base !== undefined && readOr(join(this.#base, id, "cgroup.freeze"), "").trim() === "1";
  }

  async reclaim(id: string): Promise<void> {
    if (this.#base === undefined) return;
    const folder = join(this.#base, id);
    const used = readOr(join(folder, "memory.current"), "").trim();
    // It takes what it gets, and says so with an error.
    if (used !== "") await writeFile(join(folder, "memory.reclaim"), used).catch(() => undefined);
  }

  remove(id: string): boolean {
    return this.#base === undefined || removeGroup(join(this.#base, id));
  }
}

/** For root a group at the top; else one beside Ebb's own, which a user's service manager may have delegated. */
function unifiedBase(root: string): string | undefined {
  const top = join(root, GROUP);
  if (makeFolder(root, top)) return top;
  const own = /^0::(\/.*)$/m.exec(readOr("/proc/self/cgroup", ""))?.[1];
  if (own === undefined || own === "/") return undefined;
  const parent = join(root, own, "..");
  const beside = join(parent, GROUP);
  return makeFolder(parent, beside) ? beside : undefined;
}

function enable(root: string, base: string, controller: Controller): boolean {
  try {
    if (!readFileSync(join(root, "cgroup.controllers"), "utf8").split(/\s/).includes(controller)) return false;
    // A parent that has it on already needs no write, which might not be allowed.
    const parent = join(base, "..");
    if (!readFileSync(join(base, "cgroup.controllers"), "utf8").split(/\s/).includes(controller)) {
      writeFileSync(join(parent, "cgroup.subtree_control"), `+${controller}`);
    }
    writeFileSync(join(base, "cgroup.subtree_control"), `+${controller}`);
    return true;
  } catch {
    return false;
  }
}

function makeFolder(parent: string, folder: string): boolean {
  try {
    accessSync(parent, constants.W_OK);
    mkdirSync(folder, { recursive: true });
    // A plain folder where no hierarchy is mounted has none.
    return existsSync(join(folder, "cgroup.procs"));
  } catch {
    return false;
  }
}

function quota(cpuMillis: number): number {
  return Math.max(LEAST_QUOTA, Math.round((cpuMillis * PERIOD) / 1000));
}

/** All instances together, so that one without a limit of its own cannot take the machine. */
function limitAll(group: string, file: string): void {
  try {
    write(group, file, instanceMemory());
  } catch {
    // Version 1 refuses what they are above already, with instances that have lived on; the next start tries again.
  }
}

function write(folder: string, file: string, value: number | string): void {
  writeFileSync(join(folder, file), String(value));
}

function readOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return otherwise;
  }
}

function readProcs(folder: string): number[] | undefined {
  try {
    return readFileSync(join(folder, "cgroup.procs"), "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map(Number);
  } catch {
    return undefined;
  }
}

function counter(path: string, name: string): number {
  const value = new RegExp(`^${name} (\\d+)$`, "m").exec(readOr(path, ""))?.[1];
  return value === undefined ? 0 : Number(value);
}

/** Groups that the instance made inside its own go first. */
function removeGroup(folder: string): boolean {
  try {
    for (const entry of readdirSync(folder, { withFileTypes: true })) if (entry.isDirectory()) removeGroup(join(folder, entry.name));
    rmdirSync(folder);
    return true;
  } catch (error) {
    return systemCode(error) === "ENOENT";
  }
}
