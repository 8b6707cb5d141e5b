import { fork, type ChildProcess } from "node:child_process";
import { openSync, closeSync } from "node:fs";
import { join } from "node:path";
import { backoffDelay, UserError, type Clock, type Logger, type Runnable, type Timer } from "@ebb/base";
import { START, type ChildMessage } from "./child.ts";
import { layout } from "./data-folder.ts";
import { isAlive, type ProcessIdentity } from "./process-identity.ts";

/** The first restart is at once: what died under load must be back within a second. */
const RESTART = { base: 50, max: 5000, factor: 3 };
/** A process that ran this long has recovered: its failures are forgotten. */
const HEALTHY_AFTER = 10_000;
const START_DEADLINE = 60_000;
/** From SIGTERM to SIGKILL: requests in flight get this long. */
const STOP_DEADLINE = 35_000;
/** How soon the end of a process that is not our child is seen. */
const POLL_PERIOD = 100;

export interface SupervisedOptions {
  name: string;
  /** The program, run with the pinned Node and the data folder as its argument. */
  entry: string;
  dataDir: string;
  logsDir: string;
  clock: Clock;
  log: Logger;
  /** For Node itself. */
  nodeFlags?: readonly string[];
  /** Outlives the supervisor: in a session of its own, and taken over by the next supervisor when `running` finds it. */
  detached?: { running(): Promise<ProcessIdentity | undefined> };
  onReady?(facts: Record<string, string>): void;
}

/**
 * One process kept running: started, watched, started again when it ends by itself. `start` rejects only when the first attempt fails;
 * later failures are tried again for ever, with back-off.
 */
export class SupervisedProcess implements Runnable {
  readonly name: string;
  readonly #options: SupervisedOptions;
  #child: ChildProcess | undefined;
  #loaded: ChildProcess | undefined;
  #adopted: { identity: ProcessIdentity; poll: Timer } | undefined;
  #restart: Timer | undefined;
  #failures = 0;
  #startedAt = 0;
  #stopping = false;

  constructor(options: SupervisedOptions) {
    this.name = options.name;
    this.#options = options;
  }

  get pid(): number | undefined {
    return this.#child?.pid ?? this.#adopted?.identity.pid;
  }

  /** Lets the program load its code, most of what a start costs, while others start; it does nothing else before `start`. */
  load(): void {
    this.#loaded = this.#spawn();
  }

  async start(): Promise<void> {
    const running = await this.#options.detached?.running();
    if (running) this.#adopt(running);
    else await this.#ready(this.#loaded ?? this.#spawn());
    this.#loaded = undefined;
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#restart?.cancel();
    const { clock, log } = this.#options;
    const pid = this.pid;
    if (pid === undefined) return;
    const ended = this.#ended();
    signal(pid, "SIGTERM");
    const timer = clock.after(STOP_DEADLINE, () => {
      log.warn({ process: this.name, pid }, "did not stop in time and was killed");
      signal(pid, "SIGKILL");
    });
    await ended;
    timer.cancel();
  }

  #ended(): Promise<void> {
    const child = this.#child;
    if (child)
      return new Promise((resolve) =>
        child.exitCode !== null || child.signalCode !== null ? resolve() : child.once("exit", () => resolve()),
      );
    const adopted = this.#adopted;
    if (!adopted) return Promise.resolve();
    adopted.poll.cancel();
    return new Promise((resolve) => {
      const poll = this.#options.clock.every(POLL_PERIOD, () => {
        void isAlive(adopted.identity).then((alive) => {
          if (alive) return;
          poll.cancel();
          resolve();
        });
      });
    });
  }

  #adopt(identity: ProcessIdentity): void {
    const { clock, log } = this.#options;
    log.info({ process: this.name, pid: identity.pid }, "was running and is kept");
    const poll = clock.every(POLL_PERIOD, () => {
      void isAlive(identity).then((alive) => {
        if (alive || this.#adopted?.identity !== identity || this.#stopping) return;
        poll.cancel();
        this.#adopted = undefined;
        this.#again(`process ${identity.pid} ended`);
      });
    });
    this.#adopted = { identity, poll };
  }

  #spawn(): ChildProcess {
    const { entry, dataDir, logsDir, clock, name, detached, nodeFlags = [] } = this.#options;
    const output = openSync(join(logsDir, `${name}.out`), "a", 0o600);
    const child = fork(entry, [dataDir, name], {
      detached: detached !== undefined,
      stdio: ["ignore", output, output, "ipc"],
      env: childEnvironment(dataDir, name),
      execArgv: [...process.execArgv, ...nodeFlags],
    });
    closeSync(output);
    this.#child = child;
    this.#startedAt = clock.monotonic();
    const gone = (why: string) => {
      this.#child = undefined;
      // One that ends before it was to start fails the start.
      if (!this.#stopping && this.#loaded !== child) this.#again(why);
    };
    child.once("exit", (code, killedBy) => gone(killedBy ?? `exit code ${code}`));
    // One that never was does not exit.
    child.once("error", (error) => child.pid === undefined && gone(error.message));
    return child;
  }

  async #ready(child: ChildProcess): Promise<void> {
    const { log, name, onReady } = this.#options;
    const outcome = await this.#outcome(child);
    if (outcome.type === "failed") throw new UserError(outcome.code, outcome.message, outcome.hint ? { hint: outcome.hint } : {});
    log.info({ process: name, pid: child.pid }, "ready");
    onReady?.(outcome.facts);
  }

  #outcome(child: ChildProcess): Promise<ChildMessage> {
    const { clock, name, logsDir } = this.#options;
    const failed = (message: string): ChildMessage => ({
      type: "failed",
      code: "process_failed",
      message,
      hint: `Its log: ${join(logsDir, `${name}.log`)}`,
    });
    return new Promise((resolve) => {
      const timer = clock.after(START_DEADLINE, () => {
        child.kill("SIGKILL");
        resolve(failed(`${name} was not ready within ${START_DEADLINE / 1000} s`));
      });
      const settle = (message: ChildMessage) => {
        timer.cancel();
        resolve(message);
      };
      const ended = () => settle(failed(`${name} ended before it was ready (${child.signalCode ?? `exit code ${child.exitCode}`})`));
      child.once("message", (message) => settle(message as ChildMessage));
      child.once("error", (error) => settle(failed(`${name} could not be started: ${error.message}`)));
      child.once("exit", ended);
      // It was loaded, and did not live to be started. One that never was has no channel, and an error that says so.
      if (child.exitCode !== null || child.signalCode !== null) ended();
      else if (child.pid !== undefined) child.send(START, (error) => error && child.kill("SIGKILL"));
    });
  }

  #again(why: string): void {
    const { clock, log, name } = this.#options;
    if (clock.monotonic() - this.#startedAt > HEALTHY_AFTER) this.#failures = 0;
    const delay = backoffDelay(RESTART, this.#failures);
    this.#failures++;
    log.warn({ process: name, why, delay }, "ended and is started again");
    this.#restart?.cancel();
    this.#restart = clock.after(delay, () => {
      try {
        // A child that fails also exits, which schedules the next attempt.
        this.#ready(this.#spawn()).catch((error: unknown) => log.error({ process: name, error }, "could not be started again"));
      } catch (error) {
        log.error({ process: name, error }, "could not be started again");
        this.#again("no process could be made");
      }
    });
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended in the meantime, which is what was wanted.
  }
}

function defined(values: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

/**
 * For glibc: memory outside of the heap is given back when it is free, and not kept in an arena for each thread. What the cluster reads at its start
 * with thousands of Services would stay. The gateway, which allocates at each request, is left as it is.
 */
const FRUGAL_MALLOC = { MALLOC_ARENA_MAX: "2", MALLOC_TRIM_THRESHOLD_: String(128 * 1024) };

/** Extra certificates and debugger options of the caller's shell would slow each start or open ports. */
function childEnvironment(dataDir: string, name: string): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _options, NODE_EXTRA_CA_CERTS: _certificates, ...given } = process.env;
  const { EBB_MASTER_KEY: masterKey, EBB_CLUSTER_KEY: clusterKey, EBB_DATABASE_URL: database, PGPASSWORD: password, ...rest } = given;
  // Only the platform opens its secrets, and the cluster those in its store; the others do not even know the keys, nor the way into the database.
  if (name.startsWith("platform"))
    Object.assign(rest, defined({ EBB_MASTER_KEY: masterKey, EBB_DATABASE_URL: database, PGPASSWORD: password }));
  if (name === "cluster" && clusterKey !== undefined) rest["EBB_CLUSTER_KEY"] = clusterKey;
  // Compiled once, not at each start: a gateway that was killed is back in half the time.
  return { ...(name === "cluster" ? FRUGAL_MALLOC : {}), ...rest, NODE_COMPILE_CACHE: layout(dataDir).compileCache };
}
