import type { Logger } from "@ebb/base";
import type { AdmissionAttributes } from "./attributes.ts";

/**
 * What webhooks and policies want an audit to know of a request. There is no audit log of requests: it is a line of the server's log, with the keys as
 * Kubernetes has them, WEBHOOK/KEY or POLICY/KEY.
 */
export function noteAnnotations(
  log: Logger,
  { operation, kind, subresource, namespace, name, context }: AdmissionAttributes,
  annotations: Readonly<Record<string, string>>,
): void {
  if (Object.keys(annotations).length === 0) return;
  const request = { operation, kind: kind.kind, ...(subresource ? { subresource } : {}), namespace, name, user: context.user.name };
  log.info({ ...request, annotations }, "annotations for an audit");
}
