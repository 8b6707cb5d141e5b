/**
 * A set of paths into an object, in the form of meta/v1 FieldsV1: keys are path elements (`f:NAME` a field, `k:{KEYS}` and `v:VALUE` an
 * item of a list), `.` says that the path itself is in the set, and so does a node that has nothing below it. The root has no path of its own.
 * As in k8s.io/structured-merge-diff `fieldpath.Set`, but the stored form is computed with as it is. Values are never changed.
 */
export interface FieldSet {
  readonly [element: string]: FieldSet;
}
/** From the root: `["f:spec", "f:replicas"]`. */
export type FieldPath = readonly string[];

const SELF = ".";
export const NO_FIELDS: FieldSet = Object.freeze({});

export function isEmptySet(set: FieldSet): boolean {
  for (const _ in set) return false;
  return true;
}

/** A node below the root, of itself and what is below; undefined if there is nothing of either. */
export function fieldNode(member: boolean, children: Record<string, FieldSet>): FieldSet | undefined {
  if (isEmptySet(children)) return member ? NO_FIELDS : undefined;
  return member ? { [SELF]: NO_FIELDS, ...children } : children;
}

/** Whether a node below the root is itself in the set. */
export function isMember(node: FieldSet): boolean {
  return Object.hasOwn(node, SELF) || isEmptySet(node);
}

export function childrenOf(node: FieldSet): [string, FieldSet][] {
  return Object.entries(node).filter(([element]) => element !== SELF);
}

export function childOf(node: FieldSet | undefined, element: string): FieldSet | undefined {
  return node && Object.hasOwn(node, element) ? node[element] : undefined;
}

export function union(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmptySet(b)) return a;
  return isEmptySet(a) ? b : below(a, b, unionNode);
}

export function difference(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmptySet(a) || isEmptySet(b)) return a;
  return below(a, b, (x, y) => (y === undefined ? x : x === undefined ? undefined : subtract(x, y)));
}

export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  return below(a, b, intersectNode);
}

type Combine = (a: FieldSet | undefined, b: FieldSet | undefined) => FieldSet | undefined;

function below(a: FieldSet, b: FieldSet, combine: Combine): Record<string, FieldSet> {
  const result: Record<string, FieldSet> = {};
  for (const element in a) {
    const node = element === SELF ? undefined : combine(a[element], childOf(b, element));
    if (node) result[element] = node;
  }
  for (const element in b) {
    const node = element === SELF || Object.hasOwn(a, element) ? undefined : combine(undefined, b[element]);
    if (node) result[element] = node;
  }
  return result;
}

function unionNode(a: FieldSet | undefined, b: FieldSet | undefined): FieldSet | undefined {
  if (a === undefined || b === undefined || a === b) return a ?? b;
  return fieldNode(isMember(a) || isMember(b), below(a, b, unionNode));
}

function subtract(a: FieldSet, b: FieldSet): FieldSet | undefined {
  const combine: Combine = (x, y) => (x === undefined || y === undefined ? x : subtract(x, y));
  return fieldNode(isMember(a) && !isMember(b), below(a, b, combine));
}

function intersectNode(a: FieldSet | undefined, b: FieldSet | undefined): FieldSet | undefined {
  if (a === undefined || b === undefined) return undefined;
  return fieldNode(isMember(a) && isMember(b), below(a, b, intersectNode));
}

/** Every path of the set, in the order of its keys, parents first. */
export function pathsOf(set: FieldSet): FieldPath[] {
  return childrenOf(set).flatMap(([element, node]) => [
    ...(isMember(node) ? [[element]] : []),
    ...pathsOf(node).map((path) => [element, ...path]),
  ]);
}

export function setOf(...paths: FieldPath[]): FieldSet {
  const one = ([element, ...rest]: FieldPath): FieldSet => (element === undefined ? NO_FIELDS : { [element]: one(rest) });
  return paths.map(one).reduce(union, NO_FIELDS);
}

/** `.spec.containers[name="a"].image`, as Kubernetes writes it in conflicts. */
export function formatPath(path: FieldPath): string {
  return path.map(formatElement).join("");
}

function formatElement(element: string): string {
  const text = element.slice(2);
  if (element.startsWith("f:")) return `.${text}`;
  if (element.startsWith("i:")) return `[${text}]`;
  if (element.startsWith("v:")) return `[=${text}]`;
  const keys = Object.entries(JSON.parse(text) as Record<string, unknown>);
  return `[${keys.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(",")}]`;
}

/** Keys in order, so that equal sets are equal texts. */
export function sortedSet(set: FieldSet): FieldSet {
  if (isEmptySet(set)) return NO_FIELDS;
  const sorted: Record<string, FieldSet> = {};
  for (const key of Object.keys(set).sort()) sorted[key] = sortedSet(set[key] ?? NO_FIELDS);
  return sorted;
}
