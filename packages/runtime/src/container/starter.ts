import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type Docker from "dockerode";
import { sleep, systemCode, type Clock, type Logger } from "@ebb/base";
import type { InstanceSpec } from "../port.ts";
import { containerName, hostnameOf } from "./container-options.ts";
import type { Engine } from "./engine.ts";
import { NOT_MODIFIED } from "./engine-errors.ts";
import { isThere } from "./gone-watch.ts";
import { placeOf, type Known } from "./known.ts";
import { podmanPost } from "./podman-api.ts";
import { hostsWith, type ReadyNetworks } from "./ready-networks.ts";
import type { Releases } from "./releases.ts";
import { runFolders } from "./run-folder.ts";
import { provideTmp } from "./tmp-folder.ts";

/** After the end of a container an engine's command clears up, within a tenth of a second on a quiet machine. */
const CLEANED_WITHIN = 10_000;
const LOOK_AGAIN = 20;
/** Between two looks at what the runtime has come to, which takes it 30 ms at the least. */
const LOOK = 1;

interface StarterDeps {
  engine: Engine;
  releases: Releases;
  networks: ReadyNetworks;
  clock: Clock;
  log: Logger;
}

/** A container that the engine has initialised. */
export interface Begun {
  /** The engine's full id of it. */
  container: string;
  /** Its first process, where that could be seen without the engine. */
  pid?: number;
  /** Whether its program has begun, past the engine, which is to be told. */
  released: boolean;
}

/** Starts the programs of Podman's containers: past the engine, as far as that is quicker. */
export class Starter {
  readonly #deps: StarterDeps;
  readonly #folderOf: ReturnType<typeof runFolders>;

  constructor(deps: StarterDeps) {
    this.#deps = deps;
    this.#folderOf = runFolders(deps.engine);
  }

  async initialise(id: string): Promise<void> {
    const { clock, engine, releases } = this.#deps;
    releases.expect();
    const until = clock.monotonic() + CLEANED_WITHIN;
    for (;;) {
      const status = await podmanPost(engine.socketPath, `/containers/${containerName(id)}/init`);
      if (status !== NOT_MODIFIED || isThere((await this.#container(id).inspect()).State.Pid)) return;
      // It ended before the engine knew that it ran, and the engine has still to clear up after it.
      if (clock.monotonic() >= until) throw new Error("the engine does not clear up after the container's last end");
      await sleep(clock, LOOK_AGAIN);
    }
  }

  /**
   * Has the engine initialise it, and lets its program begin as soon as the runtime is done: the engine takes some milliseconds more to hear of it and to say so.
   * @param container the engine's full id of it. `fresh`: it never ran.
   */
  async begin(spec: InstanceSpec, container: string, fresh: boolean): Promise<Begun> {
    const folder = this.#folderOf?.(container);
    const initialised = this.initialise(spec.id);
    // What an earlier run of it has left there is not to be taken for this one's.
    if (folder === undefined || !fresh) await initialised;
    if (folder === undefined) return { container, released: false };
    const settled = initialised.then(
      () => true,
      () => true,
    );
    try {
      const pid = await this.#processIn(folder, settled);
      if (pid === undefined) return { container, released: false };
      this.#name(spec, folder);
      provideTmp(pid);
      // A part is waited for less, and may be one that must not run twice: see #telling.
      const released = !spec.memberOf && this.#deps.releases.letGo({ id: spec.id, container, pid });
      return { container, pid, released };
    } finally {
      await settled;
      await initialised;
    }
  }

  /** The program of one that was initialised before begins; the engine is told while it does. */
  async letGo(known: Known): Promise<void> {
    const { container, pid, spec } = known;
    if (pid !== undefined) provideTmp(pid);
    if (pid !== undefined && !spec.memberOf && this.#deps.releases.letGo({ id: spec.id, container, pid })) this.tell(known);
    else await this.#container(spec.id).start();
  }

  /** An engine that is slower than the end of a program, and than its own clearing up after it, runs it once more. */
  tell(known: Known): void {
    known.telling = this.#telling(known).catch((error: unknown) =>
      this.#deps.log.error({ instance: known.spec.id, error }, "it is not known what became of a container that was let go"),
    );
  }

  /** When the engine knows of it what is to be known: before, it refuses what is asked of one that runs. */
  async told(known: Known | undefined): Promise<void> {
    if (known) this.#deps.releases.wanted(known.container);
    await known?.telling;
  }

  async #telling(known: Known): Promise<void> {
    const { container, pid = 0, spec } = known;
    const exit = await this.#deps.releases.tell({ id: spec.id, container, pid }, () => this.#container(spec.id).start());
    if (exit) known.exit ??= exit;
    else if (!isThere(pid)) Object.assign(known, placeOf((await this.#container(spec.id).inspect()).State.Pid));
  }

  /** The runtime writes it when it has nothing else to do. */
  async #processIn(folder: string, settled: Promise<unknown>): Promise<number | undefined> {
    let over = false;
    void settled.then(() => (over = true));
    for (;;) {
      // Once more when it is over: it may have been quicker than a look.
      const last = over;
      const pid = readPid(join(folder, "pidfile"));
      if (pid !== undefined || last) return pid;
      await Promise.race([settled, sleep(this.#deps.clock, LOOK)]);
    }
  }

  /** An engine writes names into /etc/hosts only for a network that it made for the same container. */
  #name(spec: InstanceSpec, folder: string): void {
    const network = this.#deps.networks.of(spec.id);
    if (!network) return;
    const path = join(folder, "hosts");
    // The same file, as it is mounted there.
    writeFileSync(path, hostsWith(readFileSync(path, "utf8"), network, [hostnameOf(spec), containerName(spec.id)]));
  }

  #container(id: string): Docker.Container {
    return this.#deps.engine.docker.getContainer(containerName(id));
  }
}

function readPid(path: string): number | undefined {
  try {
    const pid = Number(readFileSync(path, "utf8"));
    return pid > 0 ? pid : undefined;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}
