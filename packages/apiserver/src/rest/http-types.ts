import type { IncomingMessage, ServerResponse } from "node:http";
import type { User } from "../registry/request-context.ts";

/** A request that has been authenticated and taken apart. */
export interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  method: string;
  /** Decoded segments of the path. */
  path: readonly string[];
  query: URLSearchParams;
  user: User;
  /** Makes a signal that is aborted when the client goes or the server stops; few requests last long enough to be worth one. */
  signal(): AbortSignal;
}

/** What an ordinary handler answers; streams write to the response themselves and return undefined. */
export interface Answer {
  status: number;
  body: unknown;
  /** `application/json` unless given. */
  contentType?: string;
  warnings?: readonly string[];
}

export function ok(body: unknown): Answer {
  return { status: 200, body };
}
