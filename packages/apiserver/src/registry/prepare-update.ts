import { isDeepStrictEqual } from "node:util";
import { rfc3339, type Clock } from "@ebb/base";
import {
  badRequest,
  CERTIFICATES_GROUP,
  conflict,
  forbiddenField,
  invalid,
  invalidValue,
  isCore,
  signingStatus,
  type Kind,
  type KubeObject,
  type ObjectMeta,
  type SigningRequest,
} from "@ebb/kube";

export type Subresource = "status" | "scale" | "approval" | "finalize";

/** Those that write an object's status and nothing else. */
export function writesStatus(subresource: string | undefined): subresource is "status" | "approval" {
  return subresource === "status" || subresource === "approval";
}

export interface UpdateWay {
  subresource: Subresource | undefined;
  clock: Pick<Clock, "now">;
}

/**
 * What an update makes of the stored object. The main resource (and `/scale`, a view of it) takes everything but status; `/status` takes
 * status alone, and of Kubernetes' own kinds labels and annotations, too. Throws
 * BadRequest, Conflict or Invalid. Generation is not counted here: admission comes in between.
 */
export function prepareUpdate(kind: Kind, current: KubeObject, incoming: KubeObject, { subresource, clock }: UpdateWay): KubeObject {
  checkIdentity(kind, current.metadata, incoming.metadata);
  if (writesStatus(subresource)) {
    const { status: _, ...rest } = statusTakesMetadata(kind)
      ? { ...current, metadata: statusMetadata(kind, current.metadata, incoming.metadata) }
      : current;
    const way = { subresource, now: rfc3339(clock.now()) };
    const requested = kind.group === CERTIFICATES_GROUP;
    const status = requested ? signingStatus(current as SigningRequest, incoming as SigningRequest, way) : incoming.status;
    return status === undefined ? rest : { ...rest, status };
  }
  // What keeps a namespace is said at its `/finalize` alone, and nothing else is said there.
  if (isCore(kind, "Namespace") && subresource === "finalize") return { ...current, spec: incoming.spec ?? {} };
  const metadata = mergeMetadata(kind, current.metadata, incoming.metadata);
  if (!kind.statusSubresource) return { ...incoming, metadata };
  const { status: _, ...rest } = isCore(kind, "Namespace") ? { ...incoming, spec: current.spec } : incoming;
  if (isCore(kind, "Namespace")) metadata.labels = namespaceLabels(metadata);
  return { ...rest, metadata, ...(current.status === undefined ? {} : { status: current.status }) };
}

/** Whose strategies in k8s.io/kubernetes reset all metadata in a write of the status; those of the others let it pass. */
const STATUS_ALONE: ReadonlySet<string> = new Set([
  "CertificateSigningRequest",
  "CustomResourceDefinition",
  "ValidatingAdmissionPolicy",
  "VolumeAttachment",
]);

/** Whether a write of `/status` may also change metadata. Of kinds that users define, it never does. */
export function statusTakesMetadata({ builtIn, kind }: Kind): boolean {
  return builtIn && !STATUS_ALONE.has(kind);
}

function statusMetadata(kind: Kind, current: ObjectMeta, incoming: ObjectMeta): ObjectMeta {
  const { labels, ownerReferences, ...merged } = mergeMetadata(kind, current, incoming);
  const kept = {
    labels: kind.kind === "Deployment" ? current.labels : isCore(kind, "Namespace") ? namespaceLabels({ ...current, ...incoming }) : labels,
    ownerReferences: isCore(kind, "Pod") ? current.ownerReferences : ownerReferences,
  };
  return {
    ...merged,
    ...(kept.labels ? { labels: kept.labels } : {}),
    ...(kept.ownerReferences ? { ownerReferences: kept.ownerReferences } : {}),
  };
}

/** Namespaces are selected by their names, too. */
export function namespaceLabels({ name, labels }: ObjectMeta): Record<string, string> {
  return { ...labels, "kubernetes.io/metadata.name": name };
}

/** Counts the generation after admission: one more if anything changed outside metadata and status. */
export function withGeneration(kind: Kind, current: KubeObject, next: KubeObject): KubeObject {
  if (!kind.generation) return next;
  const generation = current.metadata.generation ?? 1;
  const changed = !isDeepStrictEqual(withoutMetadataAndStatus(current), withoutMetadataAndStatus(next));
  return { ...next, metadata: { ...next.metadata, generation: changed ? generation + 1 : generation } };
}

function withoutMetadataAndStatus(object: KubeObject): unknown {
  const { metadata: _, status: __, ...rest } = object;
  return rest;
}

function checkIdentity(kind: Kind, current: ObjectMeta, incoming: ObjectMeta): void {
  const { name, namespace, uid, resourceVersion } = incoming;
  if (name && name !== current.name) {
    throw badRequest(`the name of the object (${name.slice(0, 300)}) does not match the name on the URL (${current.name})`);
  }
  if (namespace && namespace !== current.namespace) {
    throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
  }
  if (uid && uid !== current.uid) {
    throw conflict(kind, current.name, `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${String(current.uid)}`);
  }
  if (!resourceVersion) {
    if (kind.builtIn) return;
    throw invalid(kind, current.name, [invalidValue("metadata.resourceVersion", 0, "must be specified for an update")]);
  }
  if (resourceVersion !== current.resourceVersion) throw conflict(kind, current.name);
}

function mergeMetadata(kind: Kind, current: ObjectMeta, incoming: ObjectMeta): ObjectMeta {
  const { labels, annotations, ownerReferences, finalizers = [] } = incoming;
  if (current.deletionTimestamp) {
    const added = finalizers.filter((name) => !current.finalizers?.includes(name));
    if (added.length > 0) {
      const why = `no new finalizers can be added if the object is being deleted, found new finalizers ${JSON.stringify(added)}`;
      throw invalid(kind, current.name, [forbiddenField("metadata.finalizers", why)]);
    }
  }
  const { labels: _, annotations: __, ownerReferences: ___, finalizers: ____, ...own } = current;
  return {
    ...own,
    ...(labels && Object.keys(labels).length > 0 ? { labels } : {}),
    ...(annotations && Object.keys(annotations).length > 0 ? { annotations } : {}),
    ...(ownerReferences && ownerReferences.length > 0 ? { ownerReferences } : {}),
    ...(finalizers.length > 0 ? { finalizers } : {}),
  };
}
