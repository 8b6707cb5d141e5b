import { isDeepStrictEqual } from "node:util";
import { WorkQueue, type Clock, type Logger, type Runnable } from "@ebb/base";
import { AdmissionPolicies, CustomResourceDefinitions, expressionWarnings, isStatus, type AdmissionPolicy, type Kind } from "@ebb/kube";
import type { Registry } from "../registry/registry.ts";
import type { RequestContext } from "../registry/request-context.ts";
import { keyOf, resourceOf } from "../registry/selection.ts";
import type { Store } from "../store/store.ts";

const CONTEXT: RequestContext = { user: { name: "system:apiserver", groups: ["system:masters"] } };
const POLICIES = resourceOf(AdmissionPolicies);
const DEFINITIONS = resourceOf(CustomResourceDefinitions);

export interface PolicyStatusDeps {
  store: Store;
  registry: Registry;
  kinds: { readonly all: readonly Kind[] };
  clock: Clock;
  log: Logger;
}

/** Tells in a policy's status what of it does not fit the kinds that it is about; k8s.io/kubernetes pkg/controller/validatingadmissionpolicystatus. */
export class PolicyStatusController implements Runnable {
  readonly name = "admission policies";
  readonly #deps: PolicyStatusDeps;
  readonly #queue: WorkQueue;
  #unsubscribe: () => void = () => undefined;

  constructor(deps: PolicyStatusDeps) {
    this.#deps = deps;
    this.#queue = new WorkQueue({ name: this.name, clock: deps.clock, log: deps.log, handle: (name) => this.#handle(name) });
  }

  async start(): Promise<void> {
    this.#unsubscribe = this.#deps.store.onCommit((events) => {
      for (const { key } of events) {
        if (key.resource === POLICIES) this.#queue.add(key.name);
        // A kind that a policy is about may have come, or changed.
        else if (key.resource === DEFINITIONS) this.#addAll();
      }
    });
    this.#addAll();
  }

  async stop(): Promise<void> {
    this.#unsubscribe();
    await this.#queue.stop();
  }

  #addAll(): void {
    for (const { metadata } of this.#deps.store.list(POLICIES).objects) this.#queue.add(metadata.name);
  }

  async #handle(name: string): Promise<void> {
    const { store, registry, kinds } = this.#deps;
    const policy = store.get(keyOf(AdmissionPolicies, undefined, name)) as AdmissionPolicy | undefined;
    if (!policy) return;
    const warnings = expressionWarnings(policy, kinds.all);
    const status = {
      ...policy.status,
      observedGeneration: policy.metadata.generation,
      typeChecking: warnings.length > 0 ? { expressionWarnings: warnings } : {},
    };
    if (isDeepStrictEqual(status, policy.status)) return;
    try {
      await registry.modify({ kind: AdmissionPolicies, name }, (current) => ({ ...current, status }), CONTEXT, "status");
    } catch (error) {
      if (!isStatus(error, "NotFound")) throw error;
    }
  }
}
