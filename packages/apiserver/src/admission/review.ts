import { inVersion, isJsonObject, scaleOf, SCALE, type Json, type Kind, type KubeObject, type Webhook } from "@ebb/kube";
import type { AdmissionAttributes } from "./attributes.ts";

/** What a webhook answered, if it could be read. */
export interface Verdict {
  allowed: boolean;
  /** meta/v1 Status, as it came. */
  status: { [key: string]: Json };
  /** RFC 6902. */
  patch?: unknown;
  warnings: readonly string[];
  /** For an audit, by the webhook's own keys. */
  annotations: Readonly<Record<string, string>>;
}

/** Of one webhook's warning, characters, and of all that a request brings; k8s.io/apiserver pkg/endpoints/filters/warning.go. */
const LONGEST_WARNING = 256;
const MOST_WARNINGS = 64;
/** Of annotations for an audit, as policies may have them. */
const LONGEST_NOTE = 10 * 1024;
const MOST_NOTES = 20;

const OPTIONS = { CREATE: "CreateOptions", UPDATE: "UpdateOptions", DELETE: "DeleteOptions" } as const;

/**
 * admission.k8s.io AdmissionReview of a request. `matched` is the kind in the version that the webhook asked for, which may be another than
 * the request's (matchPolicy Equivalent): objects are shown in that one.
 */
export function reviewOf(
  attributes: AdmissionAttributes,
  { version, uid, matched }: { version: string; uid: string; matched: Kind },
): object {
  const { request, ...objects } = expressionInput(attributes, matched);
  return { kind: "AdmissionReview", apiVersion: `admission.k8s.io/${version}`, request: { uid, ...request, ...objects } };
}

/** What a review says of the request beside its objects. */
function requestOf(attributes: AdmissionAttributes, matched: Kind): object {
  const { operation, kind, subresource, namespace, name, options, context } = attributes;
  const { user, dryRun = false } = context;
  return {
    kind: kindOf(attributes, matched),
    resource: { group: matched.group, version: matched.version, resource: matched.plural },
    ...(subresource ? { subResource: subresource } : {}),
    requestKind: kindOf(attributes, kind),
    requestResource: { group: kind.group, version: kind.version, resource: kind.plural },
    ...(subresource ? { requestSubResource: subresource } : {}),
    ...(name === "" ? {} : { name }),
    ...(namespace === "" ? {} : { namespace }),
    operation,
    userInfo: {
      username: user.name,
      ...(user.uid ? { uid: user.uid } : {}),
      groups: user.groups,
      ...(user.extra ? { extra: user.extra } : {}),
    },
    dryRun,
    // Those of a stream are its object.
    options: operation === "CONNECT" ? null : { kind: OPTIONS[operation], apiVersion: "meta.k8s.io/v1", ...options },
  };
}

function kindOf({ operation, subresource, object }: AdmissionAttributes, { group, version, kind }: Kind) {
  if (operation === "CONNECT") return { group: "", version: "v1", kind: object?.kind ?? "" };
  return subresource === "scale" ? { group: SCALE.group, version: SCALE.version, kind: SCALE.kind } : { group, version, kind };
}

/** The object in the version of the webhook; of `/scale`, its Scale. */
export function inReview({ subresource, kind }: AdmissionAttributes, matched: Kind, object: KubeObject): KubeObject {
  if (subresource === "scale" && kind.scale) return scaleOf(object, kind.scale);
  return inVersion(matched, object);
}

/** What expressions about a write see: its objects as a review has them, and the request. */
export function expressionInput(
  attributes: AdmissionAttributes,
  matched: Kind,
): { object: Json; oldObject: Json; request: { [key: string]: Json } } {
  const shown = (each: KubeObject | undefined) => (each ? (inReview(attributes, matched, each) as unknown as Json) : null);
  const { object, oldObject } = attributes;
  return { object: shown(object), oldObject: shown(oldObject), request: requestOf(attributes, matched) as { [key: string]: Json } };
}

/** What the answer says; throws an Error that tells what is wrong with it, in the words of k8s.io/apiserver webhook/request. */
export function readAnswer(text: string, { version, uid, mutating }: { version: string; uid: string; mutating: boolean }): Verdict {
  const review: unknown = parse(text);
  const { apiVersion, kind, response } = isJsonObject(review) ? review : {};
  if (apiVersion !== `admission.k8s.io/${version}` || kind !== "AdmissionReview") {
    throw invalidAnswer(
      `expected webhook response of admission.k8s.io/${version}, Kind=AdmissionReview, got ${brief(apiVersion)}, Kind=${brief(kind)}`,
    );
  }
  if (!isJsonObject(response)) throw new Error("webhook response was absent");
  const { status, warnings } = response;
  if (version === "v1" && response["uid"] !== uid)
    throw invalidAnswer(`expected response.uid=${JSON.stringify(uid)}, got ${brief(response["uid"] ?? "")}`);
  if (typeof response["allowed"] !== "boolean") throw invalidAnswer("response.allowed must be true or false");
  const patch = mutating ? patchIn(response, version) : refusePatch(response, version);
  return {
    allowed: response["allowed"],
    status: isJsonObject(status) ? status : {},
    ...(patch === undefined ? {} : { patch }),
    warnings: (Array.isArray(warnings) ? warnings : [])
      .filter((warning) => typeof warning === "string")
      .slice(0, MOST_WARNINGS)
      .map((warning) => (warning.length > LONGEST_WARNING ? `${warning.slice(0, LONGEST_WARNING)}...` : warning)),
    annotations: annotationsIn(response["auditAnnotations"]),
  };
}

function annotationsIn(given: Json | undefined): Record<string, string> {
  if (!isJsonObject(given)) return {};
  const texts = Object.entries(given).flatMap(([key, value]) => (typeof value === "string" ? [[key, value.slice(0, LONGEST_NOTE)]] : []));
  return Object.fromEntries(texts.slice(0, MOST_NOTES)) as Record<string, string>;
}

function patchIn({ patch = "", patchType = "" }: { [key: string]: Json }, version: string): unknown {
  if (patch === null || patch === "") {
    if (patchType === "" || patchType === null || version !== "v1") return undefined;
    throw invalidAnswer("webhook returned response.patchType but not response.patch");
  }
  if (patchType === "" && version === "v1") throw invalidAnswer("webhook returned response.patch but not response.patchType");
  if (patchType !== "" && patchType !== "JSONPatch")
    throw invalidAnswer(`webhook returned invalid response.patchType of ${brief(patchType)}`);
  if (typeof patch !== "string") throw invalidAnswer("response.patch must be base64");
  return parse(Buffer.from(patch, "base64").toString("utf8"));
}

function refusePatch({ patch, patchType }: { [key: string]: Json }, version: string): undefined {
  if (version === "v1" && (patch || patchType)) throw invalidAnswer("validating webhook may not return response.patch");
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error("the answer is not JSON", { cause: error });
  }
}

function invalidAnswer(why: string): Error {
  return new Error(`received invalid webhook response: ${why}`);
}

function brief(value: unknown): string {
  return JSON.stringify(value ?? "").slice(0, 200);
}

/** The newest version of AdmissionReview that both sides speak. */
export function reviewVersion({ admissionReviewVersions = [] }: Webhook): string {
  return admissionReviewVersions.find((version) => version === "v1" || version === "v1beta1") ?? "v1";
}
