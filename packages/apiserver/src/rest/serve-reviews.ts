import { isJsonObject } from "@ebb/kube";
import type { Answer, Exchange } from "./http-types.ts";
import { readObject } from "./read-body.ts";
import { notAllowed } from "./respond.ts";

/** `kubectl auth whoami`. */
export function serveSelfSubjectReview({ method, user }: Exchange): Answer {
  if (method !== "POST") throw notAllowed(method);
  const status = { userInfo: { username: user.name, groups: user.groups } };
  const body = { kind: "SelfSubjectReview", apiVersion: "authentication.k8s.io/v1", metadata: { creationTimestamp: null }, status };
  return { status: 201, body };
}

/** `kubectl auth can-i`: whoever has a token may do everything here; narrower rights come with roles. */
export async function serveSelfSubjectAccessReview({ method, request }: Exchange): Promise<Answer> {
  if (method !== "POST") throw notAllowed(method);
  const review = await readObject(request);
  const spec = isJsonObject(review) ? (review["spec"] ?? {}) : {};
  const status = { allowed: true, reason: "every authenticated user may do everything in the embedded cluster" };
  const body = {
    kind: "SelfSubjectAccessReview",
    apiVersion: "authorization.k8s.io/v1",
    metadata: { creationTimestamp: null },
    spec,
    status,
  };
  return { status: 201, body };
}
