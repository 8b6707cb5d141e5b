import type { ConversionWebhook } from "../custom/conversion.ts";
import type { PrinterColumn } from "../custom/definition.ts";
import type { KubeObject } from "../meta.ts";
import type { Schema } from "../schema.ts";

/** Where a kind lives in the REST API and how it behaves; `T` is the type of its objects. */
export interface Kind<T extends KubeObject = KubeObject> {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  /** PUT/PATCH of the main resource ignores status, and `/status` ignores all else. */
  readonly statusSubresource: boolean;
  /** Whether `metadata.generation` is kept. */
  readonly generation: boolean;
  /** Where `/scale` (autoscaling/v1) finds its numbers, as in a custom resource definition; absent for kinds that have none. */
  readonly scale?: ScalePaths;
  /** Kinds built into Kubernetes take strategic merge patches and unconditional updates; custom ones do neither. */
  readonly builtIn: boolean;
  /** For one that is served in several versions, the one in which it is stored; its objects differ by nothing else. */
  readonly storageVersion?: string;
  /** For one that is another group's name for objects that are stored in this one. */
  readonly storageGroup?: string;
  /** Turns an object of one of its versions into another, where they differ by more than the version; of kinds that come with the cluster. */
  readonly convert?: (object: KubeObject, apiVersion: string) => KubeObject;
  /** Who turns its objects from one version into another, where they differ by more than the version. */
  readonly conversion?: ConversionWebhook;
  /** Of a kind that a user has defined; those that come with the cluster have theirs in schemas.ts. */
  readonly schema?: Schema;
  /** Of a kind whose schema has defaults: an object that was stored before they came, as it is read. */
  readonly fill?: (object: KubeObject) => KubeObject;
  /** Of a kind that a user has defined: what `kubectl get` shows besides the name. */
  readonly columns?: readonly PrinterColumn[];
  /** Of a kind that a user has defined: the fields that objects can be selected by, `spec.color`. */
  readonly selectable?: readonly string[];
  /** Nothing acts on what clients write of it: what they are told then. */
  readonly inert?: string;
  /** What it owns stays when it is deleted, unless the client says otherwise: kinds from before owners were followed. */
  readonly orphansDependents?: boolean;
  /** Not stored but found out when it is read: got and listed alone, and not watched. */
  readonly measured?: boolean;
  /** Only there to carry the type. */
  readonly __type?: T;
}

/** Fields of an object, from its root. */
export interface ScalePaths {
  readonly specReplicas: readonly string[];
  readonly statusReplicas: readonly string[];
  /** A label selector, as text or as meta/v1 LabelSelector. */
  readonly selector?: readonly string[];
}

type Shape = Omit<
  Kind,
  "__type" | "singular" | "shortNames" | "categories" | "namespaced" | "statusSubresource" | "generation" | "builtIn"
> &
  Partial<Kind>;

/** A kind with what most kinds have where `shape` does not say. */
export function define<T extends KubeObject>(shape: Shape): Kind<T> {
  return {
    singular: shape.kind.toLowerCase(),
    shortNames: [],
    categories: [],
    namespaced: true,
    statusSubresource: false,
    generation: false,
    builtIn: false,
    ...shape,
  } as Kind<T>;
}

/** Of what would make Pods elsewhere. */
export const NO_PODS = "no Pod is started. What runs here are Knative Services (serving.knative.dev/v1).";

/** `what` follows the kind's name: `is stored, but nothing acts on it`. */
export function inert(kind: string, what: string): Pick<Kind, "inert"> {
  return { inert: `${kind} is stored, but nothing acts on it: ${what}` };
}

/** Whether it is Kubernetes' own kind of that name: anybody may define another in a group of their own. */
export function isCore(kind: Pick<Kind, "group" | "kind">, name: string): boolean {
  return kind.group === "" && kind.kind === name;
}

/** The object as a client of that version of the kind sees it. */
export function inVersion<T extends KubeObject>(kind: Kind, object: T): T {
  const seen = labelled(kind, object);
  // What a webhook is yet to convert has the fields of another version.
  const isOwn = seen === object || kind.conversion === undefined;
  return kind.fill && isOwn ? (kind.fill(seen) as T) : seen;
}

/** The object as it is stored. */
export function inStorage<T extends KubeObject>(kind: Kind, object: T): T {
  const { storageVersion, storageGroup: group = kind.group } = kind;
  return storageVersion === undefined ? object : labelled({ ...kind, group, version: storageVersion }, object);
}

function labelled<T extends KubeObject>(kind: Kind, object: T): T {
  const apiVersion = apiVersionOf(kind);
  if (kind.storageVersion === undefined || object.apiVersion === apiVersion) return object;
  return kind.convert ? (kind.convert(object, apiVersion) as T) : { ...object, apiVersion };
}

export function apiVersionOf(kind: Pick<Kind, "group" | "version">): string {
  return kind.group === "" ? kind.version : `${kind.group}/${kind.version}`;
}
