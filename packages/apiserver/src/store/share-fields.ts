import type { KubeObject } from "@ebb/kube";

type Node = { [element: string]: Node };

/** An owner in `f:ownerReferences`: what has one is of one object alone, and so are the nodes above it. */
const OWNER = 'k:{"uid":';
const OWNER_IN_TEXT = JSON.stringify(OWNER).slice(1, -1);
/** More than all kinds and their managers need: labels that nobody else has must not pile up. */
const MOST = 4096;

/**
 * Keeps one copy of equal `fieldsV1` trees, and of equal parts of trees: thousands of objects of one kind are owned in the same way, and as
 * trees of their own those would weigh more than the objects. What names an owner is left to the object, but for its other parts.
 */
export class SharedFields {
  readonly #known = new Map<string, Node>();

  /** Replaces the trees in the object's managedFields. The object must be the caller's own, but for what is frozen, which has been here before. */
  share({ metadata }: KubeObject): void {
    if (!metadata.managedFields) return;
    for (const entry of metadata.managedFields as { fieldsV1?: Node }[])
      if (entry.fieldsV1 && !Object.isFrozen(entry)) entry.fieldsV1 = this.#shared(entry.fieldsV1);
  }

  #shared(tree: Node): Node {
    if (Object.isFrozen(tree)) return tree;
    const text = JSON.stringify(tree);
    const known = this.#known.get(text);
    if (known) return known;
    for (const [element, child] of Object.entries(tree)) tree[element] = this.#shared(child);
    if (text.includes(OWNER_IN_TEXT)) return tree;
    if (this.#known.size >= MOST) this.#known.clear();
    this.#known.set(text, Object.freeze(tree));
    return tree;
  }
}
