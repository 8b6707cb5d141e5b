import { badRequest, isJsonObject, type DeleteOptions } from "@ebb/kube";
import type { ListRequest } from "../registry/registry.ts";
import type { RequestContext, User } from "../registry/request-context.ts";

const MAX_SELECTOR = 64 * 1024;

/** Of a write, from its query. Throws BadRequest. */
export function contextOf(query: URLSearchParams, user: User, warn: (message: string) => void): RequestContext {
  const fieldValidation = query.get("fieldValidation") || "Warn";
  if (fieldValidation !== "Strict" && fieldValidation !== "Warn" && fieldValidation !== "Ignore") {
    throw badRequest(
      `fieldValidation: Unsupported value: ${JSON.stringify(fieldValidation.slice(0, 100))}: supported values: "Ignore", "Strict", "Warn"`,
    );
  }
  return { user, fieldValidation, dryRun: dryRunOf(query.getAll("dryRun")), warn };
}

function dryRunOf(values: readonly unknown[]): boolean {
  const wrong = values.find((value) => value !== "All");
  if (wrong !== undefined) throw badRequest(`dryRun: Unsupported value: ${JSON.stringify(wrong).slice(0, 100)}: supported values: "All"`);
  return values.length > 0;
}

/** Of a list or watch, from its query. Throws BadRequest. */
export function listRequestOf(query: URLSearchParams, namespace: string | undefined): ListRequest {
  const limit = numberOf(query, "limit");
  const request: ListRequest = { ...(namespace ? { namespace } : {}), ...(limit ? { limit } : {}) };
  for (const name of ["labelSelector", "fieldSelector", "continue", "resourceVersion", "resourceVersionMatch"] as const) {
    const value = query.get(name);
    if (value !== null && value.length > MAX_SELECTOR) throw badRequest(`${name} is too long`);
    if (value) request[name] = value;
  }
  return request;
}

/** A whole number of at least zero; undefined if it is not there. Throws BadRequest. */
export function numberOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === "") return undefined;
  if (!/^\d{1,12}$/.test(text)) throw badRequest(`${name} must be a whole number, not ${JSON.stringify(text.slice(0, 100))}`);
  return Number(text);
}

export function flagOf(query: URLSearchParams, name: string): boolean {
  return ["true", "1", ""].includes(query.get(name) ?? "false");
}

/** A body of DeleteOptions and the same in the query, which the body overrules. Throws BadRequest. */
export function deleteOptionsOf(body: unknown, query: URLSearchParams): { options: DeleteOptions; dryRun: boolean } {
  if (body !== undefined && !isJsonObject(body)) throw badRequest("the body of a delete must be DeleteOptions");
  const { propagationPolicy = query.get("propagationPolicy") ?? undefined, preconditions, dryRun = [], orphanDependents } = body ?? {};
  const policy = orphanDependents === true ? "Orphan" : propagationPolicy;
  if (policy !== undefined && policy !== null && policy !== "Background" && policy !== "Foreground" && policy !== "Orphan") {
    const supported = '"Background", "Foreground", "Orphan"';
    throw badRequest(`propagationPolicy: Unsupported value: ${JSON.stringify(policy).slice(0, 100)}: supported values: ${supported}`);
  }
  const { uid, resourceVersion } = isJsonObject(preconditions) ? preconditions : {};
  const options: DeleteOptions = {
    ...(policy ? { propagationPolicy: policy } : {}),
    preconditions: {
      ...(typeof uid === "string" ? { uid } : {}),
      ...(typeof resourceVersion === "string" ? { resourceVersion } : {}),
    },
  };
  return { options, dryRun: dryRunOf(Array.isArray(dryRun) ? dryRun : [dryRun]) };
}
