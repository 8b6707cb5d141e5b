import { isDeepStrictEqual } from "node:util";
import { applyPatch, type Operation } from "rfc6902";
import { StatusError } from "./status-error.ts";
import { badRequest } from "./status-errors.ts";

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

/** k8s.io/apiserver's limit, against patches that cost more than they should. */
const MAX_OPERATIONS = 10_000;
const OPERATIONS: ReadonlySet<unknown> = new Set(["add", "remove", "replace", "move", "copy", "test"]);
/** Names that reach into a JavaScript object's prototype. */
const RESERVED: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** RFC 6902 on a copy of `target`. Throws BadRequest if the patch is malformed, 422 if it does not apply or a `test` fails. */
export function jsonPatch(target: Json, patch: unknown): Json {
  if (!Array.isArray(patch)) throw badRequest("a JSON patch must be an array of operations");
  if (patch.length > MAX_OPERATIONS) {
    const message = `The allowed maximum operations in a JSON patch is ${MAX_OPERATIONS}, got ${patch.length}`;
    throw new StatusError("RequestEntityTooLarge", message);
  }
  for (const operation of patch) checkOperation(operation);
  const holder = { root: structuredClone(target) };
  // Below a root of our own, so that the whole document can be replaced too.
  const operations = (patch as JsonObject[]).map((operation) => rooted(operation)) as unknown as Operation[];
  const failures = applyPatch(holder, operations).filter((failure) => failure !== null);
  if (failures[0]) {
    throw new StatusError("Invalid", `the server rejected our request due to an error in our request: ${failures[0].message}`);
  }
  return holder.root;
}

function checkOperation(operation: unknown): void {
  if (!isJsonObject(operation) || !OPERATIONS.has(operation["op"])) throw badRequest("a JSON patch operation must have a known `op`");
  for (const name of ["path", "from"]) {
    const pointer = operation[name];
    if (pointer === undefined && (name === "path" || operation["op"] === "move" || operation["op"] === "copy")) {
      throw badRequest(`a JSON patch operation ${JSON.stringify(operation["op"])} must have \`${name}\``);
    }
    if (pointer === undefined) continue;
    if (typeof pointer !== "string" || (pointer !== "" && !pointer.startsWith("/"))) {
      throw badRequest(`${JSON.stringify(pointer)} is not a JSON pointer: it must be empty or start with /`);
    }
    const reserved = pointer.split("/").find((token) => RESERVED.has(token));
    if (reserved !== undefined) throw badRequest(`${reserved} is not a field that can be patched`);
  }
}

function rooted(operation: JsonObject): JsonObject {
  const below = (name: string) => (typeof operation[name] === "string" ? { [name]: `/root${operation[name]}` } : {});
  return { ...operation, ...below("path"), ...below("from") };
}

/** RFC 7396: null removes, objects merge, all else replaces. Neither argument is changed. */
export function mergePatch(target: Json | undefined, patch: Json): Json {
  if (!isJsonObject(patch)) return patch;
  const result: JsonObject = isJsonObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = mergePatch(result[key], value);
  }
  return result;
}

/** RFC 7396: the smallest patch from one value to another, neither of which holds a null; undefined where there is nothing to change. */
export function mergeDifference(from: Json | undefined, to: Json): Json | undefined {
  if (!isJsonObject(from) || !isJsonObject(to)) return isDeepStrictEqual(from, to) ? undefined : to;
  const gone = Object.keys(from).filter((key) => !Object.hasOwn(to, key));
  const changed = Object.entries(to).map(([key, item]) => [key, mergeDifference(from[key], item)] as const);
  const entries = [...gone.map((key) => [key, null] as const), ...changed.filter(([, item]) => item !== undefined)];
  return entries.length > 0 ? (Object.fromEntries(entries) as JsonObject) : undefined;
}
