import { isDeepStrictEqual } from "node:util";
import type { JsonObject } from "../patch.ts";
import type { Schema } from "../schema.ts";
import { StatusError } from "../status-error.ts";
import { compareObjects, type Comparison } from "./compare.ts";
import { difference, formatPath, intersection, isEmptySet, NO_FIELDS, pathsOf, setOf, union, type FieldSet } from "./field-set.ts";
import { capManagers, finishManagedFields, sameManager, type ManagedFieldsEntry, type ManagerId } from "./managed-fields.ts";
import { mergeApplied } from "./merge.ts";
import { fieldsOf, withNamedFields, withoutFields } from "./object-fields.ts";

/** What nobody owns: it is the server's, or says which object it is. `metadata` itself, not what is below it. */
const UNOWNED = setOf(
  ["f:apiVersion"],
  ["f:kind"],
  ["f:metadata"],
  ...["name", "namespace", "creationTimestamp", "selfLink", "uid", "generation", "managedFields", "resourceVersion"].map((name) => [
    "f:metadata",
    `f:${name}`,
  ]),
);

export interface Tracked {
  schema: Schema;
  /** As stored; for one that is created, its empty form. `metadata.managedFields` is not looked at. */
  live: JsonObject;
  /** Who owns the live object. */
  entries: readonly ManagedFieldsEntry[];
  manager: ManagerId;
  /** RFC 3339, seconds. */
  now: string;
}

/** Ownership after POST, PUT or a patch: whoever changes a field owns it, and takes it from all others. */
export function trackUpdate({ schema, live, entries, manager, now }: Tracked, next: JsonObject): ManagedFieldsEntry[] {
  const changes = compareObjects(schema, withoutManagedFields(live), withoutManagedFields(next));
  const taken = difference(union(changes.added, changes.modified), UNOWNED);
  if (isEmptySet(taken) && isEmptySet(changes.removed)) return [...entries];
  const before = entries.find((entry) => sameManager(entry, manager));
  // What was removed is nobody's, whoever did it.
  const kept = difference(before?.fieldsV1 ?? NO_FIELDS, changes.removed);
  const own = union(kept, taken);
  const time = isEmptySet(taken) ? before?.time : now;
  const entry = entryOf(manager, own, time);
  const others = entries.filter((other) => !sameManager(other, manager)).map((other) => relinquish(other, changes));
  return finishManagedFields(capManagers([...others, entry], union));
}

export interface Application extends Tracked {
  /** What is applied: neither defaulted nor complete. */
  applied: JsonObject;
  /** Takes fields that others own at another value. */
  force: boolean;
}
export interface Applied {
  object: JsonObject;
  entries: ManagedFieldsEntry[];
}

/**
 * Server-side apply: the configuration laid over the live object, without what its manager applied before, applies no more, and nobody
 * else owns. Throws StatusError Conflict with a cause for each field that another manager owns at another value.
 */
export function applyConfiguration(application: Application): Applied {
  const { schema, live, entries, manager, now, applied, force } = application;
  const base = withoutManagedFields(live);
  const merged = mergeApplied(schema, base, applied);
  const last = entries.find((entry) => sameManager(entry, manager));
  const claimed = fieldsOf(schema, applied);
  const own = difference(claimed, UNOWNED);
  const others = entries.filter((entry) => entry !== last);
  const owned = [claimed, UNOWNED, ...others.map(({ fieldsV1 }) => fieldsV1)].reduce(union, NO_FIELDS);
  const pruned = last ? prune(schema, merged, last.fieldsV1, owned) : merged;
  const changes = compareObjects(schema, base, pruned);
  // What differs in nothing that is owned (the order of a set) is not changed.
  const object = isSame(changes) ? base : pruned;
  const conflicts = others.flatMap((entry) => conflictsWith(entry, changes));
  if (conflicts.length > 0 && !force) throw applyConflict(conflicts);
  const unchanged = object === base && last !== undefined && isDeepStrictEqual(last.fieldsV1, own);
  const entry = entryOf(manager, own, unchanged ? last.time : now);
  return { object, entries: finishManagedFields([...others.map((other) => relinquish(other, changes)), entry]) };
}

/**
 * Takes out what was applied last and is not owned any more, as structured-merge-diff's prune: a struct goes with all that is in it when nobody
 * owns anything of it any more; all else that its manager never owned stays.
 */
function prune(schema: Schema, merged: JsonObject, last: FieldSet, owned: FieldSet): JsonObject {
  const named = (set: FieldSet) => withNamedFields(schema, set);
  const all = named(fieldsOf(schema, merged));
  const without = withoutFields(schema, merged, named(last));
  const kept = union(named(fieldsOf(schema, without)), named(owned));
  const withOwned = withoutFields(schema, merged, difference(all, kept));
  const gone = difference(all, named(fieldsOf(schema, withOwned)));
  return withoutFields(schema, merged, intersection(gone, named(last)));
}

function isSame({ added, modified, removed }: Comparison): boolean {
  return isEmptySet(added) && isEmptySet(modified) && isEmptySet(removed);
}

function relinquish(entry: ManagedFieldsEntry, { added, modified, removed }: Comparison): ManagedFieldsEntry {
  const fieldsV1 = difference(difference(entry.fieldsV1, union(added, modified)), removed);
  return { ...entry, fieldsV1 };
}

interface Conflict {
  with: string;
  path: string;
}

function conflictsWith(entry: ManagedFieldsEntry, { added, modified }: Comparison): Conflict[] {
  const paths = pathsOf(intersection(entry.fieldsV1, union(modified, added)));
  return paths.map((path) => ({ with: printManager(entry), path: formatPath(path) }));
}

function printManager({ manager, subresource, operation, apiVersion }: ManagedFieldsEntry): string {
  const name = `${JSON.stringify(manager)}${subresource ? ` with subresource ${JSON.stringify(subresource)}` : ""}`;
  return operation === "Update" ? `${name} using ${apiVersion}` : name;
}

/** In the words of k8s.io/apimachinery managedfields.NewConflictError. */
function applyConflict(conflicts: readonly Conflict[]): StatusError {
  const causes = conflicts.map((one) => ({ reason: "FieldManagerConflict", message: `conflict with ${one.with}`, field: one.path }));
  const [only] = conflicts;
  if (conflicts.length === 1 && only) {
    return new StatusError("Conflict", `Apply failed with 1 conflict: conflict with ${only.with}: ${only.path}`, { causes });
  }
  const lines = [...new Set(conflicts.map((one) => one.with))]
    .sort()
    .flatMap((manager) => [
      `conflicts with ${manager}:`,
      ...conflicts.filter((one) => one.with === manager).map(({ path }) => `- ${path}`),
    ]);
  return new StatusError("Conflict", `Apply failed with ${conflicts.length} conflicts: ${lines.join("\n")}`, { causes });
}

function entryOf({ manager, operation, apiVersion, subresource }: ManagerId, fieldsV1: FieldSet, time: string | undefined) {
  const entry: ManagedFieldsEntry = {
    manager,
    operation,
    apiVersion,
    ...(time ? { time } : {}),
    fieldsType: "FieldsV1",
    fieldsV1,
    ...(subresource ? { subresource } : {}),
  };
  return entry;
}

function withoutManagedFields(object: JsonObject): JsonObject {
  const { managedFields: _, ...metadata } = (object["metadata"] ?? {}) as JsonObject;
  return { ...object, metadata };
}
