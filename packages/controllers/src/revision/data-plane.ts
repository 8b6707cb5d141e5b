import { isDeepStrictEqual } from "node:util";
import type { Clock, Logger } from "@ebb/base";
import type { Backend, Endpoint, FrozenEndpoint, StartingEndpoint } from "@ebb/gateway";
import type { InstanceManager, InstancePhase, InstanceStatus, Workload } from "@ebb/runtime";
import { splitKey } from "../engine/keys.ts";
import { within } from "../engine/within.ts";
import type { GatewayPort } from "../ports.ts";
import type { InstanceQuotas } from "../quota/instance-quotas.ts";

/** Neither serving nor becoming so. */
const ASIDE: ReadonlySet<InstancePhase> = new Set(["draining", "ended", "frozen", "prepared"]);
/** A gateway that takes longer is away; the caller tries again. */
const GATEWAY_PATIENCE = 5000;

interface DataPlaneServices {
  /** What is counted before it may run is not thawed behind the back of who counts. */
  quotas: Pick<InstanceQuotas, "governs">;
  clock: Clock;
  log: Logger;
}

interface Declared {
  backend: Omit<Backend, "endpoints">;
  sent?: Backend;
  /** Of the last put; settles when the gateway serves by it. */
  applied: Promise<void>;
}

/**
 * Revisions as the runtime and the gateway know them. Endpoints follow the instances at once, without the API in between.
 *
 * Invariants: an endpoint is in the gateway only while its instance is ready, or as one that is frozen, prepared or starting, while that would be taken for whoever asks; a backend
 * that did not change is not sent again.
 */
export class DataPlane {
  readonly #instances: InstanceManager;
  readonly #gateway: GatewayPort;
  readonly #quotas: Pick<InstanceQuotas, "governs">;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #declared = new Map<string, Declared>();
  readonly #workloads = new Map<string, Workload>();

  constructor(instances: InstanceManager, gateway: GatewayPort, services: DataPlaneServices) {
    this.#instances = instances;
    this.#gateway = gateway;
    this.#quotas = services.quotas;
    this.#clock = services.clock;
    this.#log = services.log;
  }

  /** All workloads there are, at the start. */
  adopt(workloads: readonly Workload[]): void {
    for (const workload of workloads) this.#workloads.set(workload.key, workload);
    this.#instances.setWorkloads(workloads);
  }

  /** `workload` is absent while it cannot be described: what runs is kept as it was started. */
  declare(backend: Omit<Backend, "endpoints">, workload: Workload | undefined): void {
    const { key } = backend;
    if (workload && !isDeepStrictEqual(this.#workloads.get(key), workload)) {
      this.#workloads.set(key, workload);
      this.#instances.putWorkload(workload);
    }
    const declared = this.#declared.get(key);
    if (declared) declared.backend = backend;
    else this.#declared.set(key, { backend, applied: Promise.resolve() });
    this.sync(key);
  }

  remove(key: string): void {
    this.#workloads.delete(key);
    this.#instances.removeWorkload(key);
    if (this.#declared.delete(key)) this.#note(key, this.#gateway.removeBackend(key));
  }

  /** What its instances are handed has changed. */
  renewFiles(key: string): void {
    if (this.#workloads.get(key)?.template.volumes) this.#instances.renewFiles(key);
  }

  /** Sends the backend to the gateway if it is not what the gateway has. */
  sync(key: string): void {
    const declared = this.#declared.get(key);
    if (!declared) return;
    const frozen = this.#mayThaw(key, declared.backend) ? this.#frozen(key) : [];
    const starting = declared.backend.unavailable === undefined ? this.#starting(key) : [];
    const backend: Backend = {
      ...declared.backend,
      endpoints: this.#endpoints(key),
      ...(frozen.length > 0 ? { frozen } : {}),
      ...(starting.length > 0 ? { starting } : {}),
    };
    if (isDeepStrictEqual(backend, declared.sent)) return;
    declared.sent = backend;
    declared.applied = this.#gateway.putBackend(backend);
    this.#note(key, declared.applied);
  }

  /** There is a quota now, or none any more. */
  syncNamespace(namespace: string): void {
    for (const key of this.#declared.keys()) if (splitKey(key).namespace === namespace) this.sync(key);
  }

  /** Resolves when the gateway has the endpoints as they are; throws TransientError when it does not answer. */
  async applied(key: string): Promise<void> {
    const declared = this.#declared.get(key);
    if (declared) await within(this.#clock, GATEWAY_PATIENCE, "the gateway", declared.applied);
  }

  ready(key: string): number {
    return this.#instances.instances(key).filter(isServing).length;
  }

  instances(key: string): readonly InstanceStatus[] {
    return this.#instances.instances(key).filter(({ phase }) => !ASIDE.has(phase));
  }

  has(key: string): boolean {
    return this.#workloads.has(key);
  }

  #endpoints(key: string): Endpoint[] {
    return this.#instances
      .instances(key)
      .filter(isServing)
      .flatMap(({ id, address }) => (address ? [{ id, host: address.host, port: address.port }] : []));
  }

  /** Those that the gateway may thaw by itself. */
  #frozen(key: string): FrozenEndpoint[] {
    return this.#instances
      .instances(key)
      .flatMap(({ id, address, thawFile }) => (address && thawFile !== undefined ? [{ id, ...address, thawFile }] : []));
  }

  /** Those that the gateway may find ready by itself, and those whose program it may let go. */
  #starting(key: string): StartingEndpoint[] {
    const governed = this.#quotas.governs(key);
    return this.#instances
      .instances(key)
      .flatMap(({ id, trial }) => (trial && !(governed && trial.gateFile !== undefined) ? [{ id, ...trial }] : []));
  }

  #mayThaw(key: string, { unavailable }: Omit<Backend, "endpoints">): boolean {
    return unavailable === undefined && !this.#quotas.governs(key);
  }

  #note(key: string, promise: Promise<void>): void {
    promise.catch((error: unknown) => this.#log.warn({ revision: key, error }, "the gateway did not take a backend"));
  }
}

function isServing({ phase }: InstanceStatus): boolean {
  return phase === "ready";
}
