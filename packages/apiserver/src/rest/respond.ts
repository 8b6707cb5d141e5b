import type { OutgoingHttpHeaders, ServerResponse } from "node:http";
import { causeChain, EbbError, type Logger } from "@ebb/base";
import { StatusError, type StatusDetails } from "@ebb/kube";
import { negotiate, YAML_TYPE } from "./accept.ts";
import type { Answer } from "./http-types.ts";
import { toYaml } from "./yaml.ts";

export function send(response: ServerResponse, { status, body, contentType, warnings = [] }: Answer): void {
  const yaml = contentType === undefined && typeof body !== "string" && wantsYaml(response.req.headers.accept);
  const text = typeof body === "string" ? body : yaml ? toYaml(body) : `${JSON.stringify(body)}\n`;
  const type = contentType ?? (yaml ? YAML_TYPE : "application/json");
  // At once: of headers that are set one by one, Node keeps a table for each answer.
  const headers: OutgoingHttpHeaders = {
    "cache-control": "no-cache, private",
    "content-type": type,
    "content-length": Buffer.byteLength(text),
  };
  if (warnings.length > 0) headers["Warning"] = warnings.map(warningOf);
  response.writeHead(status, headers).end(text);
}

function wantsYaml(accept: string | undefined): boolean {
  return accept?.includes("yaml") === true && negotiate(accept)?.encoding === "yaml";
}

/** RFC 7234 §5.5, as kubectl reads it. */
function warningOf(text: string): string {
  // A header takes no control characters and, to be safe, only ASCII.
  return `299 - "${text.replace(/[^\x20-\x7e]/g, "?").replace(/["\\]/g, "\\$&")}"`;
}

/** The Status that a failure is answered with; what is nobody's fault but ours is logged and not shown. */
export function statusOf(error: unknown, log: Logger): StatusError {
  if (error instanceof StatusError) return error;
  if (error instanceof EbbError && error.kind === "user") return new StatusError("BadRequest", error.message);
  if (error instanceof EbbError && error.kind === "transient") return new StatusError("ServiceUnavailable", error.message);
  log.error({ error, causes: causeChain(error) }, "an API request failed");
  return new StatusError("InternalError", "Internal error occurred: see the API server's log");
}

export function sendFailure(response: ServerResponse, failure: StatusError): void {
  if (failure.status === 401) response.setHeader("www-authenticate", "Bearer");
  const retry = failure.statusDetails?.retryAfterSeconds;
  if (retry !== undefined) response.setHeader("retry-after", retry);
  // The rest of a body that was not read cannot be told from a next request.
  if (failure.status === 413) response.setHeader("connection", "close");
  // A Status is no table: who asked for one reads JSON.
  const transformed = negotiate(response.req.headers.accept)?.as !== "object";
  send(response, { status: failure.status, body: failure.toBody(), ...(transformed ? { contentType: "application/json" } : {}) });
}

/**
 * A path at which there is nothing. With details even where there is nothing to tell in them, as client-go makes them of an answer of its own: clients
 * look into them without asking.
 */
export function noSuchResource(details: StatusDetails = {}): StatusError {
  return new StatusError("NotFound", "the server could not find the requested resource", details);
}

export function notAllowed(method: string): StatusError {
  return new StatusError("MethodNotAllowed", `the server does not allow this method on the requested resource: ${method}`);
}
