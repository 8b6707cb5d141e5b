import type { KubeObject } from "@ebb/kube";
import { deepFreeze } from "./freeze.ts";
import type { SharedValues } from "./share-values.ts";

type Node = { [element: string]: Node };
type Entry = { fieldsV1?: Node };

/** An owner in `f:ownerReferences`: what has one is of one object alone, and so are the nodes above it. */
const OWNER = 'k:{"uid":';
const OWNER_IN_TEXT = JSON.stringify(OWNER).slice(1, -1);
/** Stands for the one owner in a tree of many objects; no field is called so. */
const ANY_OWNER = "k:owner";
/** More than all kinds and their managers need: labels that nobody else has must not pile up. */
const MOST = 4096;

/**
 * Keeps one copy of equal `fieldsV1` trees, and of equal parts of trees: thousands of objects of one kind are owned in the same way, and as
 * trees of their own those would weigh more than the objects. A tree that names one owner is kept without its name, and made when somebody looks at it; of
 * several, what names them is left to the object.
 */
export class SharedFields {
  readonly #known = new Map<string, Node>();
  readonly #values: SharedValues;

  constructor(values: SharedValues) {
    this.#values = values;
  }

  /** Replaces the trees in the object's managedFields. The object must be the caller's own, but for what is frozen, which has been here before. */
  share({ metadata }: KubeObject): void {
    if (!metadata.managedFields || Object.isFrozen(metadata.managedFields)) return;
    const entries = metadata.managedFields as Entry[];
    for (const [index, entry] of entries.entries()) {
      if (!entry.fieldsV1 || Object.isFrozen(entry)) continue;
      const owner = soleOwner(entry.fieldsV1);
      if (owner === undefined) entry.fieldsV1 = this.#shared(entry.fieldsV1);
      else {
        const { fieldsV1, ...rest } = entry;
        const tree = this.#shared(withOwner(fieldsV1, elementOf(owner), ANY_OWNER));
        entries[index] = owned(this.#values.share(undefined, rest), tree, this.#values.share(undefined, owner));
      }
    }
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

const TREE = Symbol("tree");
const UID = Symbol("uid");

/** Of all entries: with one of its own each would have a shape of its own, too. */
const FIELDS = {
  enumerable: true,
  get(this: { [TREE]: Node; [UID]: string }): Node {
    return deepFreeze(withOwner(this[TREE], ANY_OWNER, elementOf(this[UID])));
  },
};

function owned(entry: object, tree: Node, uid: string): Entry {
  return Object.freeze(Object.defineProperties(entry, { fieldsV1: FIELDS, [TREE]: { value: tree }, [UID]: { value: uid } }));
}

/** The uid of the only owner that a tree names, where they are named; undefined if there is another number of them. */
function soleOwner(tree: Node): string | undefined {
  const elements = Object.keys(tree["f:metadata"]?.["f:ownerReferences"] ?? {}).filter((element) => element.startsWith(OWNER));
  const [element] = elements;
  if (element === undefined || elements.length > 1) return undefined;
  const uid = element.slice(OWNER.length + 1, -2);
  return element === elementOf(uid) ? uid : undefined;
}

function elementOf(uid: string): string {
  return `${OWNER}${JSON.stringify(uid)}}`;
}

/** The tree with another name for an owner. */
function withOwner(tree: Node, from: string, to: string): Node {
  const { "f:metadata": metadata = {} } = tree;
  const owners = Object.entries(metadata["f:ownerReferences"] ?? {}).map(([element, child]) => [element === from ? to : element, child]);
  return { ...tree, "f:metadata": { ...metadata, "f:ownerReferences": Object.fromEntries(owners) as Node } };
}
