import { createHash } from "node:crypto";

const LONGEST = 63;
const MD5_LENGTH = 32;

/** knative.dev/pkg kmeta.ChildName: parent + suffix, shortened with an MD5 of the whole if it would exceed 63 characters. */
export function childName(parent: string, suffix: string): string {
  if (parent.length + suffix.length <= LONGEST) return parent + suffix;
  // Upstream keeps a suffix that fits beside the hash, and hashes parent and suffix together when it does not.
  const md5 = createHash("md5")
    .update(parent + suffix)
    .digest("hex");
  const head = LONGEST - MD5_LENGTH;
  if (suffix.length >= head) return trimDash((parent + suffix).slice(0, head)) + md5;
  return trimDash(parent.slice(0, head - suffix.length)) + md5.concat(suffix);
}

function trimDash(text: string): string {
  return text.replace(/[-.]+$/, "");
}

export const DNS_LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
/** RFC 1035: a label that starts with a letter, as Knative asks of Services. */
export const DNS_1035_LABEL = /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/;

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
} as const;

export const ANNOTATIONS = {
  creator: "serving.knative.dev/creator",
  lastModifier: "serving.knative.dev/lastModifier",
  routes: "serving.knative.dev/routes",
  routingStateModified: "serving.knative.dev/routingStateModified",
  noGc: "serving.knative.dev/no-gc",
  progressDeadline: "serving.knative.dev/progress-deadline",
} as const;
