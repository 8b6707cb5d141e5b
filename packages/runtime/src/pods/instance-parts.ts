import type { EndedInstance, InstanceExit, InstanceFiles, InstanceSpec, PartStatus, RunningInstance } from "../port.ts";
import { ManagedPart, type PartDeps } from "./managed-part.ts";
import { partInstance } from "./parts.ts";

/** What a driver found when Ebb came back. */
interface Found {
  running: readonly RunningInstance[];
  ended: readonly EndedInstance[];
}

/** The further programs of one instance, from its first start until it is forgotten. */
export class InstanceParts {
  /** What the instance was handed last. */
  files: InstanceFiles = {};
  isStarting = false;
  readonly #parts: readonly ManagedPart[];
  readonly #driver: PartDeps["driver"];
  readonly #group: string;

  constructor(spec: InstanceSpec, deps: Omit<PartDeps, "files">) {
    this.#driver = deps.driver;
    this.#group = spec.id;
    this.#parts = (spec.parts ?? []).map((part) => new ManagedPart(part, partInstance(spec, part), { ...deps, files: () => this.files }));
  }

  statuses(): PartStatus[] {
    return this.#parts.map((part) => part.status());
  }

  get specs(): InstanceSpec[] {
    return this.#parts.map(({ spec }) => spec);
  }

  /** What is on the CPU when the instance is. */
  get sidecars(): string[] {
    return this.#sidecars.map(({ spec }) => spec.id);
  }

  /** Runs those of the role `init` that have not yet succeeded, one after the other. Throws why one does not. */
  async initialize(signal: AbortSignal): Promise<void> {
    this.isStarting = true;
    try {
      for (const part of this.#parts) if (part.part.role === "init") await part.finish(signal);
    } finally {
      this.isStarting = false;
    }
  }

  /** The sidecars that do not run yet. */
  start(): void {
    for (const part of this.#sidecars) part.start();
  }

  /** Those of one that `runs` are kept running. */
  adopt({ running, ended }: Found, runs: boolean): void {
    for (const part of this.#parts) {
      const found = running.find(({ spec }) => spec.id === part.spec.id);
      const before = ended.find(({ spec }) => spec.id === part.spec.id);
      if (found && runs) part.adopt(found);
      else if (before) part.recall(before);
    }
    if (runs) this.start();
  }

  exited(name: string, exit: InstanceExit): void {
    this.#parts.find(({ part }) => part.name === name)?.exited(exit);
  }

  pause(): void {
    for (const part of this.#sidecars) part.pause();
  }
  resume(): void {
    for (const part of this.#sidecars) part.resume();
  }

  async renew(files: InstanceFiles): Promise<void> {
    this.files = { ...this.files, ...files, volumes: { ...this.files.volumes, ...files.volumes } };
    for (const { spec } of this.#parts) await this.#driver.renewFiles(spec.id, files);
  }

  /** For good, with what they share with the instance, which has ended. */
  async stop(graceSeconds: number): Promise<void> {
    await Promise.all(this.#parts.map((part) => part.stop(graceSeconds)));
    await this.#driver.closeGroup?.(this.#group);
  }

  letGo(): void {
    for (const part of this.#parts) part.letGo();
  }

  get #sidecars(): ManagedPart[] {
    return this.#parts.filter(({ part }) => part.role === "sidecar");
  }
}
