import { Signal, UserError, type Clock, type Logger } from "@ebb/base";
import type {
  Driver,
  EndedInstance,
  InstanceExit,
  InstanceFiles,
  InstanceSpec,
  ResourceUsage,
  RunningInstance,
  StartOptions,
} from "../port.ts";
import { ProbePace } from "../probes/pace.ts";
import { InstanceParts } from "./instance-parts.ts";
import { groupOf, splitPartId } from "./parts.ts";

interface PodDriverDeps {
  clock: Clock;
  log: Logger;
}

/**
 * Makes of a driver that runs single programs in groups one that runs instances of several: an instance with parts is its serving program, which
 * is known by the instance's id, and others that are instances of the driver below, by `INSTANCE.PART`. Their logs and sessions are had by those ids.
 */
export function withParts(driver: Driver, deps: PodDriverDeps): Driver {
  const pods = new Pods(driver, deps);
  return {
    name: driver.name,
    prepare: async (spec, signal) => {
      for (const each of [spec, ...pods.partsOf(spec)]) await driver.prepare?.(each, signal);
    },
    ...(driver.digestOf ? { digestOf: (reference, options) => driver.digestOf?.(reference, options) ?? Promise.resolve(undefined) } : {}),
    ...(driver.initialise ? { initialise: (spec, files) => pods.initialise(spec, files) } : {}),
    ...(driver.foresee ? { foresee: (spec) => pods.foresee(spec) } : {}),
    start: (spec, files, options) => pods.start(spec, files, options),
    renewFiles: (id, files) => pods.renewFiles(id, files),
    stop: (id, graceSeconds, scope) => pods.stop(id, graceSeconds, scope),
    list: () => pods.list(),
    ended: () => pods.ended(),
    logs: (id, options) => driver.logs(id, options),
    exec: (id, command, timeoutSeconds) => driver.exec(id, command, timeoutSeconds),
    openSession: (id, request) => driver.openSession(id, request),
    reach: (id, port) => driver.reach(id, port),
    freeze: (id) => pods.freeze(id),
    thaw: (id) => pods.thaw(id),
    // Of one with sidecars a single file thaws a part only.
    thawFile: (id) => (pods.find(id)?.sidecars.length ? undefined : driver.thawFile?.(id)),
    usage: (id) => pods.usage(id),
    diagnose: (id) => driver.diagnose(id),
    forget: (id) => pods.forget(id),
    parts: (id) => pods.find(id)?.statuses(),
    onPartChange: (listener) => pods.changes.on(listener),
    onExit: (listener) => pods.exits.on(listener),
    close: () => pods.close(),
  };
}

class Pods {
  readonly exits = new Signal<InstanceExit>();
  readonly changes = new Signal<string>();
  readonly #driver: Driver;
  readonly #deps: PodDriverDeps;
  readonly #pods = new Map<string, InstanceParts>();
  readonly #pace = new ProbePace();

  constructor(driver: Driver, deps: PodDriverDeps) {
    this.#driver = driver;
    this.#deps = deps;
    driver.onExit((exit) => {
      const { main, part } = splitPartId(exit.id);
      if (part === undefined) this.exits.emit(exit);
      else this.#pods.get(main)?.exited(part, exit);
    });
  }

  find(id: string): InstanceParts | undefined {
    return this.#pods.get(id);
  }

  partsOf(spec: InstanceSpec): InstanceSpec[] {
    return groupOf(spec) ? this.#pod(spec).specs : [];
  }

  async start(spec: InstanceSpec, files: InstanceFiles = {}, options: StartOptions = {}): Promise<RunningInstance> {
    if (!groupOf(spec)) return this.#driver.start(spec, files, options);
    const pod = this.#pod(spec);
    pod.files = files;
    await pod.initialize(options.signal ?? new AbortController().signal);
    const running = await this.#driver.start(spec, files);
    pod.start();
    return running;
  }

  async foresee(spec: InstanceSpec): Promise<void> {
    if (!groupOf(spec)) await this.#driver.foresee?.(spec);
  }

  /** What waits for others before it starts cannot be made ahead of them. */
  async initialise(spec: InstanceSpec, files: InstanceFiles | undefined): Promise<RunningInstance> {
    if (groupOf(spec) || !this.#driver.initialise)
      throw new UserError("NotPrepared", "an instance that waits for others, or for its address, is not prepared");
    return this.#driver.initialise(spec, files);
  }

  async renewFiles(id: string, files: InstanceFiles): Promise<void> {
    await this.#driver.renewFiles(id, files);
    await this.#pods.get(id)?.renew(files);
  }

  /** The one that serves first, as it may need the others until it has ended. */
  async stop(id: string, graceSeconds: number, scope: "instance" | "program" = "instance"): Promise<void> {
    await this.#driver.stop(id, graceSeconds);
    if (scope === "instance") await this.#pods.get(id)?.stop(graceSeconds);
  }

  async list(): Promise<RunningInstance[]> {
    const running = await this.#driver.list();
    const ended = await this.#driver.ended();
    const mains = running.filter(({ spec }) => !spec.memberOf);
    const kept = new Set([...mains, ...ended].map(({ spec }) => spec.id));
    for (const { spec } of [...mains, ...ended].filter(({ spec }) => !spec.memberOf && groupOf(spec) && !this.#pods.has(spec.id)))
      this.#pod(spec).adopt(
        { running, ended },
        mains.some((main) => main.spec.id === spec.id),
      );
    // Ebb died before what they are parts of was started, or that ended meanwhile.
    const lost = running.filter(({ spec }) => spec.memberOf && !mains.some((main) => main.spec.id === spec.memberOf?.group));
    for (const { spec } of lost.filter(({ spec: { memberOf } }) => !this.#pods.get(memberOf?.group ?? "")?.isStarting)) {
      await this.#driver.stop(spec.id, spec.terminationGraceSeconds);
      if (!kept.has(spec.memberOf?.group ?? "")) await this.#driver.forget(spec.id);
    }
    return mains;
  }

  async ended(): Promise<EndedInstance[]> {
    return (await this.#driver.ended()).filter(({ spec }) => !spec.memberOf);
  }

  async freeze(id: string): Promise<void> {
    const pod = this.#pods.get(id);
    pod?.pause();
    for (const each of [id, ...(pod?.sidecars ?? [])]) await this.#driver.freeze(each);
  }

  async thaw(id: string): Promise<void> {
    const pod = this.#pods.get(id);
    for (const each of [...(pod?.sidecars ?? []), id]) await this.#driver.thaw(each);
    pod?.resume();
  }

  usage(id: string): ResourceUsage | undefined {
    const own = this.#driver.usage(id);
    const others = (this.#pods.get(id)?.sidecars ?? []).map((part) => this.#driver.usage(part));
    return own && others.reduce<ResourceUsage>((sum, used) => (used ? addUsage(sum, used) : sum), own);
  }

  async forget(id: string): Promise<void> {
    const pod = this.#pods.get(id);
    this.#pods.delete(id);
    for (const { id: part } of pod?.specs ?? []) await this.#driver.forget(part);
    await this.#driver.forget(id);
  }

  async close(): Promise<void> {
    for (const pod of this.#pods.values()) pod.letGo();
    await this.#driver.close();
  }

  #pod(spec: InstanceSpec): InstanceParts {
    let pod = this.#pods.get(spec.id);
    if (!pod) {
      pod = new InstanceParts(spec, { ...this.#deps, pace: this.#pace, driver: this.#driver, changed: () => this.changes.emit(spec.id) });
      this.#pods.set(spec.id, pod);
    }
    return pod;
  }
}

function addUsage(a: ResourceUsage, b: ResourceUsage): ResourceUsage {
  return { cpuMs: a.cpuMs + b.cpuMs, memoryBytes: a.memoryBytes + b.memoryBytes };
}
