import {
  badRequest,
  forbiddenField,
  invalid,
  invalidValue,
  isJsonObject,
  requiredField,
  tooLong,
  type DeleteOptions,
  type FieldCause,
  type StatusError,
} from "@ebb/kube";
import type { ListRequest } from "../registry/registry.ts";
import type { RequestContext } from "../registry/request-context.ts";
import type { Exchange } from "./http-types.ts";

const MAX_SELECTOR = 64 * 1024;

/** k8s.io/apimachinery validation.FieldManagerMaxLength. */
const MAX_MANAGER = 128;

/** Of a write; `duplicates` is filled when its body is read. Throws BadRequest, or Invalid for a bad field manager. */
export function contextOf({ query, user, request }: Exchange, warn: (message: string) => void): RequestContext & { duplicates: string[] } {
  const fieldValidation = query.get("fieldValidation") || "Warn";
  if (fieldValidation !== "Strict" && fieldValidation !== "Warn" && fieldValidation !== "Ignore") {
    throw badRequest(
      `fieldValidation: Unsupported value: ${JSON.stringify(fieldValidation.slice(0, 100))}: supported values: "Ignore", "Strict", "Warn"`,
    );
  }
  const fieldManager = fieldManagerOf(query);
  const manager = fieldManager ?? agentOf(request.headers["user-agent"]);
  const dryRun = dryRunOf(query.getAll("dryRun"));
  const options = {
    ...(fieldManager === undefined ? {} : { fieldManager }),
    ...(query.get("fieldValidation") ? { fieldValidation } : {}),
    ...(dryRun ? { dryRun: ["All"] } : {}),
  };
  return { user, fieldValidation, dryRun, warn: once(warn), manager, options, duplicates: [] };
}

/** A write may be tried several times and say the same each time. */
function once(warn: (message: string) => void): (message: string) => void {
  const said = new Set<string>();
  return (message) => {
    if (said.size !== said.add(message).size) warn(message);
  };
}

/** The `fieldManager` of the query; undefined if there is none. Throws Invalid. */
export function fieldManagerOf(query: URLSearchParams): string | undefined {
  const manager = query.get("fieldManager") || undefined;
  if (manager === undefined) return undefined;
  if (manager.length > MAX_MANAGER) throw invalidOptions(tooLong("fieldManager", MAX_MANAGER));
  if (/\p{C}/u.test(manager)) throw invalidOptions(invalidValue("fieldManager", manager, "should only contain printable characters"));
  return manager;
}

/** As k8s.io/apiserver: the program in front of the version, `kubectl` of `kubectl/v1.32.4 (linux/amd64)`. */
function agentOf(agent = ""): string {
  const name = agent.split("/", 1)[0]?.replace(/\p{C}/gu, "") ?? "";
  return name.slice(0, MAX_MANAGER) || "unknown";
}

/** What a server-side apply says beside its body. Throws Invalid. */
export function applyOptionsOf(query: URLSearchParams): { force: boolean } {
  if (!fieldManagerOf(query)) throw invalidOptions(requiredField("fieldManager", "is required for apply patch"));
  return { force: flagOf(query, "force") };
}

/** Of every other patch. Throws Invalid. */
export function refuseForce(query: URLSearchParams): void {
  if (query.has("force")) throw invalidOptions(forbiddenField("force", "may not be specified for non-apply patch"));
}

function invalidOptions(cause: FieldCause): StatusError {
  return invalid({ group: "meta.k8s.io", kind: "PatchOptions", plural: "" }, "", [cause]);
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

/** As Kubernetes reads it (apimachinery, `Convert_Slice_string_To_bool`): whatever is there, but `0` and `false`. Python's client says `True`. */
export function flagOf(query: URLSearchParams, name: string): boolean {
  const value = query.get(name);
  return value !== null && value !== "0" && value.toLowerCase() !== "false";
}

/** A body of DeleteOptions and the same in the query, which the body overrules. Throws BadRequest. */
export function deleteOptionsOf(body: unknown, query: URLSearchParams): { options: DeleteOptions; dryRun: boolean; cascade: boolean } {
  if (body !== undefined && !isJsonObject(body)) throw badRequest("the body of a delete must be DeleteOptions");
  const { propagationPolicy = query.get("propagationPolicy") ?? undefined, preconditions, dryRun = [], orphanDependents } = body ?? {};
  // The old way to say it, which is answered 202 while something keeps the object.
  const cascade = orphanDependents === false;
  const policy = orphanDependents === true ? "Orphan" : cascade ? "Background" : propagationPolicy;
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
  return { options, dryRun: dryRunOf(Array.isArray(dryRun) ? dryRun : [dryRun]), cascade };
}
