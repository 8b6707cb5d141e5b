import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { Clock, Logger, Random, Timer } from "@ebb/base";
import { isAlive } from "../child-lives.ts";
import { AHEAD, type Cgroups } from "./cgroup.ts";
import { guardOf, type Spawned } from "./spawn.ts";
import type { UserAllocator } from "./users.ts";

/** What is missing is made when nobody has come for so long, as each fork stops this process for milliseconds. */
const CALM = 100;
/** A burst takes them all, and what it started still boots. */
const CALM_AFTER_BURST = 1000;
/** Starts without an end would have none made ever again. */
const LATEST = 5000;

/** Its user and its control group are its own already: it is used once, by the instance that takes it. */
export interface WaitingShell {
  uid: number | undefined;
  /** Gives its control group the instance's name; false when it has none, so that it must `join` the instance's. */
  enter(id: string): boolean;
  /** What `spawnWaiting` would give, with the script as the line that lets it go. */
  become(script: string): Spawned;
  giveUp(): void;
}

interface WaitingShellsOptions {
  /** How many are kept; 0 for none. Each is a /bin/sh that has done nothing: some 100 KiB. */
  size: number;
  clock: Clock;
  log: Logger;
  random: Random;
  cgroups: Cgroups;
  /** Undefined when instances have no users of their own. */
  users: UserAllocator | undefined;
  /** Path of setpriv(1), when there is one: it is through with it before anybody waits. */
  setpriv: string | undefined;
}

/**
 * Shells made ahead of the start of any instance, so that a start waits neither for a fork of this large process nor for the kernel's grace period
 * when a process changes its control group. They know nothing of any application, and end with this process: their input does.
 */
export class WaitingShells {
  readonly #options: WaitingShellsOptions;
  readonly #ready: Shell[] = [];
  #filling: Promise<void> | undefined;
  #timer: Timer | undefined;
  /** Since when one is missing, monotonic. */
  #missingSince: number | undefined;
  #closed = false;

  constructor(options: WaitingShellsOptions) {
    this.#options = options;
  }

  /** Makes those that are missing. */
  fill(): Promise<void> {
    this.#filling ??= this.#make().finally(() => (this.#filling = undefined));
    return this.#filling;
  }

  take(): WaitingShell | undefined {
    let taken = this.#ready.shift();
    while (taken && !taken.isAlive) taken = this.#ready.shift();
    this.#fillWhenCalm();
    return taken;
  }

  #fillWhenCalm(): void {
    this.#timer?.cancel();
    if (this.#closed) return;
    const { clock } = this.#options;
    const now = clock.monotonic();
    this.#missingSince ??= now;
    const calm = this.#ready.length > 0 ? CALM : CALM_AFTER_BURST;
    this.#timer = clock.after(Math.max(0, Math.min(calm, this.#missingSince + LATEST - now)), () => {
      this.#timer = this.#missingSince = undefined;
      void this.fill();
    });
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    for (const shell of this.#ready.splice(0)) shell.giveUp();
  }

  /** Side by side, so that all wait for the kernel at once. */
  async #make(): Promise<void> {
    const { size, log, cgroups } = this.#options;
    if (size === 0) return;
    try {
      cgroups.sweep();
      const missing = Array.from({ length: size - this.#ready.length }, async () => {
        const shell = await this.#one();
        if (this.#closed) shell.giveUp();
        else this.#ready.push(shell);
      });
      await Promise.all(missing);
    } catch (error) {
      // Instances start without, as slowly as they would have.
      log.warn({ error }, "not all processes could be made ahead of instances");
    }
  }

  async #one(): Promise<Shell> {
    const { cgroups, random, users, setpriv } = this.#options;
    const name = `${AHEAD}${random.suffix(12)}`;
    const uid = users?.take(name);
    const gone = () => {
      if (uid !== undefined) users?.release(uid);
    };
    const [program, ...words] = [...guardOf(setpriv), "/bin/sh", "-s"];
    const child = spawn(program, words, {
      cwd: "/",
      env: {},
      detached: true,
      stdio: ["pipe", "ignore", "ignore"],
      ...(uid !== undefined && { uid, gid: uid }),
    });
    try {
      await once(child, "spawn");
    } catch (error) {
      gone();
      throw error;
    }
    child.unref();
    const shell = new Shell(child, { uid, name, cgroups, gone });
    try {
      await shell.enclose();
    } catch (error) {
      shell.giveUp();
      throw error;
    }
    return shell;
  }
}

interface Belongings {
  uid: number | undefined;
  name: string;
  cgroups: Cgroups;
  /** It has ended without becoming an instance. */
  gone(): void;
}

class Shell implements WaitingShell {
  readonly #child: ChildProcess;
  readonly #has: Belongings;
  #group: string | undefined;
  #taken = false;

  constructor(child: ChildProcess, has: Belongings) {
    this.#child = child;
    this.#has = has;
    // It may be killed before it reads; its exit tells.
    child.stdin?.on("error", () => undefined);
    child.once("exit", () => {
      if (this.#taken) return;
      if (this.#group !== undefined) has.cgroups.remove(this.#group);
      has.gone();
    });
  }

  get uid(): number | undefined {
    return this.#has.uid;
  }
  get isAlive(): boolean {
    return isAlive(this.#child);
  }

  /** Waits for the kernel now. */
  async enclose(): Promise<void> {
    const { cgroups, name } = this.#has;
    const pid = this.#child.pid;
    if (pid !== undefined && (await cgroups.joinAhead(name, pid))) this.#group = name;
  }

  enter(id: string): boolean {
    if (this.#group === undefined) return false;
    try {
      this.#has.cgroups.rename(this.#group, id);
    } catch {
      // The name is taken by a group that could not be removed; this one goes at the next sweep.
      return false;
    }
    this.#group = id;
    return true;
  }

  become(script: string): Spawned {
    this.#taken = true;
    const child = this.#child;
    child.ref();
    const release = () => void child.stdin?.end(script);
    return { child, pid: child.pid ?? 0, admit: () => undefined, release, giveUp: () => this.giveUp() };
  }

  giveUp(): void {
    this.#child.kill("SIGKILL");
  }
}
