import protobuf from "protobufjs/minimal.js";
import type { Json, JsonObject } from "../patch.ts";
import { badRequest } from "../status-errors.ts";
import { isEmbedded, messageOf, type Message, type MessageField } from "./messages.ts";

/** k8s.io/apimachinery runtime/serializer/protobuf: what every body begins with. */
const MAGIC = Buffer.from([0x6b, 0x38, 0x73, 0x00]);
const MAX_DEPTH = 64;
/** Nanoseconds of a Time are not shown in JSON, microseconds of a MicroTime are. */
const NANOS_PER_MICRO = 1000;

/**
 * Reads a body of `application/vnd.kubernetes.protobuf`: the envelope runtime.Unknown and in it an object of one of Kubernetes' own kinds.
 * The result is what its JSON would have been. Throws BadRequest for what cannot be read, a kind that has no protobuf form among it.
 */
export function decodeProtobuf(body: Uint8Array): JsonObject {
  if (Buffer.compare(body.subarray(0, 4), MAGIC) !== 0)
    throw badRequest("the body is not protobuf of Kubernetes: it does not begin with k8s\\0");
  try {
    return decodeEnvelope(body.subarray(4));
  } catch (error) {
    if (error instanceof RangeError || (error instanceof Error && error.message.startsWith("invalid wire type"))) {
      throw Object.assign(badRequest(`the body of the request is not valid protobuf: ${error.message}`), { cause: error });
    }
    throw error;
  }
}

const TYPE_META: Message = new Map([
  ["apiVersion", { number: 1, type: "string" }],
  ["kind", { number: 2, type: "string" }],
]);

function decodeEnvelope(bytes: Uint8Array): JsonObject {
  const reader = protobuf.Reader.create(bytes);
  let meta: JsonObject = {};
  let raw: Uint8Array = new Uint8Array();
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag >>> 3 === 1) meta = decodeMessage(protobuf.Reader.create(reader.bytes()), TYPE_META, 0);
    else if (tag >>> 3 === 2) raw = reader.bytes();
    else reader.skipType(tag & 7);
  }
  const { apiVersion = "", kind = "" } = meta as { apiVersion?: string; kind?: string };
  const name = messageNameOf(apiVersion, kind);
  const message = messageOf(name);
  if (!message) throw badRequest(`no kind ${JSON.stringify(kind)} of ${JSON.stringify(apiVersion)} can be read from protobuf; send JSON`);
  return { apiVersion, kind, ...decodeMessage(protobuf.Reader.create(raw), message, 0) };
}

/** `rbac.authorization.k8s.io/v1` and `Role` → `rbac.v1.Role`. */
export function messageNameOf(apiVersion: string, kind: string): string {
  // Every group knows the options of meta/v1 under its own name.
  if (kind === "DeleteOptions") return "meta.v1.DeleteOptions";
  const [group = "", version = ""] = apiVersion.includes("/") ? apiVersion.split("/") : ["core", apiVersion];
  return `${group.split(".")[0] ?? ""}.${version}.${kind}`;
}

function decodeMessage(reader: protobuf.Reader, message: Message, depth: number): JsonObject {
  if (depth > MAX_DEPTH) throw badRequest(`the body of the request is nested more than ${MAX_DEPTH} levels deep`);
  const byNumber = new Map([...message].map(([name, field]) => [field.number, { name, field }]));
  const result: JsonObject = {};
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    const found = byNumber.get(tag >>> 3);
    if (!found) reader.skipType(tag & 7);
    else readField(reader, result, found, depth);
  }
  return result;
}

function readField(
  reader: protobuf.Reader,
  result: JsonObject,
  { name, field }: { name: string; field: MessageField },
  depth: number,
): void {
  if (field.repeated === "map") {
    const [key, value] = readEntry(reader, field.type, depth);
    result[name] = { ...(result[name] as JsonObject | undefined), [key]: value };
    return;
  }
  const value = readValue(reader, field.type, depth);
  if (field.repeated === "list") {
    const list = (result[name] ?? []) as Json[];
    list.push(value ?? null);
    result[name] = list;
    return;
  }
  if (isEmbedded(name, field.type)) Object.assign(result, value);
  else if (value !== undefined && !(isZero(value) && (field.omitsZero || field.type === "bytes"))) result[name] = value;
}

function isZero(value: Json): boolean {
  return value === "" || value === 0 || value === false;
}

function readEntry(reader: protobuf.Reader, type: string, depth: number): [string, Json] {
  const entry = protobuf.Reader.create(reader.bytes());
  let key = "";
  let value: Json | undefined;
  while (entry.pos < entry.len) {
    const tag = entry.uint32();
    if (tag >>> 3 === 1) key = entry.string();
    else if (tag >>> 3 === 2) value = readValue(entry, type, depth);
    else entry.skipType(tag & 7);
  }
  if (key === "__proto__") throw badRequest('"__proto__" is not a field');
  return [key, value ?? ""];
}

/** Undefined for a time that is not set. */
function readValue(reader: protobuf.Reader, type: string, depth: number): Json | undefined {
  switch (type) {
    case "string":
      return reader.string();
    case "bool":
      return reader.bool();
    case "int32":
      return reader.int32();
    case "int64":
      return toNumber(reader.int64());
    case "bytes":
      return Buffer.from(reader.bytes()).toString("base64");
  }
  const message = messageOf(type);
  if (!message) throw badRequest(`a field of type ${type} cannot be read from protobuf; send JSON`);
  const bytes = reader.bytes();
  const raw = () => decodeMessage(protobuf.Reader.create(bytes), message, depth + 1);
  return readSpecial(type, raw, bytes) ?? (isTime(type) ? undefined : raw());
}

function isTime(type: string): boolean {
  return type === "meta.v1.Time" || type === "meta.v1.MicroTime";
}

/** The types of apimachinery that are something else in JSON; undefined for all others. */
function readSpecial(type: string, raw: () => JsonObject, bytes: Uint8Array): Json | undefined {
  switch (type) {
    case "meta.v1.Time":
    case "meta.v1.MicroTime":
      return bytes.length === 0 ? undefined : timeOf(raw(), type === "meta.v1.MicroTime");
    case "api.resource.Quantity":
      return raw()["string"] ?? "0";
    case "util.intstr.IntOrString": {
      const { type: isText = 0, intVal = 0, strVal = "" } = raw();
      return isText === 1 ? strVal : intVal;
    }
    case "pkg.runtime.RawExtension":
    case "meta.v1.FieldsV1":
      return embeddedJson(raw());
    case "authentication.v1.ExtraValue":
    case "authorization.v1.ExtraValue":
      return raw()["items"] ?? [];
    default:
      return undefined;
  }
}

function timeOf({ seconds = 0, nanos = 0 }: JsonObject, micros: boolean): string {
  const whole = new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
  return micros ? `${whole}.${String(Math.floor(Number(nanos) / NANOS_PER_MICRO)).padStart(6, "0")}Z` : `${whole}Z`;
}

function embeddedJson(fields: JsonObject): Json {
  const [encoded] = Object.values(fields);
  if (typeof encoded !== "string" || encoded === "") return {};
  try {
    return JSON.parse(Buffer.from(encoded, "base64").toString()) as Json;
  } catch (error) {
    throw Object.assign(badRequest("an object embedded in the body is not JSON"), { cause: error });
  }
}

/** The library's own integers of 64 bits; what JSON cannot hold exactly is none that Kubernetes uses. */
function toNumber(value: { toString(): string }): number {
  return Number(value.toString());
}
