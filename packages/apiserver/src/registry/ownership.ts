import { rfc3339, type Clock } from "@ebb/base";
import {
  apiVersionOf,
  applyAfterClientSideApply,
  badRequest,
  findDuplicateItem,
  isReset,
  parseManagedFields,
  sameJson,
  schemaOf,
  trackUpdate,
  type JsonObject,
  type Kind,
  type KubeObject,
  type ManagedFieldsEntry,
  type ManagerId,
} from "@ebb/kube";
import { typedPatchFailure } from "./decode.ts";
import { statusTakesMetadata, writesStatus, type Subresource } from "./prepare-update.ts";
import type { RequestContext } from "./request-context.ts";

/** Who writes what, by which way, and when. */
export interface Writer {
  kind: Kind;
  context: RequestContext;
  subresource?: Subresource | undefined;
  clock: Clock;
}

/**
 * `next` with the managedFields that follow from this change. They start from those that the client sent, as it may edit them, or, if those
 * cannot be read, from the stored ones.
 */
export function withOwnership(writer: Writer, current: KubeObject | undefined, next: KubeObject, sent: unknown): KubeObject {
  const entries = startingEntries(writer, current, sent);
  // An object whose ownership nobody keeps (it was reset, or is older than this) stays so until somebody applies to it.
  if (current && entries.length === 0) return withManagedFields(next, []);
  return withManagedFields(next, updated(writer, current ?? emptyOf(writer.kind), { entries, next }));
}

function updated(writer: Writer, live: KubeObject, { entries, next }: { entries: ManagedFieldsEntry[]; next: KubeObject }) {
  const { kind, clock } = writer;
  const manager = managerIdOf(writer, "Update");
  return trackUpdate({ schema: schemaOf(kind), live: asJson(live), entries, manager, now: rfc3339(clock.now()) }, asJson(next));
}

export interface AppliedConfiguration {
  /** Pruned, not defaulted. */
  applied: KubeObject;
  force: boolean;
}

/** The live object (or, for one that is not there, the empty one) with the configuration applied, and its new managedFields. */
export function withApplied(writer: Writer, current: KubeObject | undefined, { applied, force }: AppliedConfiguration): KubeObject {
  const { kind, clock, subresource } = writer;
  if (applied.metadata.managedFields !== undefined) throw badRequest("metadata.managedFields must be nil");
  const schema = schemaOf(kind);
  const duplicate = findDuplicateItem(schema, asJson(applied));
  if (duplicate !== undefined) throw badRequest(`${typedPatchFailure(kind, applied)}: ${duplicate}`);
  const live = current ?? emptyOf(kind);
  const outcome = applyAfterClientSideApply({
    schema,
    live: asJson(live),
    entries: current ? entriesBeforeApply(writer, current) : [],
    manager: managerIdOf(writer, "Apply"),
    now: rfc3339(clock.now()),
    applied: withoutReset(kind, asJson(applied), subresource),
    force,
  });
  return withManagedFields(outcome.object as unknown as KubeObject, outcome.entries);
}

/** A configuration owns nothing that its endpoint would not write. */
function withoutReset(kind: Kind, applied: JsonObject, subresource: Subresource | undefined): JsonObject {
  if (!writesStatus(subresource)) {
    if (!kind.statusSubresource) return applied;
    const { status: _, ...rest } = applied;
    return rest;
  }
  const { apiVersion, kind: name, metadata, status } = applied as unknown as KubeObject;
  const { name: own, namespace, uid, resourceVersion } = metadata;
  const written = statusTakesMetadata(kind) ? metadata : { name: own, namespace, uid, resourceVersion };
  return JSON.parse(JSON.stringify({ apiVersion, kind: name, metadata: written, status })) as JsonObject;
}

/** Of an object whose ownership was not kept, all there is belongs to a manager of this name, as in k8s.io/apiserver. */
function entriesBeforeApply(writer: Writer, current: KubeObject): ManagedFieldsEntry[] {
  const entries = parseManagedFields(current.metadata.managedFields) ?? [];
  if (entries.length > 0) return entries;
  const before: Writer = { ...writer, context: { ...writer.context, manager: "before-first-apply" }, subresource: undefined };
  return updated(before, emptyOf(writer.kind), { entries, next: current });
}

/**
 * `next` with the times of before if it differs in nothing else: who applies again what is there has written nothing. As k8s.io/apiserver's
 * IgnoreManagedFieldsTimestampsTransformer.
 */
export function ignoringTimes(current: KubeObject, next: KubeObject): KubeObject {
  const { managedFields: before = [], resourceVersion = "" } = current.metadata;
  const { managedFields: entries = [] } = next.metadata;
  if (entries.length !== before.length || !entries.every((entry, index) => sameJson(timeless(entry), timeless(before[index])))) return next;
  const timed = { ...next, metadata: { ...next.metadata, resourceVersion, managedFields: before } };
  return sameJson(timed, current) ? timed : next;
}

function timeless(entry: unknown): unknown {
  return { ...(entry as object), time: undefined };
}

function startingEntries({ subresource }: Writer, current: KubeObject | undefined, sent: unknown): ManagedFieldsEntry[] {
  const stored = parseManagedFields(current?.metadata.managedFields) ?? [];
  if (subresource !== undefined || sent === undefined || sent === current?.metadata.managedFields) return stored;
  if (isReset(sent)) return [];
  const entries = parseManagedFields(sent) ?? [];
  return entries.length > 0 ? entries : stored;
}

function managerIdOf({ kind, context, subresource }: Writer, operation: ManagerId["operation"]): ManagerId {
  // Parts of this process are known by the last part of their user's name, as Knative's and Kubernetes' own controllers are.
  const manager = context.manager ?? (context.user.name.split(":").at(-1) || "unknown");
  return { manager, operation, apiVersion: apiVersionOf(kind), ...(subresource ? { subresource } : {}) };
}

/** What an object is compared with when it is created: in Go, the structs of built-in kinds are always there, and so nobody's. */
function emptyOf(kind: Kind): KubeObject {
  const pod = kind.builtIn ? { template: { metadata: {}, spec: {} }, strategy: {} } : {};
  const empty = kind.builtIn ? { spec: kind.group === "apps" ? pod : {}, status: {} } : {};
  return { apiVersion: apiVersionOf(kind), kind: kind.kind, metadata: {} as KubeObject["metadata"], ...empty };
}

function withManagedFields(object: KubeObject, entries: readonly ManagedFieldsEntry[]): KubeObject {
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata: { ...metadata, ...(entries.length > 0 ? { managedFields: [...entries] } : {}) } };
}

function asJson(object: KubeObject): JsonObject {
  return object as unknown as JsonObject;
}
