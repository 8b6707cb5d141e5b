import { EbbError, type Logger } from "@ebb/base";
import { isStatus, StatusError } from "@ebb/kube";
import type { Problem } from "@ebb/api";
import type { FastifyError, FastifyReply } from "fastify";
import { REQUEST_ERRORS, type RequestErrorCode } from "../errors.ts";
import { ChangedMeanwhile } from "../revisions/store.ts";

/** problem+json (RFC 9457) of anything that a route threw. What is not meant for the client is logged and answered as `internal`. */
export function toProblem(error: unknown, log: Logger): Problem {
  if (error instanceof ChangedMeanwhile) {
    const { changed } = error;
    return { ...problem("precondition_failed", error.message, error.hint), ...(changed ? { changed } : {}) };
  }
  if (error instanceof EbbError && error.code in REQUEST_ERRORS) return problem(error.code as RequestErrorCode, error.message, error.hint);
  if (isStatus(error, "ServiceUnavailable") || (error instanceof EbbError && error.kind === "transient")) {
    return problem("cluster_unavailable", error.message, "It is tried again by itself; `ebb status` shows when it is back.");
  }
  if (error instanceof StatusError && error.kind === "user") return problem("invalid_request", error.message);
  if (error instanceof EbbError && error.kind === "user")
    return { ...problem("invalid_request", error.message, error.hint), code: error.code };
  const fastify = asFastifyError(error);
  if (fastify) return fastify;
  log.error({ error }, "a request failed");
  return problem("internal", "Something went wrong in Ebb itself; its log has the cause.");
}

/** Seconds after which what was not there may be back. */
const RETRY_AFTER = "5";

export function sendProblem(reply: FastifyReply, body: Problem): FastifyReply {
  if (body.status === 503) reply.header("retry-after", RETRY_AFTER);
  return reply.code(body.status).header("content-type", "application/problem+json").send(JSON.stringify(body));
}

export function problem(code: RequestErrorCode, detail: string, hint?: string): Problem {
  const { status, title } = REQUEST_ERRORS[code];
  return { type: `urn:ebb:error:${code}`, title, status, code, detail, ...(hint === undefined ? {} : { hint }) };
}

/** A parameter by its name, as it stands in the address; of a body the way to it. */
function whereOf(context: FastifyError["validationContext"], path: string): string {
  const steps = path.replaceAll("/", ".");
  if (context === "querystring") return steps === "" ? "the query" : `the parameter ${steps.slice(1)}`;
  return `${context === "params" ? "address" : (context ?? "body")}${steps}`;
}

function asFastifyError(error: unknown): Problem | undefined {
  if (!(error instanceof Error) || !("statusCode" in error)) return undefined;
  const { statusCode, message, validation, validationContext } = error as FastifyError;
  if (validation) {
    const details = validation.map((each) => `${whereOf(validationContext, each.instancePath)} ${each.message ?? "is invalid"}`);
    return problem("invalid_request", details.join("; "));
  }
  if (statusCode === 413) return problem("body_too_large", "The body is larger than this address takes.");
  if (statusCode === 415) return problem("unsupported_media_type", "Send application/json, or application/gzip for source.");
  if (statusCode !== undefined && statusCode < 500) return problem("invalid_request", message);
  return undefined;
}
