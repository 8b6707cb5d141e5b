import { existsSync, mkdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type Docker from "dockerode";
import { BugError, Signal, sleep, TransientError, UserError, type Clock, type Logger } from "@ebb/base";
import { asksForAddress } from "../instance-values.ts";
import { writeIdentity } from "../identity-files.ts";
import { guardVolumes, isLimited } from "../volumes/guard-volumes.ts";
import { InstanceVolumes, type VolumePlaces } from "../volumes/instance-volumes.ts";
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
  ResourceUsage,
  RunningInstance,
  Session,
  SessionRequest,
} from "../port.ts";
import { execInContainer } from "./container-exec.ts";
import { containerName, containerOptions, LABELS, sandboxOptions, type ContainerContext } from "./container-options.ts";
import { openContainerSession } from "./container-session.ts";
import type { Engine } from "./engine.ts";
import { isGone, isLimitRefusal, startError } from "./engine-errors.ts";
import { readContainerLog } from "./container-log.ts";
import { GoneWatch, isThere } from "./gone-watch.ts";
import { EngineImages } from "./images.ts";
import { exitOf } from "./container-exit.ts";
import { ContainerFreezer } from "./freezer.ts";
import { knownOf, placeOf, type Known } from "./known.ts";
import { ensureNetwork } from "./network.ts";
import { podmanPost } from "./podman-api.ts";
import { allMounts, groupOf, splitPartId } from "../pods/parts.ts";
import { withParts } from "../pods/pod-driver.ts";
import { GROUP_LABEL, sandboxName, Sandboxes } from "./sandbox.ts";
import { rootRefusal } from "./root-refusal.ts";
import { descendants, usageOf } from "../process/usage.ts";

const DEFAULT_LOG_BYTES = 8 * 1024 * 1024;
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
  clock: Clock;
  log: Logger;
  maxLogBytes?: number;
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
  readonly #known = new Map<string, Known>();
  readonly #exits = new Signal<InstanceExit>();
  readonly #closed = new AbortController();
  /** Made but not known yet: `list` must not take them for leftovers. */
  readonly #starting = new Set<string>();
  #network: Promise<string | undefined> | undefined;
  /** Found out by trying, once. */
  #ulimits = false;

  constructor(options: ContainerDriverOptions) {
    this.#options = options;
    this.#docker = options.engine.docker;
    this.#gone = new GoneWatch(options.clock);
    this.#images = new EngineImages(options.engine.docker, options.clock);
    if (options.engine.name === "podman") this.initialise = (spec, files) => this.#initialise(spec, files);
    this.#sandboxes = new Sandboxes(options.engine.docker);
  }

  async prepare(spec: InstanceSpec, signal?: AbortSignal): Promise<void> {
    await this.#images.ensure(imageOf(spec), signal);
  }

  digestOf(reference: string, options: { pull: boolean }): Promise<string | undefined> {
    return this.#images.digestOf(reference, options);
  }

  async start(spec: InstanceSpec, files: InstanceFiles = {}): Promise<RunningInstance> {
    const { identity, volumes } = files;
    const known = this.#known.get(spec.id);
    if (known?.prepared) return this.#startPrepared(known, known.prepared, files);
    if (known && !known.exit) throw new BugError("already_running", `${spec.id} runs already`);
    const reference = imageOf(spec);
    this.#starting.add(spec.id);
    const begun = this.#options.clock.monotonic();
    try {
      if (identity) this.#writeIdentity(spec.id, identity);
      if (known?.evicted !== undefined) await this.#volumesOf(spec).clear();
      this.#volumesOf(spec).prepare(spec.volumes ?? [], allMounts(spec), volumes);
      const container = await this.#make(spec, known !== undefined);
      const sandboxMs = this.#options.clock.monotonic() - begun;
      await this.#withLimits(spec, container, (made) => made.start());
      const state = await this.#docker.getContainer(containerName(spec.id)).inspect();
      const running = await this.#running(spec, state);
      this.#known.set(spec.id, knownOf(running));
      this.#watch(spec.id);
      return { ...running, sandboxMs };
    } catch (error) {
      this.#known.delete(spec.id);
      await this.#discard(spec.id);
      throw startError(error, reference);
    } finally {
      this.#starting.delete(spec.id);
    }
  }

  async #initialise(spec: InstanceSpec, files: InstanceFiles = {}): Promise<RunningInstance> {
    const known = this.#known.get(spec.id);
    if (known) throw new BugError("already_running", `${spec.id} is there already`);
    const { engine, clock } = this.#options;
    this.#starting.add(spec.id);
    try {
      if (files.identity) this.#writeIdentity(spec.id, files.identity);
      this.#volumesOf(spec).prepare(spec.volumes ?? [], spec.mounts ?? [], files.volumes);
      await this.#withLimits(spec, await this.#create(spec), () =>
        podmanPost(engine.socketPath, `/containers/${containerName(spec.id)}/init`),
      );
      const state = await this.#docker.getContainer(containerName(spec.id)).inspect();
      const made = { ...(await this.#running(spec, state)), startedAt: clock.now(), prepared: true };
      this.#known.set(spec.id, knownOf(made));
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
      if (files.identity) this.#writeIdentity(spec.id, files.identity);
      if (files.volumes) this.#volumesOf(spec).renew(spec.volumes ?? [], files.volumes);
      await this.#docker.getContainer(containerName(spec.id)).start();
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

  async renewFiles(id: string, { identity, volumes }: InstanceFiles): Promise<void> {
    const known = this.#known.get(id);
    if (!known || known.exit) return;
    if (identity) this.#writeIdentity(id, identity);
    if (volumes) this.#volumesOf(known.spec).renew(known.spec.volumes ?? [], volumes);
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
    const container = this.#docker.getContainer(containerName(id));
    try {
      await container.stop({ t: Math.ceil(graceSeconds) });
    } catch (error) {
      if (isGone(error)) return;
      const NOT_RUNNING = 304;
      if (!(error instanceof Error && "statusCode" in error && error.statusCode === NOT_RUNNING)) throw error;
    }
    if (known) known.exit ??= exitOf(id, await container.inspect());
  }

  async list(): Promise<RunningInstance[]> {
    const found = await this.#docker.listContainers({ all: true, filters: { label: [`${LABELS.owner}=${this.#options.owner}`] } });
    const running: RunningInstance[] = [];
    const ended: InstanceExit[] = [];
    for (const { Id, Labels } of found) {
      const spec = JSON.parse(Labels[LABELS.spec] ?? "null") as InstanceSpec | null;
      if (!spec) continue;
      const state = await this.#docker.getContainer(Id).inspect().catch(nothingIfGone);
      if (!state) continue;
      const known = this.#known.get(spec.id);
      if (state.State.Running) {
        const instance = await this.#running(spec, state);
        running.push(instance);
        if (known) continue;
        this.#known.set(spec.id, knownOf(instance));
        this.#watch(spec.id);
      } else if (state.State.Pid > 0 && Date.parse(state.State.StartedAt) <= 0) {
        if (this.#starting.has(spec.id)) continue;
        const instance = { ...(await this.#running(spec, state)), startedAt: Date.parse(state.Created), prepared: true };
        running.push(instance);
        if (!known) this.#known.set(spec.id, knownOf(instance));
      } else if (Date.parse(state.State.StartedAt) <= 0 || state.State.Status === "created" || state.State.Status === "configured") {
        // Ebb died between making it and starting it.
        if (!this.#starting.has(spec.id)) await this.#discard(spec.id);
      } else if (!known) {
        const exit = exitOf(spec.id, state);
        this.#known.set(spec.id, { spec, startedAt: Date.parse(state.State.StartedAt), exit, stopping: false });
        ended.push(exit);
      }
    }
    const used = new Set([...this.#known.values()].flatMap(({ exit, spec: { id } }) => (exit ? [] : splitPartId(id).main)));
    for (const id of this.#starting) used.add(splitPartId(id).main);
    for (const { Labels } of found) if (Labels[GROUP_LABEL] && !used.has(Labels[GROUP_LABEL])) await this.closeGroup(Labels[GROUP_LABEL]);
    for (const exit of ended) this.#exits.emit(exit);
    return running;
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
        return readContainerLog(this.#docker.getContainer(containerName(id)), options, this.#closed.signal)[Symbol.asyncIterator]();
      },
    };
  }

  exec(id: string, command: string[], timeoutSeconds: number): Promise<ExecResult> {
    return execInContainer(this.#docker.getContainer(containerName(id)), { command, timeoutSeconds, clock: this.#options.clock });
  }

  async openSession(id: string, request: SessionRequest): Promise<Session> {
    const known = this.#known.get(id);
    if (!known || known.exit) throw new UserError("InstanceNotRunning", `the instance ${id} is not running`);
    return openContainerSession(this.#docker.getContainer(containerName(id)), request, this.#options.clock);
  }

  async reach(id: string, port: number): Promise<Address> {
    const known = this.#known.get(id);
    const state = known && !known.exit ? await this.#docker.getContainer(containerName(id)).inspect().catch(nothingIfGone) : undefined;
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
    const known = this.#known.get(id);
    const state = await this.#docker.getContainer(containerName(id)).inspect().catch(nothingIfGone);
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

  close(): Promise<void> {
    this.#closed.abort();
    this.#gone.close();
    return Promise.resolve();
  }

  #writeIdentity(id: string, identity: NonNullable<InstanceFiles["identity"]>): void {
    mkdirSync(this.#options.identities, { recursive: true, mode: 0o700 });
    // Whatever user its program becomes can read it; nobody else comes this far.
    writeIdentity(this.#identityOf(id), identity, { mode: 0o755 });
  }

  #identityOf(id: string): string {
    return join(this.#options.identities, id);
  }

  /** Those of its group, if it is in one. */
  #volumesOf(spec: Pick<InstanceSpec, "id" | "memberOf">): InstanceVolumes {
    return new InstanceVolumes(this.#options.volumes, spec.memberOf?.group ?? spec.id);
  }

  /** The container of one that has ended is there, unless the network that it was in is not. */
  async #make(spec: InstanceSpec, there: boolean): Promise<Docker.Container> {
    const group = groupOf(spec)?.group;
    const sandbox =
      group === undefined ? "there" : await this.#sandboxes.ensure(group, sandboxOptions(spec, group, await this.#context(spec)));
    const asNew = sandbox === "new" || (sandbox === "again" && asksForAddress(spec));
    if (there && !asNew) return this.#docker.getContainer(containerName(spec.id));
    if (there) await this.#remove(spec.id);
    return this.#create(spec);
  }

  async #create(spec: InstanceSpec): Promise<Docker.Container> {
    if (spec.security?.nonRoot) await this.#refuseRoot(spec);
    const options = containerOptions(spec, { ...(await this.#context(spec)), address: await this.#addressOf(spec) });
    return this.#images.make(imageOf(spec), () => this.#docker.createContainer(options));
  }

  async #context(spec: InstanceSpec): Promise<ContainerContext> {
    this.#network ??= ensureNetwork(this.#options.engine).catch((error: unknown) => {
      this.#network = undefined;
      throw error;
    });
    const { engine, owner, dns, maxLogBytes = DEFAULT_LOG_BYTES } = this.#options;
    const folder = this.#identityOf(spec.id);
    const identity = existsSync(folder) ? folder : undefined;
    const { volumes = [], mounts = [] } = spec;
    const group = groupOf(spec)?.group;
    return {
      engine,
      owner,
      dns,
      maxLogBytes,
      identity,
      network: await this.#network,
      ulimits: this.#ulimits,
      ...(group === undefined ? {} : { sandbox: sandboxName(group) }),
      mounts: this.#volumesOf(spec).mounts(volumes, mounts, allMounts(spec)),
    };
  }

  /** Of one that must be told before it starts: that of its group's network, which is there by then. */
  async #addressOf(spec: InstanceSpec): Promise<string | undefined> {
    const group = asksForAddress(spec) ? groupOf(spec)?.group : undefined;
    if (group === undefined) return undefined;
    return this.#options.engine.rootless ? LOOPBACK : insideAddress(await this.#sandboxes.inspect(group));
  }

  /** As the kubelet checks `runAsNonRoot`, in its words. */
  async #refuseRoot({ artifact, security }: InstanceSpec): Promise<void> {
    const image = artifact.kind === "image" ? await this.#images.inspect(artifact.reference) : undefined;
    const refusal = rootRefusal(security?.user, image?.Config?.User ?? "");
    if (refusal !== undefined) throw new UserError("CreateContainerConfigError", refusal);
  }

  /** Acts on it; where this machine refuses the engine's default limits, it is made again with smaller ones, and so are all after it. */
  async #withLimits(spec: InstanceSpec, container: Docker.Container, act: (made: Docker.Container) => Promise<unknown>): Promise<void> {
    try {
      await act(container);
    } catch (error) {
      if (!isLimitRefusal(error)) throw error;
      // Another that was made before that was known may have been refused first.
      if (!this.#ulimits)
        this.#options.log.info({ error }, "the engine's default limits are above this machine's: smaller ones from now on");
      this.#ulimits = true;
      await this.#remove(spec.id);
      await act(await this.#create(spec));
    }
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
          await container.wait({ abortSignal: signal });
          const state = await container.inspect();
          const known = this.#known.get(id);
          if (!known || known.exit || signal.aborted) return;
          known.exit = exitOf(id, state, known.evicted);
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
    void guardVolumes(known.spec, this.#volumesOf(known.spec), {
      clock,
      log,
      runs: () => this.#known.get(id) === known && !known.exit && !known.stopping && !signal.aborted,
      closed: signal,
      evict: (message) => {
        known.evicted = message;
        return container.kill();
      },
    });
  }

  async #running(spec: InstanceSpec, state: Docker.ContainerInspectInfo): Promise<RunningInstance> {
    const group = groupOf(spec)?.group;
    const place = group === undefined ? state : await this.#sandboxes.inspect(group);
    const published = place.NetworkSettings.Ports?.[`${spec.port}/tcp`]?.[0]?.HostPort;
    const { rootless } = this.#options.engine;
    const address = rootless ? { host: LOOPBACK, port: Number(published) } : { host: insideAddress(place), port: spec.port };
    return { spec, address, startedAt: Date.parse(state.State.StartedAt), ...placeOf(state.State.Pid) };
  }

  /** With what only it had. */
  async #discard(id: string): Promise<void> {
    await this.#remove(id);
    await rm(this.#identityOf(id), { recursive: true, force: true });
    // Parts have none of their own; those of their instance go with it, which is forgotten last.
    await this.#volumesOf({ id }).remove();
  }

  async #remove(id: string): Promise<void> {
    try {
      await this.#docker.getContainer(containerName(id)).remove({ force: true, v: true });
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }
}

function imageOf(spec: InstanceSpec): string {
  if (spec.artifact.kind === "image") return spec.artifact.reference;
  throw new BugError("not_an_image", `${spec.id} is a bundle, which the container driver does not run`);
}

const LOOPBACK = "127.0.0.1";

function insideAddress({ NetworkSettings }: Docker.ContainerInspectInfo): string {
  return Object.values(NetworkSettings.Networks ?? {})[0]?.IPAddress ?? "";
}

function nothingIfGone(error: unknown): undefined {
  if (!isGone(error)) throw error;
}
