import { sameJson, type Json } from "@ebb/kube";

/** V8 keeps one copy of shorter ones by itself. */
const SHORTEST = 10;
/** Images by digest are three times in each Knative Service. */
const LONGEST = 200;
/** Words that many objects use come again soon after they were let go. */
const MOST = 4096;

/**
 * Lets a state of an object share what it can with the one before it, and its words with other objects: a change of a status is kept
 * without a second copy of the spec, and thousands of objects name one kind, namespace and reason.
 */
export class SharedValues {
  readonly #words = new Map<string, string>();

  /**
   * `next` with all parts that equal those of `previous` replaced by these; `previous` itself if nothing differs (the order of keys does not
   * count). `next` is JSON and the caller's own: it is changed in place, but for what is frozen, which is taken as a whole.
   */
  share<T>(previous: T | undefined, next: T): T {
    return this.#share(previous as Json | undefined, next as Json) as T;
  }

  #share(previous: Json | undefined, next: Json): Json {
    if (typeof next === "string") return next === previous ? previous : this.#word(next);
    if (typeof next !== "object" || next === null) return next;
    if (Object.isFrozen(next)) return previous !== undefined && sameJson(previous, next) ? previous : next;
    if (Array.isArray(next)) {
      const before = Array.isArray(previous) ? previous : [];
      for (const [index, item] of next.entries()) next[index] = this.#share(before[index], item);
      return previous === before && before.length === next.length && next.every((item, index) => item === before[index]) ? before : next;
    }
    const before = typeof previous === "object" && previous !== null && !Array.isArray(previous) ? previous : undefined;
    const keys = Object.keys(next);
    let same = before !== undefined && keys.length === Object.keys(before).length;
    for (const key of keys) {
      const old = before && Object.hasOwn(before, key) ? before[key] : undefined;
      const item = this.#share(old, next[key] ?? null);
      next[key] = item;
      same &&= item === old;
    }
    return same && before ? before : next;
  }

  #word(text: string): string {
    if (text.length < SHORTEST || text.length > LONGEST) return text;
    const known = this.#words.get(text);
    if (known !== undefined) return known;
    if (this.#words.size >= MOST) this.#words.clear();
    this.#words.set(text, text);
    return text;
  }
}
