import type { IncomingMessage } from "node:http";
import { badRequest, decodeProtobuf, StatusError } from "@ebb/kube";
import { parse as parseYaml } from "yaml";
import { countJsonFields, duplicateJsonKeys, duplicateYamlKeys } from "./duplicate-keys.ts";

/** k8s.io/apiserver's limit for a request body. */
const MAX_BYTES = 3 * 1024 * 1024;
/** Deeper than any real object, and far from the stack's end in the functions that walk it. */
const MAX_DEPTH = 64;

export function mediaTypeOf(request: IncomingMessage): string {
  return (request.headers["content-type"] ?? "application/json").split(";")[0]?.trim().toLowerCase() ?? "";
}

const JSON_TYPE = "application/json";
const YAML_TYPE = "application/yaml";
const PROTOBUF_TYPE = "application/vnd.kubernetes.protobuf";

async function readBytes(request: IncomingMessage): Promise<Buffer> {
  // Made when it is thrown: an error costs its stack.
  const tooLarge = () => new StatusError("RequestEntityTooLarge", `Request entity too large: limit is ${MAX_BYTES}`);
  if (Number(request.headers["content-length"] ?? 0) > MAX_BYTES) throw tooLarge();
  const chunks: Buffer[] = [];
  let size = 0;
  // By events: iterating over a stream costs a small request more than reading it.
  return new Promise((resolve, reject) => {
    if (request.destroyed) return reject(request.errored ?? badRequest("the client went away before its request was read"));
    request.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size <= MAX_BYTES) return void chunks.push(chunk);
      request.pause();
      reject(tooLarge());
    });
    request.once("error", reject);
    request.once("end", () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
  });
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** The body as text. Throws RequestEntityTooLarge, or BadRequest when it is not UTF-8. */
export async function readText(request: IncomingMessage): Promise<string> {
  const bytes = await readBytes(request);
  try {
    return utf8.decode(bytes);
  } catch (error) {
    throw Object.assign(badRequest("the body of the request is not valid UTF-8"), { cause: error });
  }
}

/** Takes what is said of a field that is there twice. */
type Report = (duplicate: string) => void;

/** The object in the body, as JSON, YAML or protobuf; undefined if there is none. Throws BadRequest, UnsupportedMediaType or RequestEntityTooLarge. */
export async function readObject(request: IncomingMessage, duplicate?: Report): Promise<unknown> {
  const type = mediaTypeOf(request);
  if (type === PROTOBUF_TYPE) {
    const bytes = await readBytes(request);
    return bytes.length === 0 ? undefined : decodeProtobuf(bytes);
  }
  if (type !== JSON_TYPE && type !== YAML_TYPE) {
    const accepted = [JSON_TYPE, YAML_TYPE, PROTOBUF_TYPE].join(", ");
    const message = `the body of the request was in an unknown format - accepted media types include: ${accepted}`;
    throw new StatusError("UnsupportedMediaType", message);
  }
  const text = await readText(request);
  if (text.trim() === "") return undefined;
  return type === YAML_TYPE ? parseAsYaml(text, duplicate) : parseAsJson(text, duplicate);
}

/** JSON of bounded depth without keys that reach into prototypes. Throws BadRequest. */
export function parseAsJson(text: string, duplicate?: Report): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw unreadable("JSON", error);
  }
  const fields = checkShape(value, 0);
  if (duplicate && countJsonFields(text) !== fields) for (const one of duplicateJsonKeys(text)) duplicate(one);
  return value;
}

/** YAML, which JSON is too, by the same rules. Throws BadRequest. */
export function parseAsYaml(text: string, duplicate?: Report): unknown {
  let value: unknown;
  try {
    value = parseYaml(text, { maxAliasCount: 100, schema: "core", uniqueKeys: false });
  } catch (error) {
    throw unreadable("YAML", error);
  }
  checkShape(value, 0);
  if (duplicate) for (const one of duplicateYamlKeys(text)) duplicate(one);
  return value;
}

/** How many fields its objects have. */
function checkShape(value: unknown, depth: number): number {
  if (typeof value !== "object" || value === null) return 0;
  if (depth >= MAX_DEPTH) throw badRequest(`the body of the request is nested more than ${MAX_DEPTH} levels deep`);
  if (Object.hasOwn(value, "__proto__")) throw badRequest('"__proto__" is not a field');
  const items = Object.values(value);
  let fields = Array.isArray(value) ? 0 : items.length;
  for (const item of items) fields += checkShape(item, depth + 1);
  return fields;
}

function unreadable(format: string, error: unknown): StatusError {
  const why = error instanceof Error ? error.message.slice(0, 300) : "";
  return Object.assign(badRequest(`the object provided is unrecognized: it is not valid ${format}: ${why}`), { cause: error });
}
