import type { StoreKey } from "./store.ts";

/** What there is of objects, by resource, namespace and name. */
export class ObjectIndex<Value> {
  readonly #resources = new Map<string, Map<string, Map<string, Value>>>();

  get({ resource, namespace, name }: StoreKey): Value | undefined {
    return this.#resources.get(resource)?.get(namespace)?.get(name);
  }

  set({ resource, namespace, name }: StoreKey, value: Value): void {
    let namespaces = this.#resources.get(resource);
    if (!namespaces) this.#resources.set(resource, (namespaces = new Map()));
    let names = namespaces.get(namespace);
    if (!names) namespaces.set(namespace, (names = new Map()));
    names.set(name, value);
  }

  delete({ resource, namespace, name }: StoreKey): void {
    const names = this.#resources.get(resource)?.get(namespace);
    names?.delete(name);
    if (names?.size === 0) this.#resources.get(resource)?.delete(namespace);
  }

  /** A new map from `namespace/name`; slashes cannot be in either. */
  select(resource: string, namespace?: string): Map<string, Value> {
    const namespaces = this.#resources.get(resource) ?? new Map<string, Map<string, Value>>();
    const result = new Map<string, Value>();
    for (const [at, names] of namespaces) {
      if (namespace !== undefined && namespace !== at) continue;
      for (const [name, value] of names) result.set(`${at}/${name}`, value);
    }
    return result;
  }

  *entries(): Generator<{ key: StoreKey; value: Value }> {
    for (const [resource, namespaces] of this.#resources) {
      for (const [namespace, names] of namespaces) {
        for (const [name, value] of names) yield { key: { resource, namespace, name }, value };
      }
    }
  }
}
