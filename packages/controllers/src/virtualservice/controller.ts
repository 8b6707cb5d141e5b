import { rfc3339 } from "@ebb/base";
import { VirtualServices, type Condition, type IstioStatus, type VirtualService } from "@ebb/kube";
import type { Context } from "../context.ts";
import { applyStatus } from "../engine/apply.ts";
import { Controller } from "../engine/controller.ts";
import { keyOf, splitKey } from "../engine/keys.ts";
import type { Ingress } from "../route/ingress.ts";
import { fullHost } from "./destination.ts";
import { entryKey, translate, type Sources } from "./translate.ts";

const RETRY = 1000;

/** VirtualServices: rules to the gateway, and to the status whether it has them (istio's `Reconciled`). */
export class VirtualServiceController {
  readonly controller: Controller;
  readonly #context: Context;
  readonly #ingress: Ingress;
  readonly #sources: Sources;

  constructor(context: Context, ingress: Ingress) {
    this.#context = context;
    this.#ingress = ingress;
    const { clock, log, virtualServices, istioGateways, destinationRules } = context;
    this.#sources = {
      gateway: (namespace, name) => istioGateways.get(namespace, name),
      virtualService: (namespace, name) => virtualServices.get(namespace, name),
      destinationRule: (namespace, host) =>
        destinationRules.list().find(({ metadata, spec }) => metadata.namespace === namespace && fullHost(spec.host, namespace) === host),
    };
    this.controller = new Controller({ name: "virtualservice", clock, log, reconcile: (key) => this.#reconcile(key) });
    virtualServices.onChange(({ object }) => {
      this.controller.add(keyOf(object));
      // A delegate has no hosts of its own.
      if ((object.spec.hosts ?? []).length === 0) this.#addAll();
    });
    istioGateways.onChange(() => this.#addAll());
    destinationRules.onChange(() => this.#addAll());
  }

  /** Puts the rules into the first table; resolves when the gateway has it. */
  async adopt(): Promise<void> {
    await Promise.all(
      this.#context.virtualServices
        .list()
        .filter(({ metadata }) => !metadata.deletionTimestamp)
        .map(async (service) => {
          const { entry } = translate(service, this.#sources);
          if (entry.hosts.length > 0) await this.#ingress.adopt(entry, isReconciled(service));
        }),
    );
  }

  #addAll(): void {
    for (const service of this.#context.virtualServices.list()) this.controller.add(keyOf(service));
  }

  async #reconcile(key: string): Promise<number | void> {
    const { virtualServices, client, clock } = this.#context;
    const { namespace, name } = splitKey(key);
    const service = virtualServices.get(namespace, name);
    if (!service || service.metadata.deletionTimestamp) return await this.#ingress.remove(`virtualservice:${key}`);
    const { entry, problems } = translate(service, this.#sources);
    if (entry.hosts.length === 0) await this.#ingress.remove(entryKey(service));
    const programmed = entry.hosts.length === 0 ? { state: "ready" as const } : await this.#ingress.program(entry);
    const waiting = programmed.state === "ready" ? undefined : programmed.message;
    await applyStatus(client, VirtualServices, { object: service, status: statusOf(service, { waiting, problems }, clock.now()) });
    return waiting === undefined ? undefined : RETRY;
  }
}

function isReconciled({ status }: VirtualService): boolean {
  return status?.conditions?.some(({ type, status: is }) => type === "Reconciled" && is === "True") ?? false;
}

const NOT_FOUND: NonNullable<IstioStatus["validationMessages"]> = [
  {
    type: { name: "ReferencedResourceNotFound", code: "IST0101" },
    level: "ERROR",
    documentationUrl: "https://istio.io/latest/docs/reference/config/analysis/ist0101/",
  },
];

/** As istiod writes it with status enabled: in force at how many gateways, and what its analysis has found. */
export function statusOf(
  service: VirtualService,
  found: { waiting: string | undefined; problems: readonly string[] },
  now: number,
): IstioStatus {
  const { waiting, problems } = found;
  const text = waiting ?? ["1/1 proxies up to date.", ...problems].join(" ");
  const status = waiting === undefined ? "True" : "False";
  const before = service.status?.conditions?.find(({ type }) => type === "Reconciled");
  const kept = before?.status === status ? before.lastTransitionTime : undefined;
  const condition: Condition = { type: "Reconciled", status, lastTransitionTime: kept ?? rfc3339(now), message: text };
  const { generation } = service.metadata;
  return {
    conditions: [condition],
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    ...(problems.length > 0 ? { validationMessages: NOT_FOUND } : {}),
  };
}
