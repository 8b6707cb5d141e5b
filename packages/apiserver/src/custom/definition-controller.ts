import { isDeepStrictEqual } from "node:util";
import { WorkQueue, type Clock, type Logger, type Runnable } from "@ebb/base";
import {
  CLEANUP_FINALIZER,
  CustomResourceDefinitions,
  isStatus,
  kindsOfDefinition,
  type CustomResourceDefinition,
  type KubeObject,
} from "@ebb/kube";
import type { Registry } from "../registry/registry.ts";
import type { RequestContext } from "../registry/request-context.ts";
import { keyOf, resourceOf } from "../registry/selection.ts";
import type { Store, StoreEvent } from "../store/store.ts";
import { definitionStatus, isEstablished } from "./definition-status.ts";

const CONTEXT: RequestContext = { user: { name: "system:apiserver", groups: ["system:masters"] } };
const DEFINITIONS = resourceOf(CustomResourceDefinitions);

export interface DefinitionDeps {
  store: Store;
  registry: Registry;
  clock: Clock;
  log: Logger;
}

/** Accepts definitions of custom resources, and empties those that are being deleted. Level-based, as the garbage collector is. */
export class DefinitionController implements Runnable {
  readonly name = "custom resource definitions";
  readonly #deps: DefinitionDeps;
  readonly #queue: WorkQueue;
  #unsubscribe: () => void = () => undefined;

  constructor(deps: DefinitionDeps) {
    this.#deps = deps;
    this.#queue = new WorkQueue({ name: this.name, clock: deps.clock, log: deps.log, handle: (name) => this.#handle(name) });
  }

  async start(): Promise<void> {
    this.#unsubscribe = this.#deps.store.onCommit((events) => {
      for (const event of events) this.#observe(event);
    });
    for (const { metadata } of this.#definitions()) this.#queue.add(metadata.name);
  }

  async stop(): Promise<void> {
    this.#unsubscribe();
    await this.#queue.stop();
  }

  #observe({ key, type }: StoreEvent): void {
    if (key.resource === DEFINITIONS) {
      this.#queue.add(key.name);
      // A name that is free again may be another's.
      if (type === "DELETED") for (const other of this.#definitions()) if (!isEstablished(other)) this.#queue.add(other.metadata.name);
    } else if (type === "DELETED" && this.#find(key.resource)?.metadata.deletionTimestamp) this.#queue.add(key.resource);
  }

  #definitions(): readonly CustomResourceDefinition[] {
    return this.#deps.store.list(DEFINITIONS).objects as readonly CustomResourceDefinition[];
  }

  /** A definition is called as the resource that it defines. */
  #find(name: string): CustomResourceDefinition | undefined {
    return this.#deps.store.get(keyOf(CustomResourceDefinitions, undefined, name)) as CustomResourceDefinition | undefined;
  }

  async #handle(name: string): Promise<void> {
    const definition = this.#find(name);
    if (!definition) return;
    if (definition.metadata.deletionTimestamp) return this.#empty(definition);
    const status = definitionStatus(definition, this.#definitions(), this.#deps.clock.now());
    if (isDeepStrictEqual(status, definition.status)) return;
    await this.#modify(name, (current) => ({ ...current, status }), "status");
  }

  async #empty(definition: CustomResourceDefinition): Promise<void> {
    const { store, registry } = this.#deps;
    const { name, finalizers = [] } = definition.metadata;
    if (!finalizers.includes(CLEANUP_FINALIZER)) return;
    const [kind] = kindsOfDefinition(definition);
    const objects = store.list(name).objects;
    for (const { metadata } of objects) {
      if (!kind || metadata.deletionTimestamp) continue;
      const target = { kind, namespace: metadata.namespace, name: metadata.name };
      await registry.delete(target, { propagationPolicy: "Background" }, CONTEXT).catch(ignoreGone);
    }
    // What has finalizers of its own brings this back here when it goes.
    if (store.list(name).objects.length > 0) return;
    await this.#modify(name, (current) => ({
      ...current,
      metadata: { ...current.metadata, finalizers: finalizers.filter((each) => each !== CLEANUP_FINALIZER) },
    }));
  }

  async #modify(name: string, change: (current: KubeObject) => KubeObject, subresource?: "status"): Promise<void> {
    await this.#deps.registry.modify({ kind: CustomResourceDefinitions, name }, change, CONTEXT, subresource).catch(ignoreGone);
  }
}

function ignoreGone(error: unknown): void {
  if (!isStatus(error, "NotFound")) throw error;
}
