import { createHash } from "node:crypto";
import { readdirSync, renameSync, symlinkSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { backoffDelay, systemCode, type Clock, type Logger, type Random, type Timer } from "@ebb/base";
import type { InstanceSpec } from "../port.ts";
import { CACHE_VARIABLE, type CompileRun } from "./compile-run.ts";
import type { Launch } from "./command.ts";
import { makePassable } from "./passable-folder.ts";

/** A program that has less of it starts no sooner with a cache than without. */
const LEAST_BYTES = 64 * 1024;
/** Of all versions; those that were used last are kept. */
const MOST_BYTES = 512 * 1024 * 1024;
/** What failed for want of room or of time may have both later; each try is a start of the program. */
const AGAIN = { base: 60_000, max: 6 * 3_600_000, factor: 4 };
/** The application's own word on it. */
const SETTLED = [CACHE_VARIABLE, "NODE_DISABLE_COMPILE_CACHE"];

interface CompileCachesOptions {
  /** A folder that instances may pass through. */
  root: string;
  clock: Clock;
  random: Random;
  log: Logger;
  run: Pick<CompileRun, "make" | "close">;
  /** Milliseconds without any start, after which one is made: it wants a processor. */
  calm: number;
}

/** Of one version. Without a tag it was found to have nothing to keep. */
interface Cache {
  of: string;
  tag: string | undefined;
  bytes: number;
}

interface Wanted {
  spec: InstanceSpec;
  toolchain: string;
}

/** Of one version: how often on end it could not be made, and until when (monotonic) it is not tried again. */
interface Failure {
  of: string;
  times: number;
  until: number;
}

/**
 * What Node.js has compiled of each version's program (ADR 0038), on disk as `.compiled/WORKLOAD/OF.BYTES/TAG/`, ours alone to write. `OF` names the artifact and the toolchain, so that what was made of another is
 * never used. No instance has any influence on it: it is made by a run of the program that nobody can reach.
 */
export class CompileCaches {
  readonly #options: CompileCachesOptions;
  readonly #root: string;
  /** By workload, those used last at the end. */
  readonly #caches = new Map<string, Cache>();
  readonly #wanted = new Map<string, Wanted>();
  readonly #failures = new Map<string, Failure>();
  /** What is being removed. */
  readonly #going = new Set<Promise<void>>();
  #making: Promise<void> | undefined;
  #timer: Timer | undefined;
  #closed = false;

  constructor(options: CompileCachesOptions) {
    this.#options = options;
    this.#root = join(options.root, ".compiled");
    makePassable(this.#root);
    for (const name of readdirSync(this.#root)) this.#recall(name);
  }

  /** The same launch with the version's cache, by way of a folder at `at` that is the instance's; as it is where there is none, which is then made. */
  with(launch: Launch, spec: InstanceSpec, place: { at: string; uid: number; toolchain: string }): Launch {
    this.#later();
    const { command, env } = launch;
    if (command[0] !== "node" || SETTLED.some((name) => env[name] !== undefined)) return launch;
    const of = ofWhat(spec, place.toolchain);
    const cache = this.#caches.get(spec.workload);
    if (cache?.of !== of) {
      if (this.#mayBeTried(spec.workload, of)) this.#wanted.set(spec.workload, { spec, toolchain: place.toolchain });
      return launch;
    }
    this.#caches.delete(spec.workload);
    this.#caches.set(spec.workload, cache);
    if (cache.tag === undefined) return launch;
    makePassable(place.at);
    // Node.js looks for one that belongs to its user.
    symlinkSync(join(this.#folder(spec.workload, cache), cache.tag), join(place.at, `${cache.tag}-${place.uid}`));
    return { ...launch, env: { ...env, [CACHE_VARIABLE]: place.at } };
  }

  /** Removes those of all other workloads. */
  retain(workloads: { has(workload: string): boolean }): void {
    for (const known of [this.#wanted, this.#failures])
      for (const workload of known.keys()) if (!workloads.has(workload)) known.delete(workload);
    for (const workload of this.#caches.keys()) if (!workloads.has(workload)) this.#drop(workload);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    this.#options.run.close();
    await this.#making;
    await Promise.all(this.#going);
  }

  #mayBeTried(workload: string, of: string): boolean {
    const failure = this.#failures.get(workload);
    return failure?.of !== of || this.#options.clock.monotonic() >= failure.until;
  }

  /** Once nothing has started for a while. */
  #later(): void {
    this.#timer?.cancel();
    if (this.#closed) return;
    this.#timer = this.#options.clock.after(this.#options.calm, () => {
      this.#making ??= this.#next().finally(() => {
        this.#making = undefined;
        if (this.#wanted.size > 0) this.#later();
      });
    });
  }

  async #next(): Promise<void> {
    const [next] = this.#wanted;
    if (!next) return;
    const [workload, wanted] = next;
    try {
      await this.#make(workload, wanted);
      this.#failures.delete(workload);
    } catch (error) {
      // Its instances start without, as they have.
      if (this.#wanted.has(workload)) this.#failed(workload, ofWhat(wanted.spec, wanted.toolchain));
      this.#options.log.warn({ workload, error }, "what Node.js compiles of a version could not be kept beside it");
    }
    this.#wanted.delete(workload);
  }

  #failed(workload: string, of: string): void {
    const before = this.#failures.get(workload);
    const times = before?.of === of ? before.times + 1 : 1;
    this.#failures.set(workload, { of, times, until: this.#options.clock.monotonic() + backoffDelay(AGAIN, times) });
  }

  async #make(workload: string, { spec, toolchain }: Wanted): Promise<void> {
    const made = join(this.#root, ".new");
    await rm(made, { recursive: true, force: true });
    makePassable(made);
    try {
      const copied = await this.#options.run.make(spec, toolchain, made);
      const of = ofWhat(spec, toolchain);
      const isWorthIt = copied !== undefined && copied.bytes >= LEAST_BYTES;
      const cache: Cache = isWorthIt ? { of, ...copied } : { of, tag: undefined, bytes: 0 };
      if (!isWorthIt) for (const name of readdirSync(made)) await rm(join(made, name), { recursive: true });
      // Cut short, or its version has gone meanwhile: nothing is waited for from here on.
      if (this.#closed || !this.#wanted.has(workload)) return;
      this.#drop(workload);
      makePassable(join(this.#root, encodeURIComponent(workload)));
      renameSync(made, this.#folder(workload, cache));
      this.#caches.set(workload, cache);
      this.#bound();
    } finally {
      // What could not be kept takes no space, least of all on a full disk.
      await rm(made, { recursive: true, force: true });
    }
  }

  #bound(): void {
    let bytes = [...this.#caches.values()].reduce((sum, cache) => sum + cache.bytes, 0);
    for (const [workload, cache] of this.#caches) {
      if (bytes <= MOST_BYTES) return;
      bytes -= cache.bytes;
      this.#drop(workload);
    }
  }

  #drop(workload: string): void {
    this.#caches.delete(workload);
    this.#remove(encodeURIComponent(workload));
  }

  /** It is out of the way when this returns; thousands of files take longer to go than others may wait for. */
  #remove(name: string): void {
    const gone = join(this.#root, `.gone-${this.#options.random.suffix(12)}`);
    const failed = (error: unknown) =>
      this.#options.log.warn({ name, error }, "what Node.js had compiled of a version could not be removed");
    try {
      renameSync(join(this.#root, name), gone);
    } catch (error) {
      if (systemCode(error) !== "ENOENT") failed(error);
      return;
    }
    const going = rm(gone, { recursive: true, force: true, maxRetries: 3 })
      .catch(failed)
      .finally(() => this.#going.delete(going));
    this.#going.add(going);
  }

  #folder(workload: string, { of, bytes }: Cache): string {
    return join(this.#root, encodeURIComponent(workload), `${of}.${bytes}`);
  }

  /** What an earlier Ebb has made; whatever else is there has been cut short. */
  #recall(name: string): void {
    const [made = "", ...others] = name.startsWith(".") ? [] : readdirSync(join(this.#root, name));
    const [, of, bytes] = /^([0-9a-f]{32})\.(\d+)$/.exec(made) ?? [];
    if (of === undefined || others.length > 0) return this.#remove(name);
    const [tag] = readdirSync(join(this.#root, name, made));
    this.#caches.set(decodeURIComponent(name), { of, tag, bytes: Number(bytes) });
  }
}

function ofWhat({ artifact, command, args, workingDirectory }: InstanceSpec, toolchain: string): string {
  const what = JSON.stringify([artifact, command, args, workingDirectory, toolchain]);
  return createHash("sha256").update(what).digest("hex").slice(0, 32);
}
