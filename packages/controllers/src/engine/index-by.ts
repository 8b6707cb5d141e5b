import { Groups } from "@ebb/base";
import type { Informer, KubeObject } from "@ebb/kube";
import { keyOf } from "./keys.ts";

/**
 * A second way into an informer's copy, so that a reconcile never walks through all objects. Must be made before the informer starts and
 * before those who ask it listen to the informer.
 */
export class IndexBy<T extends KubeObject> {
  readonly #groups = new Groups<T>();

  constructor(informer: Informer<T>, keysOf: (object: T) => readonly string[]) {
    const remove = (object: T) => {
      for (const key of keysOf(object)) this.#groups.delete(key, memberOf(object));
    };
    informer.onChange((event) => {
      if (event.type === "updated") remove(event.old);
      if (event.type === "deleted") return remove(event.object);
      for (const key of keysOf(event.object)) this.#groups.set(key, memberOf(event.object), event.object);
    });
  }

  get(key: string): T[] {
    return this.#groups.get(key).map(([, object]) => object);
  }
}

/** A text that the object has anyway: one of its own for each would weigh more than the rest of the index. */
function memberOf(object: KubeObject): string {
  return object.metadata.uid ?? keyOf(object);
}
