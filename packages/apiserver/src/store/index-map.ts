import type { KubeObject } from "@ebb/kube";
import type { StoreKey } from "./store.ts";

/** Objects by resource, namespace and name. */
export class ObjectIndex {
  readonly #resources = new Map<string, Map<string, Map<string, KubeObject>>>();

  get({ resource, namespace, name }: StoreKey): KubeObject | undefined {
    return this.#resources.get(resource)?.get(namespace)?.get(name);
  }

  set({ resource, namespace, name }: StoreKey, object: KubeObject): void {
    let namespaces = this.#resources.get(resource);
    if (!namespaces) this.#resources.set(resource, (namespaces = new Map()));
    let names = namespaces.get(namespace);
    if (!names) namespaces.set(namespace, (names = new Map()));
    names.set(name, object);
  }

  delete({ resource, namespace, name }: StoreKey): void {
    const names = this.#resources.get(resource)?.get(namespace);
    names?.delete(name);
    if (names?.size === 0) this.#resources.get(resource)?.delete(namespace);
  }

  /** A new map from `namespace/name`; slashes cannot be in either. */
  select(resource: string, namespace?: string): Map<string, KubeObject> {
    const namespaces = this.#resources.get(resource) ?? new Map<string, Map<string, KubeObject>>();
    const result = new Map<string, KubeObject>();
    for (const [at, names] of namespaces) {
      if (namespace !== undefined && namespace !== at) continue;
      for (const [name, object] of names) result.set(`${at}/${name}`, object);
    }
    return result;
  }

  *entries(): Generator<{ key: StoreKey; object: KubeObject }> {
    for (const [resource, namespaces] of this.#resources) {
      for (const [namespace, names] of namespaces) {
        for (const [name, object] of names) yield { key: { resource, namespace, name }, object };
      }
    }
  }
}
