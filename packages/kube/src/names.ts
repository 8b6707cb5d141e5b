import { createHash } from "node:crypto";
import type { Random } from "@ebb/base";

const LONGEST = 63;
const MD5_LENGTH = 32;

const HEAD = LONGEST - MD5_LENGTH;

/**
 * The name of what `parent` owns: parent + suffix, or, past 63 characters, a part of the parent, an MD5 and the suffix. Upstream's
 * Revisions and tests depend on every character, so this follows knative.dev/pkg kmeta.ChildName exactly: MD5 of the parent alone, or,
 * for a suffix too long to stand beside the hash, of both together.
 */
export function childName(parent: string, suffix: string): string {
  if (parent.length + suffix.length <= LONGEST) return parent + suffix;
  if (suffix.length < HEAD) return parent.slice(0, HEAD - suffix.length) + md5(parent) + suffix;
  const name = parent.slice(0, HEAD) + md5(parent + suffix);
  return (name + suffix.slice(0, LONGEST - name.length)).replace(/[^a-zA-Z0-9]+$/, "");
}

function md5(text: string): string {
  return createHash("md5").update(text).digest("hex");
}

const GENERATED_BASE = 58;
const GENERATED_SUFFIX = 5;

/** k8s.io/apiserver names.SimpleNameGenerator: the base, cut to 58 characters, and 5 random ones. */
export function generateName(base: string, random: Pick<Random, "suffix">): string {
  return base.slice(0, GENERATED_BASE) + random.suffix(GENERATED_SUFFIX);
}

export const DNS_LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
/** RFC 1035: a label that starts with a letter, as Knative asks of Services. */
export const DNS_1035_LABEL = /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** RFC 1123: dot-separated labels, 253 characters at most; the name of most kinds. */
export const DNS_SUBDOMAIN = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

export const LABELS = {
  service: "serving.knative.dev/service",
  serviceUid: "serving.knative.dev/serviceUID",
  configuration: "serving.knative.dev/configuration",
  configurationUid: "serving.knative.dev/configurationUID",
  configurationGeneration: "serving.knative.dev/configurationGeneration",
  revision: "serving.knative.dev/revision",
  revisionUid: "serving.knative.dev/revisionUID",
  route: "serving.knative.dev/route",
  routingState: "serving.knative.dev/routingState",
  visibility: "networking.knative.dev/visibility",
  /** Ebb's own: of a Pod whose instance has ended, kept for its log. */
  ended: "instances.ebb.dev/ended",
} as const;

/**
 * Selects Pods with those that have ended. Kubernetes takes away the Pods of what was scaled down, so that clients wait until none is listed: the
 * API server lists them only to those whose label selector speaks of the label. Elsewhere it selects all.
 */
export const WITH_ENDED = `${LABELS.ended}!=hidden`;

/** The container that Knative puts beside those of a Revision. The gateway does its work: where a Pod names it, nothing runs under that name. */
export const QUEUE_PROXY = "queue-proxy";

/** Of the Revision of a version that the platform deploys: which one it is. */
export const VERSION_LABEL = "ebb.dev/version";

export const ANNOTATIONS = {
  creator: "serving.knative.dev/creator",
  lastModifier: "serving.knative.dev/lastModifier",
  routes: "serving.knative.dev/routes",
  routingStateModified: "serving.knative.dev/routingStateModified",
  noGc: "serving.knative.dev/no-gc",
  progressDeadline: "serving.knative.dev/progress-deadline",
} as const;
