import { createHash } from "node:crypto";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Database } from "../database/database.ts";
import { refuse } from "../errors.ts";
import { checkRevision, readRevision, revisionText } from "../revisions/store.ts";
import { CHANGES, NAMED_WITHIN, RESOURCES } from "./resources.ts";

const PREFIX = "/api/v1";
const READS = new Set(["GET", "HEAD"]);
/** Of 43: no two bodies of one revision are alike in so many, and headers stay short. */
const PRINT_LENGTH = 22;
const LONGEST_LIST = 4096;

declare module "fastify" {
  interface FastifyRequest {
    /** Of what it reads, as it was before it was read. */
    revision: string | null;
  }
}

/**
 * Conditional requests (RFC 9110 §13) for everything in `RESOURCES`. An ETag is `"REVISION-PRINT"`: the revision rises with each change that
 * somebody makes, the print is that of the body, which may also differ by what nobody edits (how many instances run). `If-None-Match` compares
 * the whole; `If-Match` the revision, so that an edit is not refused because an instance has started. The revision is in the body too.
 *
 * The check that counts is made in the change's own transaction (`revisions/store.ts`); the one here spares the work.
 */
export function installPreconditions(server: FastifyInstance, database: Database): void {
  server.decorateRequest("revision", null);
  const answers = new Map<string, unknown>();
  server.addHook("onRoute", (route) => {
    if (!(patternOf(route.url) in RESOURCES)) return;
    const answer = (route.schema?.response as Record<string, unknown> | undefined)?.["200"];
    if (READS.has(String(route.method))) answers.set(route.url, answer);
    else if (answer !== undefined && answers.get(route.url) === answer) route.config = { ...route.config, showsResource: true };
  });
  server.addHook("preHandler", async (request, reply) => {
    if (reply.sent || request.is404) return;
    const { origin } = request;
    const resource = resourceOf(request);
    const asked = request.headers["if-match"];
    if (READS.has(request.method)) {
      if (resource !== undefined) request.revision = revisionText((await readRevision(database, resource))?.revision);
      return;
    }
    if (resource === undefined) {
      if (asked === undefined) return;
      if (NAMED_WITHIN.has(patternOf(request.routeOptions.url))) {
        if (origin) origin.expected = revisionsIn(asked);
        return;
      }
      throw refuse("invalid_request", `${request.method} of this address takes no If-Match`, { hint: "Leave it out." });
    }
    if (!origin) return;
    origin.resource = resource;
    if (asked === undefined) return;
    origin.expected = revisionsIn(asked);
    checkRevision(await readRevision(database, resource));
  });
  server.addHook("preSerialization", async (request, reply, payload) => {
    const revision = revisionOfAnswer(request, reply);
    return revision === undefined ? payload : { ...(payload as object), revision };
  });
  server.addHook("onSend", async (request, reply, payload) => {
    const revision = revisionOfAnswer(request, reply);
    if (revision === undefined || typeof payload !== "string") return payload;
    const tag = `"${revision}-${createHash("sha256").update(payload).digest("base64url").slice(0, PRINT_LENGTH)}"`;
    reply.header("etag", tag).header("cache-control", "private, no-cache");
    if (!READS.has(request.method) || !isAmong(request.headers["if-none-match"], tag)) return payload;
    reply.code(304).removeHeader("content-type");
    return "";
  });
}

/** Of what the body shows: read before it was made, so that it is never newer than that. */
function revisionOfAnswer(request: FastifyRequest, reply: FastifyReply): string | undefined {
  if (reply.statusCode !== 200) return undefined;
  if (READS.has(request.method)) return request.revision ?? undefined;
  const revision = request.origin?.revision;
  return revision === undefined || !request.routeOptions.config.showsResource ? undefined : revisionText(revision);
}

function resourceOf(request: FastifyRequest): string | undefined {
  const pattern = patternOf(request.routeOptions.url);
  const key = RESOURCES[pattern] ?? (READS.has(request.method) ? undefined : CHANGES[pattern]);
  return key?.(request.params as Record<string, string>);
}

function patternOf(url = ""): string {
  return url.startsWith(PREFIX) ? url.slice(PREFIX.length) : url;
}

/** The revisions of an `If-Match`; weak tags are left out, as they never match. Throws `invalid_request`. */
export function revisionsIn(header: string): readonly string[] | "any" {
  if (header.trim() === "*") return "any";
  const tags =
    header.length > LONGEST_LIST ? null : header.match(/^\s*(?:W\/)?"[\x21\x23-\x7e]*"\s*(?:,\s*(?:W\/)?"[\x21\x23-\x7e]*"\s*)*$/);
  if (!tags) {
    throw refuse("invalid_request", 'If-Match is * or a list of ETags, each in quotes: "k3x9-…"', {
      hint: "Send the ETag that the GET answered with, or the revision of its body in quotes.",
    });
  }
  return [...header.matchAll(/(W\/)?"([^"-]*)[^"]*"/g)].flatMap(([, weak, revision = ""]) => (weak === undefined ? [revision] : []));
}

/** `If-None-Match` compares weakly: a proxy that packs an answer makes its tag a weak one. */
function isAmong(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  return header.trim() === "*" || header.split(",").some((each) => each.trim().replace(/^W\//, "") === tag);
}

/** For readers of the OpenAPI document. */
export function preconditionsInOpenApi(method: string, url: string, schema: Record<string, unknown>): Record<string, unknown> {
  const pattern = patternOf(url);
  const reads = method === "GET" && pattern in RESOURCES;
  const changes = method !== "GET" && (pattern in RESOURCES || pattern in CHANGES || NAMED_WITHIN.has(pattern));
  if (!reads && !changes) return {};
  const [header, description] = reads
    ? (["if-none-match", "304 when it is still this ETag"] as const)
    : (["if-match", "412 unless it still has this ETag, or this revision in quotes"] as const);
  const response = { ...(schema["response"] as Record<string, unknown> | undefined) };
  if (reads) response["304"] = { type: "null", description: "Not modified" };
  return {
    headers: { type: "object", properties: { [header]: { type: "string", description } } },
    response: withRevision(response, pattern),
  };
}

function withRevision(response: Record<string, unknown>, pattern: string): Record<string, unknown> {
  const answer = response["200"];
  return pattern in RESOURCES && hasProperties(answer) ? { ...response, "200": revised(answer) } : response;
}

type ObjectShape = { properties: Record<string, unknown> };

export function hasProperties(shape: unknown): shape is ObjectShape {
  return typeof shape === "object" && shape !== null && "properties" in shape;
}

/** A resource as a GET of it alone answers. */
export function revised(shape: ObjectShape): ObjectShape {
  const revision = { type: "string", description: "Rises with each change of it: for If-Match, in quotes" };
  return { ...shape, properties: { ...shape.properties, revision } };
}
