import { createHash } from "node:crypto";
import type { Clock } from "@ebb/base";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { ExpressionBuilder } from "kysely";
import type { Database } from "../database/database.ts";
import type { Tables } from "../database/schema.ts";
import { refuse } from "../errors.ts";

const HEADER = "idempotency-key";
const KEPT = 24 * 3_600_000;
/** A request that was begun so long ago and has no answer was cut off by a crash: the same may be sent again. */
const ABANDONED = 31 * 60_000;

const MOST_FAILED = 10_000;

declare module "fastify" {
  interface FastifyRequest {
    /** Set while a request with a key is being done. */
    idempotencyKey: string | null;
  }
}

interface Stored {
  body: string;
  type: string;
  location: string | null;
}

/**
 * `Idempotency-Key` on POST (draft-ietf-httpapi-idempotency-key-header): the same request sent again with the same key, by the same caller, is
 * answered as the first time and not done twice. Answers of the platform's own faults are not kept: those may be tried again. Source that is
 * uploaded is compared by its length, not read twice.
 */
export function installIdempotency(server: FastifyInstance, { database, clock }: { database: Database; clock: Clock }): void {
  server.decorateRequest("idempotencyKey", null);
  // Of requests that failed while the database was away: what says that they are still being done is taken out once it is back.
  const failed = new Set<string>();
  server.addHook("preHandler", async (request, reply) => {
    const key = keyOf(request);
    if (key === undefined) return;
    const keyHash = sha256(`${request.caller?.userId ?? ""} ${request.caller?.credential ?? ""} ${key}`);
    const fingerprint = fingerprintOf(request);
    const now = clock.now();
    if (failed.has(keyHash)) await forget(database, keyHash);
    failed.delete(keyHash);
    await database
      .deleteFrom("idempotency_keys")
      .where("key_hash", "=", keyHash)
      .where((where) => overdue(where, now))
      .execute();
    const inserted = await database
      .insertInto("idempotency_keys")
      .values({ key_hash: keyHash, fingerprint, status: null, answer_json: null, created_at: now })
      .onConflict((conflict) => conflict.doNothing())
      .returning("key_hash")
      .executeTakeFirst();
    if (inserted) {
      request.idempotencyKey = keyHash;
      return;
    }
    const seen = await database.selectFrom("idempotency_keys").selectAll().where("key_hash", "=", keyHash).executeTakeFirst();
    if (seen?.fingerprint !== fingerprint) {
      throw refuse("idempotency_key_reused", "This Idempotency-Key was sent with another request", {
        hint: "Take a new key for each request.",
      });
    }
    if (seen.status === null) throw refuse("idempotency_in_progress", "The first request with this key is still being done");
    if (seen.answer_json === null) {
      throw refuse("idempotency_answer_secret", "This was done already; its answer held a secret, which is not kept", {
        hint: "Look at what there is, and make a new one with a new key if you did not get it.",
      });
    }
    return replay(reply, seen.status, JSON.parse(seen.answer_json) as Stored);
  });
  server.addHook("onSend", async (request, reply, payload) => {
    const key = request.idempotencyKey;
    if (key === null) return;
    request.idempotencyKey = null;
    const { statusCode } = reply;
    if (statusCode >= 500 || statusCode === 429) {
      await forget(database, key).catch(() => failed.size < MOST_FAILED && failed.add(key));
      return;
    }
    const location = reply.getHeader("location");
    const stored: Stored = {
      body: typeof payload === "string" ? payload : "",
      type: String(reply.getHeader("content-type") ?? ""),
      location: typeof location === "string" ? location : null,
    };
    const secret = request.routeOptions.config.secretAnswer === true && statusCode < 400;
    await database
      .updateTable("idempotency_keys")
      .set({ status: statusCode, answer_json: secret ? null : JSON.stringify(stored) })
      .where("key_hash", "=", key)
      .execute();
  });
}

async function forget(database: Database, key: string): Promise<void> {
  await database.deleteFrom("idempotency_keys").where("key_hash", "=", key).execute();
}

/** For housekeeping. */
export async function pruneIdempotencyKeys(database: Database, now: number): Promise<void> {
  await database
    .deleteFrom("idempotency_keys")
    .where((where) => overdue(where, now))
    .execute();
}

function overdue(where: ExpressionBuilder<Tables, "idempotency_keys">, now: number) {
  const abandoned = where.and([where("status", "is", null), where("created_at", "<=", now - ABANDONED)]);
  return where.or([where("created_at", "<=", now - KEPT), abandoned]);
}

/** Undefined where keys mean nothing: other methods, and sign-in, which nobody has to repeat. */
function keyOf(request: FastifyRequest): string | undefined {
  const key = request.headers[HEADER];
  if (request.method !== "POST" || request.caller === null || typeof key !== "string") return undefined;
  if (!/^[\x21-\x7e]{1,255}$/.test(key))
    throw refuse("invalid_request", "Idempotency-Key has 1 to 255 printable characters without spaces");
  return key;
}

function fingerprintOf({ method, url, body, headers }: FastifyRequest): string {
  const streamed = typeof body === "object" && body !== null && "pipe" in body;
  const content = streamed ? `${headers["content-type"] ?? ""} ${headers["content-length"] ?? ""}` : JSON.stringify(body ?? null);
  return sha256(`${method} ${url}\n${content}`);
}

function replay(reply: FastifyReply, status: number, { body, type, location }: Stored): FastifyReply {
  // Recorded when it was done.
  if (reply.request.origin) reply.request.origin.recorded++;
  if (type !== "") reply.header("content-type", type);
  if (location !== null) reply.header("location", location);
  // As it was sent: not serialised once more.
  return reply
    .code(status)
    .header("idempotency-replayed", "true")
    .serializer((text) => String(text))
    .send(body);
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
