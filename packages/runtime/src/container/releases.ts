import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sleep, systemCode, type Clock, type Logger } from "@ebb/base";
import type { InstanceExit } from "../port.ts";
import { exitOfCode } from "./container-exit.ts";
import { nothingIfAlreadySo } from "./engine-errors.ts";
import { ExecFifo } from "./exec-fifo.ts";
import { isThere, killIfOurs } from "./gone-watch.ts";
import { StandIn } from "./stand-in.ts";

/** No instance's name begins so. */
const PREFIX = ".released-";
/** Where the monitor of Podman's containers (conmon) writes down how they ended. */
const EXITS = "/run/libpod/exits";
const TRIES = 5;
const TRY_AGAIN = 500;
/** The monitor writes it when it has seen the end, and the engine deletes it when it clears up. */
const NOTE_WITHIN = 500;
/** The least that clearing up takes an engine's command to start is 20 ms. */
const LOOK = 5;
/** A server that boots answers by then. */
const TELL_AFTER = 250;

export interface ReleaseDeps {
  /** Only this process may pass through. */
  folder: string;
  clock: Clock;
  log: Logger;
}

/** An initialised container of an instance. */
export interface Initialised {
  id: string;
  /** The engine's id of it. */
  container: string;
  pid: number;
}

export type Fate = "runs" | "ended";

/**
 * Lets initialised containers go past the engine, which learns of it after the fact: until then it takes them for initialised. What is let go is noted
 * on disk first, so that the next Ebb knows; the note goes once the engine knows, or with the container. Decision record 0032.
 */
export class Releases {
  readonly #deps: ReleaseDeps;
  readonly #standIn = new StandIn();
  /** By the engine's ids, those of which it does not know yet. */
  readonly #going = new Map<string, { gone: Promise<void>; wanted: PromiseWithResolvers<void> }>();

  constructor(deps: ReleaseDeps) {
    this.#deps = deps;
  }

  /** To be called when one will be let go soon. */
  expect(): void {
    this.#standIn.ensure();
  }

  /** Its program begins; `tell` is to follow. False when it must be asked for at the engine: its first process does not wait where it should. */
  letGo({ id, container, pid }: Initialised): boolean {
    const { folder, clock } = this.#deps;
    const fifo = new ExecFifo(container);
    if (!fifo.isAwaitedBy(pid)) return false;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(this.#note(id), container, { mode: 0o600 });
    this.#going.set(container, { gone: fifo.letGo(pid, clock), wanted: Promise.withResolvers() });
    return true;
  }

  /** What became of one that the engine may not know to be started, perhaps in an earlier life of Ebb; undefined when it was not let go by us. */
  fateOf({ id, container, pid }: Initialised): Fate | undefined {
    if (readText(this.#note(id)) !== container) return undefined;
    if (pid > 0 && new ExecFifo(container).isAwaitedBy(pid)) return undefined;
    return pid > 0 && isThere(pid) ? "runs" : "ended";
  }

  /**
   * Has the engine start what runs already, until it knows: a moment later, as the machine is the program's first, or at once when it is `wanted`.
   * Resolves with the end of one that ended before; one that the engine does not take over is ended.
   */
  async tell({ id, container, pid }: Initialised, start: () => Promise<unknown>): Promise<InstanceExit | undefined> {
    const { clock, log } = this.#deps;
    try {
      const going = this.#going.get(container);
      await going?.gone;
      const until = clock.monotonic() + (going ? TELL_AFTER : 0);
      // An end in between is seen before the engine clears up, which takes it longer, and takes its note away.
      const wanted = going?.wanted.promise.then(() => true);
      const look = () => sleep(clock, LOOK).then(() => false);
      while (clock.monotonic() < until && isThere(pid)) if (await Promise.race([wanted, look()])) break;
      for (let tries = 1; isThere(pid); tries++) {
        try {
          // It knows already if an Ebb that has let go of the container was still telling it.
          await this.#started(new ExecFifo(container), () => start().catch(nothingIfAlreadySo));
          this.forget(id);
          return undefined;
        } catch (error) {
          if (!isThere(pid)) break;
          log.warn({ instance: id, error }, "the engine was not told of a container's start");
          if (tries === TRIES) killIfOurs(pid);
          await sleep(clock, TRY_AGAIN);
        }
      }
      return await this.exitOf({ id, container });
    } finally {
      this.#going.delete(container);
    }
  }

  /** Somebody asks the engine for something that it refuses of what it takes for initialised. */
  wanted(container: string): void {
    this.#going.get(container)?.wanted.resolve();
  }

  /** `runc start` finds the pipe, and somebody at its other end in place of the process that was let go. */
  async #started(fifo: ExecFifo, start: () => Promise<unknown>): Promise<void> {
    this.#standIn.ensure();
    const left = this.#standIn.send(fifo.path) ? [] : [fifo];
    await this.#meeting(left, start());
  }

  /** An engine's start may have been cut off by the end of an earlier Ebb: it waits at the pipe, and so do all who ask the engine. */
  unblock<T>(during: Promise<T>): Promise<T> {
    return this.#meeting(this.#leftOver(), during);
  }

  async #meeting<T>(left: readonly ExecFifo[], during: Promise<T>): Promise<T> {
    let over = false;
    const ended = during.finally(() => (over = true));
    // Thrown at the end.
    const settled = ended.then(
      () => undefined,
      () => undefined,
    );
    let waiting = left;
    while (!over && waiting.length > 0) {
      waiting = waiting.filter((fifo) => !fifo.meet());
      await Promise.race([settled, sleep(this.#deps.clock, LOOK)]);
    }
    return ended;
  }

  /** How one ended of which the engine never knew that it ran. */
  async exitOf({ id, container }: Omit<Initialised, "pid">): Promise<InstanceExit> {
    const { clock } = this.#deps;
    const path = join(EXITS, container);
    const until = clock.monotonic() + NOTE_WITHIN;
    for (;;) {
      const finishedAt = modifiedAt(path);
      // One that is older than the note is that of an earlier run.
      const isOfThis = finishedAt > 0 && finishedAt >= modifiedAt(this.#note(id));
      const code = isOfThis ? readText(path)?.trim() : undefined;
      if (code) return exitOfCode(id, container, { code: Number(code), finishedAt });
      if (clock.monotonic() >= until) return { id, reason: "Unknown", finishedAt: clock.now() };
      await sleep(clock, LOOK);
    }
  }

  forget(id: string): void {
    rmSync(this.#note(id), { force: true });
  }

  close(): void {
    this.#standIn.close();
  }

  #leftOver(): ExecFifo[] {
    const { folder } = this.#deps;
    let names: string[];
    try {
      names = readdirSync(folder);
    } catch {
      // None was ever made.
      return [];
    }
    const containers = names.filter((name) => name.startsWith(PREFIX)).map((name) => readText(join(folder, name)) ?? "");
    return containers.filter((container) => container && !this.#going.has(container)).map((container) => new ExecFifo(container));
  }

  #note(id: string): string {
    return join(this.#deps.folder, `${PREFIX}${id}`);
  }
}

/** Milliseconds since the epoch; 0 of what is not there. */
function modifiedAt(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}
