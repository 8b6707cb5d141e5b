import {
  ALL_KINDS,
  APIServices,
  ComponentStatuses,
  CustomResourceDefinitions,
  kindsOfDefinition,
  NodeMetrics,
  PodMetrics,
  type CustomResourceDefinition,
  type Kind,
} from "@ebb/kube";
import { resourceOf } from "../registry/selection.ts";
import type { Store } from "../store/store.ts";
import { isEstablished } from "./definition-status.ts";

/** All kinds that are stored: those that come with the cluster, and those of the definitions that were accepted. */
export class KindTable {
  readonly #store: Store;
  readonly #unsubscribe: () => void;
  /** Made anew when a definition changes: who caches by it is never behind. */
  #kinds: { all: readonly Kind[]; served: readonly Kind[]; stored: ReadonlyMap<string, Kind> } | undefined;

  constructor(store: Store) {
    this.#store = store;
    const definitions = resourceOf(CustomResourceDefinitions);
    this.#unsubscribe = store.onCommit((events) => {
      if (events.some(({ key }) => key.resource === definitions)) this.#kinds = undefined;
    });
  }

  get all(): readonly Kind[] {
    return this.#current.all;
  }

  /** With those that are measured when they are read. */
  get served(): readonly Kind[] {
    return this.#current.served;
  }

  /** Of a store's key, in the version that is stored. */
  ofResource(resource: string): Kind | undefined {
    return this.#current.stored.get(resource);
  }

  /** The same kind in another of its versions, if that is served. */
  inVersion({ group, plural }: Kind, version: string): Kind | undefined {
    return this.#current.all.find((kind) => kind.group === group && kind.plural === plural && kind.version === version);
  }

  close(): void {
    this.#unsubscribe();
  }

  get #current() {
    return (this.#kinds ??= this.#read());
  }

  #read() {
    const definitions = this.#store.list(resourceOf(CustomResourceDefinitions)).objects as readonly CustomResourceDefinition[];
    const all = [...ALL_KINDS, ...definitions.filter(isEstablished).flatMap(kindsOfDefinition)];
    const stored = new Map<string, Kind>();
    for (const kind of all) {
      const resource = resourceOf(kind);
      if (!stored.has(resource) || (kind.version === kind.storageVersion && kind.storageGroup === undefined)) stored.set(resource, kind);
    }
    return { all, served: [...all, APIServices, ComponentStatuses, NodeMetrics, PodMetrics], stored };
  }
}
