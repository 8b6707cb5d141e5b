import type Docker from "dockerode";
import { BugError, Signal, sleep, TransientError, UserError, type Clock, type Logger, type Random } from "@ebb/base";
import { guardVolumes, isLimited } from "../volumes/guard-volumes.ts";
import type { VolumePlaces } from "../volumes/instance-volumes.ts";
import { explainListeners, readListeners } from "../listening.ts";
import type {
  Address,
  Driver,
  EndedInstance,
  ExecResult,
  InstanceExit,
  InstanceFiles,
  InstanceSpec,
  LogLine,
  LogOptions,
  PullCredentials,
  ResourceUsage,
  RunningInstance,
  Session,
  SessionRequest,
  StartOptions,
} from "../port.ts";
import { execInContainer } from "./container-exec.ts";
import { ContainerMaker, imageOf } from "./container-maker.ts";
import { containerName, LABELS, readySandboxOptions } from "./container-options.ts";
import { openContainerSession } from "./container-session.ts";
import type { Engine } from "./engine.ts";
import { isGone, nothingIfAlreadySo, nothingIfGone, startError } from "./engine-errors.ts";
import { readContainerLog } from "./container-log.ts";
import { GoneWatch, isThere } from "./gone-watch.ts";
import { EngineImages } from "./images.ts";
import { exitOf } from "./container-exit.ts";
import { ContainerFreezer } from "./freezer.ts";
import { knownOf, placeOf, type Known } from "./known.ts";
import { insideAddress, LOOPBACK } from "./network.ts";
import { NetworkLinks } from "./network-links.ts";
import { ReadyNetworks } from "./ready-networks.ts";
import { Releases } from "./releases.ts";
import { groupOf, splitPartId } from "../pods/parts.ts";
import { withParts } from "../pods/pod-driver.ts";
import { beganAt, stageOf } from "./stage.ts";
import { Starter, type Begun } from "./starter.ts";
import { GROUP_LABEL, Sandboxes } from "./sandbox.ts";
import { descendants, usageOf } from "../process/usage.ts";

/** After the engine's connection broke (it is restarted, say). */
const WATCH_AGAIN = 500;

export interface ContainerDriverOptions {
  engine: Engine;
  /** Containers of other owners on the same engine are not seen. The data folder is a good one. */
  owner: string;
  /** A folder that only this process may pass through: credentials of containers, from where they are mounted. */
  identities: string;
  /** For the volumes of containers: a folder that only this process may pass through, and one in memory. */
  volumes: VolumePlaces;
  /** The name server that containers ask; the engine's when absent. */
  dns?: string;
  /** Images are pulled as nobody without it. */
  credentials?: PullCredentials;
  /** Networks made ahead of containers, where the engine is a Podman of root's on this machine; none when absent. */
  readyNetworks?: { size: number; random: Random };
  clock: Clock;
  log: Logger;
  maxLogBytes?: number;
}

/** Of a start: the engine's id of the container that the instance had when it ran before, and who wants to know its address. */
interface Before extends Pick<StartOptions, "placed"> {
  earlier: string | undefined;
}

/**
 * Runs images on a Docker-compatible engine, which is all that knows of them: nothing is kept on disk here but volumes and credentials. Constructing
 * it does nothing.
 */
export function createContainerDriver(options: ContainerDriverOptions): Driver {
  return withParts(new ContainerDriver(options), options);
}

class ContainerDriver implements Driver {
  readonly name = "container";
  /** Only Podman can set a container up without starting its program. */
  readonly initialise?: NonNullable<Driver["initialise"]>;
  readonly #options: ContainerDriverOptions;
  readonly #docker: Docker;
  readonly #images: EngineImages;
  readonly #gone: GoneWatch;
  readonly #sandboxes: Sandboxes;
  readonly #maker: ContainerMaker;
  readonly #releases: Releases;
  readonly #networks: ReadyNetworks;
  readonly #starter: Starter;
  readonly #known = new Map<string, Known>();
  readonly #exits = new Signal<InstanceExit>();
  readonly #closed = new AbortController();
  /** Made but not known yet: `list` must not take them for leftovers. */
  readonly #starting = new Set<string>();
  readonly #foreseeing = new Set<string>();

  constructor(options: ContainerDriverOptions) {
    this.#options = options;
    this.#docker = options.engine.docker;
    this.#gone = new GoneWatch(options.clock);
    this.#images = new EngineImages(options.engine.docker, options.clock, options.credentials);
    if (options.engine.name === "podman") this.initialise = (spec, files) => this.#initialise(spec, files);
    this.#sandboxes = new Sandboxes(options.engine.docker);
    const { engine, identities, clock, log } = options;
    const links = new NetworkLinks(identities);
    const networks = this.#readyNetworks(links);
    this.#networks = networks;
    this.#maker = new ContainerMaker(options, { images: this.#images, sandboxes: this.#sandboxes, networks, links });
    this.#releases = new Releases({ folder: identities, clock, log });
    this.#starter = new Starter({ engine, releases: this.#releases, networks, clock, log });
  }

  #readyNetworks(links: NetworkLinks): ReadyNetworks {
    const { engine, owner, readyNetworks, clock, log } = this.#options;
    return new ReadyNetworks({
      pool: engine.name === "podman" && !engine.rootless ? readyNetworks : undefined,
      sandboxes: this.#sandboxes,
      links,
      optionsOf: async (group) => readySandboxOptions(group, owner, (await this.#maker.network()) ?? ""),
      busy: () => this.#starting.size + this.#foreseeing.size > 0,
      clock,
      log,
    });
  }

  async prepare(spec: InstanceSpec, signal?: AbortSignal): Promise<void> {
    await this.#images.ensure(imageOf(spec), spec.workload, signal);
  }

  digestOf(reference: string, options: { pull: boolean; workload: string }): Promise<string | undefined> {
    return this.#images.digestOf(reference, options);
  }

  async start(spec: InstanceSpec, files: InstanceFiles = {}, { placed }: StartOptions = {}): Promise<RunningInstance> {
    const known = this.#known.get(spec.id);
    if (known?.prepared) return this.#startPrepared(known, known.prepared, files);
    if (known && !known.exit) throw new BugError("already_running", `${spec.id} runs already`);
    const reference = imageOf(spec);
    this.#starting.add(spec.id);
    const begun = this.#options.clock.monotonic();
    try {
      if (known?.evicted !== undefined) await this.#maker.volumesOf(spec).clear();
      await this.#maker.prepareFiles(spec, files);
      const container = await this.#maker.make(spec, known !== undefined);
      const sandboxMs = this.#options.clock.monotonic() - begun;
      return { ...(await this.#launch(spec, container, { earlier: known?.container, placed })), sandboxMs };
    } catch (error) {
      this.#known.delete(spec.id);
      await this.#discard(spec.id);
      throw startError(error, reference);
    } finally {
      this.#starting.delete(spec.id);
    }
  }

  async #launch(spec: InstanceSpec, container: Docker.Container, { earlier, placed }: Before): Promise<RunningInstance> {
    let begun: Begun | undefined;
    await this.#maker.withLimits(spec, container, async (made) => {
      const network = this.#networks.of(spec.id);
      if (network) placed?.({ host: network.address, port: spec.port });
      const id = made.id === containerName(spec.id) ? earlier : made.id;
      try {
        if (this.initialise && id !== undefined) begun = await this.#starter.begin(spec, id, id !== earlier);
        else await made.start();
      } catch (error) {
        // Before its address may become another's.
        placed?.(undefined);
        throw error;
      }
    });
    const { Id, running } = await this.#place(spec, begun);
    const known = knownOf(running, { Id });
    if (begun?.released) this.#starter.tell(known);
    else if (begun) await this.#starter.letGo(known);
    this.#known.set(spec.id, known);
    this.#watch(spec.id);
    return running;
  }

  /** Of one that has just been started. The engine is asked only for what is not known without it, as it takes some milliseconds. */
  async #place(spec: InstanceSpec, begun: Begun | undefined): Promise<{ Id: string; running: RunningInstance }> {
    const startedAt = this.#options.clock.now();
    const network = this.#networks.of(spec.id);
    if (begun?.pid !== undefined && network) {
      const address = { host: network.address, port: spec.port };
      return { Id: begun.container, running: { spec, address, startedAt, ...placeOf(begun.pid) } };
    }
    const state = await this.#inspect(spec.id);
    return { Id: state.Id, running: { ...(await this.#running(spec, state)), startedAt } };
  }

  async foresee(spec: InstanceSpec): Promise<void> {
    if (this.#known.has(spec.id)) throw new BugError("already_running", `${spec.id} is there already`);
    this.#foreseeing.add(spec.id);
    try {
      await this.#maker.foresee(spec);
    } catch (error) {
      // Who starts it meanwhile lays out what would be thrown away.
      if (!this.#starting.has(spec.id)) await this.#discard(spec.id);
      throw startError(error, imageOf(spec));
    } finally {
      this.#foreseeing.delete(spec.id);
    }
  }

  async #initialise(spec: InstanceSpec, files: InstanceFiles = {}): Promise<RunningInstance> {
    const known = this.#known.get(spec.id);
    if (known) throw new BugError("already_running", `${spec.id} is there already`);
    this.#starting.add(spec.id);
    try {
      await this.#maker.prepareFiles(spec, files);
      await this.#maker.withLimits(spec, await this.#maker.create(spec), () => this.#starter.initialise(spec.id));
      const state = await this.#inspect(spec.id);
      const made = { ...(await this.#running(spec, state)), startedAt: this.#options.clock.now(), prepared: true };
      this.#known.set(spec.id, knownOf(made, state));
      return made;
    } catch (error) {
      await this.#discard(spec.id);
      throw startError(error, imageOf(spec));
    } finally {
      this.#starting.delete(spec.id);
    }
  }

  async #startPrepared(known: Known, address: RunningInstance["address"], files: InstanceFiles = {}): Promise<RunningInstance> {
    const { spec, pid } = known;
    try {
      this.#maker.renewFiles(spec, files);
      await this.#starter.letGo(known);
    } catch (error) {
      this.#known.delete(spec.id);
      await this.#discard(spec.id);
      throw startError(error, imageOf(spec));
    }
    delete known.prepared;
    known.startedAt = this.#options.clock.now();
    this.#watch(spec.id);
    return { spec, address, startedAt: known.startedAt, sandboxMs: 0, ...(pid === undefined ? {} : { pid }) };
  }

  /** When the engine knows of it what is to be known: before, it refuses what is asked of one that runs. */
  #told(id: string): Promise<void> {
    return this.#starter.told(this.#known.get(id));
  }

  async renewFiles(id: string, files: InstanceFiles): Promise<void> {
    const known = this.#known.get(id);
    if (!known || known.exit) return;
    this.#maker.renewFiles(known.spec, files);
  }

  async stop(id: string, graceSeconds: number): Promise<void> {
    const known = this.#known.get(id);
    if (known?.prepared) {
      this.#known.delete(id);
      return this.#discard(id);
    }
    if (known) known.stopping = true;
    // What is frozen takes no signal.
    if (known?.pid !== undefined) ContainerFreezer.of(known.pid)?.thaw();
    await this.#told(id);
    if (known?.exit) return;
    const container = this.#docker.getContainer(containerName(id));
    try {
      await container.stop({ t: Math.ceil(graceSeconds) });
    } catch (error) {
      if (isGone(error)) return;
      nothingIfAlreadySo(error);
    }
    if (known) known.exit ??= this.#maker.told(exitOf(id, await container.inspect()));
  }

  list(): Promise<RunningInstance[]> {
    return this.#releases.unblock(this.#list());
  }

  async #list(): Promise<RunningInstance[]> {
    const found = await this.#docker.listContainers({ all: true, filters: { label: [`${LABELS.owner}=${this.#options.owner}`] } });
    const running: RunningInstance[] = [];
    const ended: InstanceExit[] = [];
    for (const { Id, Labels } of found) {
      const spec = JSON.parse(Labels[LABELS.spec] ?? "null") as InstanceSpec | null;
      if (!spec) continue;
      await this.#told(spec.id);
      const state = await this.#docker.getContainer(Id).inspect().catch(nothingIfGone);
      if (!state || this.#starting.has(spec.id) || this.#maker.foresees(spec.id)) continue;
      this.#networks.recall(spec.id, Labels);
      const known = this.#known.get(spec.id);
      const stage = stageOf(state, this.#releases.fateOf({ id: spec.id, container: Id, pid: state.State.Pid }));
      if (stage === "made") {
        // Ebb died between making it and starting it.
        await this.#discard(spec.id);
      } else if (stage === "ended" || stage === "ended-untold") {
        if (known) continue;
        const how = stage === "ended" ? exitOf(spec.id, state) : await this.#releases.exitOf({ id: spec.id, container: Id });
        const exit = this.#maker.told(how);
        this.#known.set(spec.id, { spec, container: Id, startedAt: beganAt(state), exit, stopping: false });
        ended.push(exit);
      } else if (!known?.exit) {
        const instance = { ...(await this.#running(spec, state)), ...(stage === "prepared" && { prepared: true }) };
        running.push(instance);
        if (!known) this.#adopt(knownOf(instance, state), stage === "untold");
      }
    }
    const used = new Set([...this.#known.values()].flatMap(({ exit, spec: { id } }) => (exit ? [] : splitPartId(id).main)));
    for (const id of this.#starting) used.add(splitPartId(id).main);
    for (const group of this.#networks.groups()) used.add(group);
    if (running.length > 0) this.#networks.fillWhenCalm();
    for (const { Labels } of found) if (Labels[GROUP_LABEL] && !used.has(Labels[GROUP_LABEL])) await this.closeGroup(Labels[GROUP_LABEL]);
    for (const exit of ended) this.#exits.emit(exit);
    return running;
  }

  #adopt(known: Known, untold: boolean): void {
    this.#known.set(known.spec.id, known);
    if (known.prepared) return;
    if (untold) this.#starter.tell(known);
    this.#watch(known.spec.id);
  }

  async closeGroup(group: string): Promise<void> {
    const empty = [...this.#known.values()].every(({ spec }) => groupOf(spec)?.group !== group);
    await (empty ? this.#sandboxes.remove(group) : this.#sandboxes.close(group));
  }

  async ended(): Promise<EndedInstance[]> {
    const ended = [...this.#known.values()].flatMap(({ spec, startedAt, exit }) => (exit ? [{ spec, startedAt, exit }] : []));
    return ended.sort((a, b) => a.exit.finishedAt - b.exit.finishedAt);
  }

  logs(id: string, options: LogOptions): AsyncIterable<LogLine> {
    return {
      [Symbol.asyncIterator]: () => {
        if (!this.#known.has(id)) throw new UserError("NoSuchInstance", `there is no instance ${id}, or its log was deleted`);
        return this.#readLog(id, options);
      },
    };
  }

  async *#readLog(id: string, options: LogOptions): AsyncGenerator<LogLine> {
    await this.#told(id);
    yield* readContainerLog(this.#docker.getContainer(containerName(id)), options, this.#closed.signal);
  }

  async exec(id: string, command: string[], timeoutSeconds: number): Promise<ExecResult> {
    await this.#told(id);
    return execInContainer(this.#docker.getContainer(containerName(id)), { command, timeoutSeconds, clock: this.#options.clock });
  }

  async openSession(id: string, request: SessionRequest): Promise<Session> {
    await this.#told(id);
    const known = this.#known.get(id);
    if (!known || known.exit) throw new UserError("InstanceNotRunning", `the instance ${id} is not running`);
    return openContainerSession(this.#docker.getContainer(containerName(id)), request, this.#options.clock);
  }

  async reach(id: string, port: number): Promise<Address> {
    await this.#told(id);
    const known = this.#known.get(id);
    const state = known && !known.exit ? await this.#inspect(id).catch(nothingIfGone) : undefined;
    if (!known || !state?.State.Running) throw new UserError("InstanceNotRunning", `the instance ${id} is not running`);
    const { address } = await this.#running(known.spec, state);
    if (port === known.spec.port) return address;
    if (!this.#options.engine.rootless) return { host: address.host, port };
    throw new UserError(
      "PortNotReachable",
      `with a rootless engine only the port that is served (${known.spec.port}) can be reached, not ${port}`,
    );
  }

  async freeze(id: string): Promise<void> {
    // What is frozen is not started, not even for the engine's books.
    await this.#told(id);
    await this.#freezer(id).freeze();
  }

  async thaw(id: string): Promise<void> {
    this.#freezer(id).thaw();
  }

  #freezer(id: string): ContainerFreezer {
    const pid = this.#known.get(id)?.pid;
    const freezer = pid === undefined ? undefined : ContainerFreezer.of(pid);
    if (!freezer) throw new TransientError("NoFreezer", `the container ${id} has no freezer that Ebb may use`);
    return freezer;
  }

  thawFile(id: string): string | undefined {
    return this.#freezer(id).file;
  }

  usage(id: string): ResourceUsage | undefined {
    const known = this.#known.get(id);
    return known?.pid === undefined || known.exit ? undefined : usageOf(descendants(known.pid));
  }

  async diagnose(id: string): Promise<string | undefined> {
    await this.#told(id);
    const known = this.#known.get(id);
    const state = await this.#inspect(id).catch(nothingIfGone);
    // The container's sockets are those of its network namespace; another machine's (a remote engine) cannot be looked at.
    if (!known || !state?.State.Running || !state.State.Pid) return undefined;
    return explainListeners(readListeners(state.State.Pid), {
      port: known.spec.port,
      hosts: ["0.0.0.0", "::"],
      advice: `listen on the environment variable PORT, or say \`port:\` in ebb.yaml`,
    });
  }

  async forget(id: string): Promise<void> {
    const spec = this.#known.get(id)?.spec;
    this.#known.delete(id);
    await this.#discard(id);
    const group = spec && groupOf(spec)?.group;
    if (group !== undefined) await this.closeGroup(group);
  }

  onExit(listener: (exit: InstanceExit) => void): () => void {
    return this.#exits.on(listener);
  }

  async close(): Promise<void> {
    this.#closed.abort();
    this.#gone.close();
    this.#releases.close();
    await this.#networks.close([...this.#known.values()].flatMap(({ spec, stopping }) => (stopping ? [spec.id] : [])));
  }

  /** Waits for the end of a container and tells of it, once. */
  #watch(id: string): void {
    const { clock, log } = this.#options;
    const { signal } = this.#closed;
    const container = this.#docker.getContainer(containerName(id));
    const wait = async (): Promise<void> => {
      while (!signal.aborted) {
        try {
          // The engine looks at each container that it is asked about again and again, which slows all of its other work.
          const pid = this.#known.get(id)?.pid;
          if (pid !== undefined && isThere(pid)) await this.#gone.gone(pid);
          await this.#told(id);
          const known = this.#known.get(id);
          // It may have ended before the engine knew that it ran.
          const exit = known?.exit ?? (await this.#engineExit(id, () => known?.evicted));
          if (!known || known !== this.#known.get(id) || signal.aborted || (known.exit && known.exit !== exit)) return;
          known.exit = this.#maker.told(exit);
          if (!known.stopping) this.#exits.emit(known.exit);
          return;
        } catch (error) {
          if (signal.aborted || isGone(error)) return;
          log.warn({ instance: id, error }, "lost sight of a container and looks again");
          await sleep(clock, WATCH_AGAIN);
        }
      }
    };
    void wait();
    const known = this.#known.get(id);
    if (!known || !isLimited(known.spec)) return;
    void guardVolumes(known.spec, this.#maker.volumesOf(known.spec), {
      clock,
      log,
      runs: () => this.#known.get(id) === known && !known.exit && !known.stopping && !signal.aborted,
      closed: signal,
      evict: async (message) => {
        await this.#told(id);
        // It may have ended by itself before the engine knew of it.
        if (known.exit) return;
        known.evicted = message;
        await container.kill();
      },
    });
  }

  async #engineExit(id: string, evicted: () => string | undefined): Promise<InstanceExit> {
    await this.#docker.getContainer(containerName(id)).wait({ abortSignal: this.#closed.signal });
    return exitOf(id, await this.#inspect(id), evicted());
  }

  async #running(spec: InstanceSpec, state: Docker.ContainerInspectInfo): Promise<RunningInstance> {
    const group = groupOf(spec)?.group;
    const place = group === undefined ? state : await this.#sandboxes.inspect(group);
    const published = place.NetworkSettings.Ports?.[`${spec.port}/tcp`]?.[0]?.HostPort;
    const { rootless } = this.#options.engine;
    const inside = this.#networks.of(spec.id)?.address ?? insideAddress(place);
    const address = rootless ? { host: LOOPBACK, port: Number(published) } : { host: inside, port: spec.port };
    return { spec, address, startedAt: beganAt(state), ...placeOf(state.State.Pid) };
  }

  #inspect(id: string): Promise<Docker.ContainerInspectInfo> {
    return this.#docker.getContainer(containerName(id)).inspect();
  }

  async #discard(id: string): Promise<void> {
    await this.#maker.discard(id);
    this.#releases.forget(id);
  }
}
