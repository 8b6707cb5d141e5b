import { readFileSync } from "node:fs";
import { join } from "node:path";
import { applySchema, constraintCauses, ruleCauses, type KubeObject, type Schema } from "@ebb/kube";

type UpstreamKind = "Service" | "VirtualService" | "DomainMapping" | "AuthorizationPolicy" | "EnvoyFilter" | "DestinationRule";

const { kinds } = JSON.parse(readFileSync(join(import.meta.dirname, "fixtures/upstream-schemas.json"), "utf8")) as {
  kinds: Record<UpstreamKind, Schema>;
};

/**
 * What of an object the definitions that Knative and Istio publish would not take, or would drop without a word: what a real cluster says to it,
 * whatever our own schemas say. Empty when it is taken as it is.
 */
export function upstreamFaults(kind: UpstreamKind, { spec }: KubeObject & { spec?: unknown }): string[] {
  // As it would be sent: without what is undefined. The rest of an object is Kubernetes' own.
  const sent = JSON.parse(JSON.stringify({ spec })) as Parameters<typeof applySchema>[1];
  const schema = kinds[kind];
  const { unknown, causes } = applySchema(schema, sent, "");
  const broken = [...causes, ...constraintCauses(schema, sent), ...ruleCauses(schema, sent, undefined)];
  return [...unknown.map((path) => `unknown field ${path}`), ...broken.map(({ field, message }) => `${field}: ${message}`)];
}
