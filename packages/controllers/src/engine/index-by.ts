import type { Informer, KubeObject } from "@ebb/kube";
import { keyOf } from "./keys.ts";

/**
 * A second way into an informer's copy, so that a reconcile never walks through all objects. Must be made before the informer starts and
 * before those who ask it listen to the informer.
 */
export class IndexBy<T extends KubeObject> {
  readonly #groups = new Map<string, Map<string, T>>();

  constructor(informer: Informer<T>, keysOf: (object: T) => readonly string[]) {
    informer.onChange((event) => {
      if (event.type === "updated") this.#remove(event.old, keysOf(event.old));
      if (event.type === "deleted") this.#remove(event.object, keysOf(event.object));
      else this.#add(event.object, keysOf(event.object));
    });
  }

  get(key: string): T[] {
    return [...(this.#groups.get(key)?.values() ?? [])];
  }

  #add(object: T, keys: readonly string[]): void {
    for (const key of keys) {
      const group = this.#groups.get(key);
      if (group) group.set(keyOf(object), object);
      else this.#groups.set(key, new Map([[keyOf(object), object]]));
    }
  }

  #remove(object: T, keys: readonly string[]): void {
    for (const key of keys) {
      const group = this.#groups.get(key);
      group?.delete(keyOf(object));
      if (group?.size === 0) this.#groups.delete(key);
    }
  }
}
