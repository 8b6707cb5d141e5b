import { TransientError } from "@ebb/base";
import { StatusError, type StatusBody } from "@ebb/kube";

/** What a Kubernetes API means by an answer that is no success. */
export function refusalOf(status: number, text: string): Error {
  let body: Partial<StatusBody> = {};
  try {
    body = JSON.parse(text) as Partial<StatusBody>;
  } catch {
    // Not from an API server (a proxy in between): the text itself is the message.
  }
  const message = body.message ?? (text.slice(0, 300) || `HTTP ${status}`);
  if (status >= 500 || status === 429) return new TransientError("cluster_unavailable", message);
  return new StatusError(body.reason ?? reasonOf(status), message, body.details);
}

function reasonOf(status: number): "NotFound" | "Unauthorized" | "Forbidden" | "Conflict" | "BadRequest" {
  const reasons = { 401: "Unauthorized", 403: "Forbidden", 404: "NotFound", 409: "Conflict" } as const;
  return reasons[status as keyof typeof reasons] ?? "BadRequest";
}
