import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { TransientError, type Clock, type Random } from "@ebb/base";
import type { InstanceSpec } from "../port.ts";
import { AHEAD, type Cgroups } from "./cgroup.ts";
import { planLaunch } from "./command.ts";
import { copyCache, type CopiedCache } from "./compile-copy.ts";
import { killAll } from "./kill.ts";
import { canBeTold, launchScript } from "./launch-script.ts";
import { makePassable } from "./passable-folder.ts";
import { userMembers } from "./proc.ts";
import type { ProcessLimits } from "./spawn.ts";
import type { UserAllocator } from "./users.ts";

/** Node.js' own name for the folder. */
export const CACHE_VARIABLE = "NODE_COMPILE_CACHE";

/** What has not listened by then has loaded what it will. */
const LONGEST_RUN = 10_000;
/** It ends itself by then; whatever has not is killed. */
const LONGEST = 15_000;
/** Until it is in its control group: what unshare(1) has forked before would stay outside, without limits. It reads no more than a line, as what follows is another shell's. */
const WAITING = 'read -r go && exec "$@"';
/** In a network of its own every port is free. */
const PORT = 8080;

/**
 * Loaded before the program in its throw-away run: ends it, with its cache written, as soon as it listens. Children and workers know nothing of it. What the program does to `process.exit` later is its own.
 */
const sourceAt = (path: string) => `const { subscribe } = require("node:diagnostics_channel");
const { flushCompileCache } = require("node:module");
const at = process.execArgv.indexOf(${JSON.stringify(path)});
if (at > 0) process.execArgv.splice(at - 1, 2);
if (require("node:worker_threads").isMainThread) {
  const exit = process.exit.bind(process);
  const end = () => {
    flushCompileCache();
    exit(0);
  };
  subscribe("tracing:net.server.listen:asyncEnd", () => setImmediate(end));
  setTimeout(end, ${LONGEST_RUN}).unref();
}
`;

export interface CompileRunOptions {
  /** A folder that instances may pass through. */
  root: string;
  clock: Clock;
  random: Random;
  cgroups: Cgroups;
  users: UserAllocator;
  limits: ProcessLimits;
  /** Paths of setpriv(1) and unshare(1). */
  setpriv: string;
  unshare: string;
}

/** Programs that are started once only so that Node.js compiles them: without any network or credentials, in folders and as a user that nobody else has, who is gone afterwards. One at a time. */
export class CompileRun {
  readonly #options: CompileRunOptions;
  readonly #preload: string;
  readonly #folder: string;
  #child: ChildProcess | undefined;
  #closed = false;

  constructor(options: CompileRunOptions) {
    this.#options = options;
    this.#preload = join(options.root, ".compile.cjs");
    writeFileSync(this.#preload, sourceAt(this.#preload));
    chmodSync(this.#preload, 0o644);
    this.#folder = join(options.root, ".compiling");
    try {
      // What a killed Ebb has left: its user may be an instance's next.
      rmSync(this.#folder, { recursive: true, force: true, maxRetries: 3 });
    } catch {
      // The next run says so.
    }
  }

  /** Copies what it compiled to a folder of ours, `to/TAG`. Undefined when there is nothing. */
  async make(spec: InstanceSpec, toolchain: string, to: string): Promise<CopiedCache | undefined> {
    const { random, cgroups, users } = this.#options;
    const name = `${AHEAD}${random.suffix(12)}`;
    const folder = this.#folder;
    const places = { home: join(folder, "home"), temporary: join(folder, "tmp"), cache: join(folder, "cache") };
    const uid = users.take(name);
    try {
      await rm(folder, { recursive: true, force: true, maxRetries: 3 });
      if (this.#closed) return undefined;
      makePassable(folder);
      for (const path of Object.values(places)) {
        mkdirSync(path, { mode: 0o700 });
        chownSync(path, uid, uid);
      }
      const bundle = spec.artifact.kind === "bundle" ? spec.artifact.path : "";
      const plan = planLaunch({ ...spec, id: name }, bundle, { ...places, port: PORT, toolchain });
      const [program = "", ...rest] = plan.command;
      const launch = {
        ...plan,
        command: [program, "--require", this.#preload, ...rest],
        env: { ...plan.env, [CACHE_VARIABLE]: places.cache },
      };
      if (!canBeTold(launch)) return undefined;
      const { limits } = this.#options;
      await this.#run(launchScript(launch, { limits, fifos: { stdout: "/dev/null", stderr: "/dev/null" } }), { name, uid, spec });
      return await copyCache(places.cache, to, uid);
    } finally {
      cgroups.remove(name);
      await rm(folder, { recursive: true, force: true, maxRetries: 3 });
      // Never to another while something of it might run.
      if (userMembers(uid).length === 0) users.release(uid);
    }
  }

  /** Whatever runs ends, and nothing begins. */
  close(): void {
    this.#closed = true;
    this.#child?.kill("SIGKILL");
  }

  /** Resolves when nothing of it runs. */
  async #run(script: string, { name, uid, spec }: { name: string; uid: number; spec: InstanceSpec }): Promise<void> {
    const { clock, cgroups, limits, setpriv, unshare } = this.#options;
    // Nothing of the program's environment reaches what runs as root, and each process ends with the one before it, up to this one.
    const alone = ["--pdeathsig", "KILL", "--", unshare, "--net", "--ipc", "--pid", "--fork", "--"];
    const drop = [`--reuid=${uid}`, `--regid=${uid}`, "--clear-groups", "--inh-caps=-all", "--bounding-set=-all"];
    const args = [...alone, setpriv, "--pdeathsig", "KILL", ...drop, "--no-new-privs", "--", "/bin/sh", "-s"];
    const child = spawn("/bin/sh", ["-c", WAITING, "ebb", setpriv, ...args], { cwd: "/", env: {}, stdio: ["pipe", "ignore", "ignore"] });
    this.#child = child;
    child.stdin.on("error", () => undefined);
    await once(child, "spawn");
    const exited = once(child, "exit");
    let isLate = false;
    const timer = clock.after(LONGEST, () => {
      isLate = true;
      child.kill("SIGKILL");
    });
    try {
      cgroups.create(name, { ...spec.resources, pids: limits.processes });
      if (child.pid !== undefined) await cgroups.join(name, child.pid);
      child.stdin.end(`go\n${script}`);
      await exited;
    } finally {
      timer.cancel();
      child.kill("SIGKILL");
      this.#child = undefined;
      await this.#gone(uid);
    }
    // It would look as if there were nothing to compile.
    if (isLate) throw new TransientError("CompileTimeout", `it was not over within ${LONGEST / 1000} s`);
  }

  async #gone(uid: number): Promise<void> {
    const left = await killAll(() => userMembers(uid), this.#options.clock);
    if (left.length > 0) throw new TransientError("StopTimeout", "processes that were started to be compiled do not end");
  }
}
