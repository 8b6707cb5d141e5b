import { rfc3339, type Clock, type Random } from "@ebb/base";
import {
  badRequest,
  dns1035LabelFaults,
  dnsLabelFaults,
  dnsSubdomainFaults,
  generateName,
  initialPodStatus,
  invalid,
  invalidValue,
  isCore,
  RBAC_GROUP,
  requiredField,
  type Kind,
  type KubeObject,
  type Namespace,
  type ObjectMeta,
  type Pod,
} from "@ebb/kube";
import { namespaceLabels } from "./prepare-update.ts";

/** The finalizer that keeps a namespace until it is empty. */
export const NAMESPACE_FINALIZER = "kubernetes";

export interface CreateDeps {
  clock: Clock;
  random: Random;
  /** A new one when absent. */
  uid?: string | undefined;
}

/** A decoded object as it is created: named, stamped, without what clients may not set. Throws BadRequest or Invalid. */
export function prepareCreate(kind: Kind, object: KubeObject, namespace: string, { clock, random, uid }: CreateDeps): KubeObject {
  const given = object.metadata;
  if (given.resourceVersion) throw badRequest("resourceVersion should not be set on objects to be created");
  checkNamespace(given, namespace);
  const name = given.name || (given.generateName ? generateName(given.generateName, random) : "");
  if (name === "") throw invalid(kind, "", [requiredField("metadata.name", "name or generateName is required")]);
  checkName(kind, name);
  const metadata: ObjectMeta = {
    ...keep(given),
    name,
    ...(kind.namespaced ? { namespace } : {}),
    uid: uid || random.uuid(),
    creationTimestamp: rfc3339(clock.now()),
    ...(kind.generation ? { generation: 1 } : {}),
  };
  return withInitialStatus(kind, { ...object, metadata });
}

/** What mutating webhooks made of it: they may say of its metadata what clients may. */
export function afterMutation(kind: Kind, prepared: KubeObject, mutated: KubeObject): KubeObject {
  const { generateName: _, labels: __, annotations: ___, ownerReferences: ____, finalizers: _____, ...own } = prepared.metadata;
  return withInitialStatus(kind, { ...mutated, metadata: { ...own, ...keep(mutated.metadata) } });
}

function checkNamespace({ namespace }: ObjectMeta, expected: string): void {
  if (namespace && namespace !== expected) {
    throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
  }
}

/** Roles and their bindings may be called `system:node`: whatever can be one segment of a path. */
const PATH_SEGMENT = /^(?!\.\.?$)[^/%]{1,253}$/;

function checkName(kind: Kind, name: string): void {
  if (kind.group === RBAC_GROUP) {
    if (PATH_SEGMENT.test(name)) return;
    throw invalid(kind, name.slice(0, 300), [
      invalidValue("metadata.name", name.slice(0, 300), "may not be '.' or '..', nor contain '/' or '%'"),
    ]);
  }
  const faults = (isCore(kind, "Namespace") ? dnsLabelFaults : isCore(kind, "Service") ? dns1035LabelFaults : dnsSubdomainFaults)(name);
  const shown = name.slice(0, 300);
  if (faults.length > 0)
    throw invalid(
      kind,
      shown,
      faults.map((why) => invalidValue("metadata.name", shown, why)),
    );
}

/** What a client may say about an object's metadata; all else is the server's. */
function keep({ generateName, labels, annotations, ownerReferences, finalizers }: ObjectMeta): Omit<ObjectMeta, "name"> {
  return {
    ...(generateName ? { generateName } : {}),
    ...(labels ? { labels } : {}),
    ...(annotations ? { annotations } : {}),
    ...(ownerReferences && ownerReferences.length > 0 ? { ownerReferences } : {}),
    ...(finalizers && finalizers.length > 0 ? { finalizers } : {}),
  };
}

function withInitialStatus(kind: Kind, object: KubeObject): KubeObject {
  if (isCore(kind, "Namespace")) {
    const labels = namespaceLabels(object.metadata);
    const spec: Namespace["spec"] = { finalizers: [NAMESPACE_FINALIZER] };
    return { ...object, metadata: { ...object.metadata, labels }, spec, status: { phase: "Active" } };
  }
  if (!kind.statusSubresource) return object;
  const { status: _, ...rest } = object;
  return isCore(kind, "Pod") ? { ...rest, status: initialPodStatus(rest as Pod) } : rest;
}
