import type { KubeObject } from "@ebb/kube";

type Node = { readonly [element: string]: Node };

/**
 * Keeps one copy of equal `fieldsV1` trees, and of equal parts of them: thousands of objects of one kind are owned in the same way, and as
 * trees of their own those would weigh more than the objects. What no object uses any more is let go.
 */
export class SharedFields {
  readonly #nodes = new Map<string, WeakRef<Node>>();
  readonly #ids = new WeakMap<Node, number>();
  readonly #gone = new FinalizationRegistry<string>((key) => {
    if (!this.#nodes.get(key)?.deref()) this.#nodes.delete(key);
  });
  #lastId = 0;

  /** Replaces the trees in the object's managedFields. The object must be the caller's own. */
  share({ metadata }: KubeObject): void {
    if (!metadata.managedFields) return;
    metadata.managedFields = metadata.managedFields.map((entry) => {
      const { fieldsV1, ...rest } = entry as { fieldsV1?: Node };
      return fieldsV1 ? { ...rest, fieldsV1: this.#shared(fieldsV1) } : rest;
    });
  }

  #shared(tree: Node): Node {
    if (this.#ids.has(tree)) return tree;
    const children = Object.entries(tree).map(([element, child]) => [element, this.#shared(child)] as const);
    // A child is known by its number, so that a key is as long as one level of the tree.
    const key = children.map(([element, child]) => JSON.stringify([element, this.#ids.get(child)])).join();
    const known = this.#nodes.get(key)?.deref();
    if (known) return known;
    const node: Node = Object.freeze(Object.fromEntries(children));
    this.#ids.set(node, ++this.#lastId);
    this.#nodes.set(key, new WeakRef(node));
    this.#gone.register(node, key);
    return node;
  }
}
