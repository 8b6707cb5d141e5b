import type { Problem } from "./schemas.ts";

/** `duplex` is required for streamed request bodies (WHATWG fetch) and missing from some type libraries. */
export type Fetch = (url: string, init: RequestInit & { duplex?: "half" }) => Promise<Response>;

export interface ClientOptions {
  /** Where the platform listens, without `/api/v1`: `http://127.0.0.1:4400`; empty in the console, which is served from there. */
  baseUrl: string;
  /** Absent in the console: its session cookie is sent instead. */
  token?: string | undefined;
  /** Sent with every request. */
  headers?: Record<string, string>;
  fetch?: Fetch;
  /** Waits before a stream is connected again. */
  delay?: (milliseconds: number, signal: AbortSignal | undefined) => Promise<void>;
}

/** A refused or failed request. `problem.code` is stable; status 0 and code `unreachable` when there was no answer at all. */
export class ApiError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem, cause?: unknown) {
    super(problem.detail, cause === undefined ? undefined : { cause });
    this.name = "ApiError";
    this.problem = problem;
  }

  /** Whether the same request may succeed a moment later. */
  get transient(): boolean {
    return [0, 429, 502, 503, 504].includes(this.problem.status);
  }
}

export interface SendOptions {
  query?: Record<string, string | number | boolean | readonly string[] | undefined> | undefined;
  /** Sent as JSON. */
  json?: unknown;
  body?: RequestInit["body"];
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
  /** A path that is not below `/api/v1`. */
  root?: boolean;
}

export type Send = (method: string, path: string, options?: SendOptions) => Promise<Response>;

/** Returns the function that all routes go through: it adds the credentials and turns every failure into an ApiError. */
export function createSend(options: ClientOptions): Send {
  const base = options.baseUrl.replace(/\/+$/, "");
  const doFetch: Fetch = options.fetch ?? ((url, init) => fetch(url, init));
  return async (method, path, request = {}) => {
    const headers: Record<string, string> = { accept: "application/json", ...options.headers, ...request.headers };
    if (options.token !== undefined) headers["authorization"] = `Bearer ${options.token}`;
    const init: RequestInit & { duplex?: "half" } = { method, headers, credentials: "same-origin", signal: request.signal ?? null };
    if (request.json !== undefined) {
      headers["content-type"] = "application/json";
      init.body = JSON.stringify(request.json);
    } else if (request.body !== undefined) {
      init.body = request.body;
      init.duplex = "half";
    }
    const url = `${base}${request.root ? "" : "/api/v1"}${path}${queryString(request.query)}`;
    let response: Response;
    try {
      response = await doFetch(url, init);
    } catch (error) {
      if (request.signal?.aborted) throw error;
      throw unreachable(base, error);
    }
    if (!response.ok) throw await refused(response);
    return response;
  };
}

export function unreachable(base: string, cause: unknown): ApiError {
  const detail = `No answer from the platform${base === "" ? "" : ` at ${base}`}`;
  const hint = "Check that it runs: `ebb status`; start it with `ebb up`.";
  return new ApiError({ type: "about:blank", title: "Unreachable", status: 0, code: "unreachable", detail, hint }, cause);
}

async function refused(response: Response): Promise<ApiError> {
  const text = await response.text().catch(() => "");
  try {
    const problem: unknown = JSON.parse(text);
    if (isProblem(problem)) return new ApiError(problem);
  } catch {
    // Not the platform's own answer (a proxy in between, or something else on that port): described below.
  }
  return new ApiError({
    type: "about:blank",
    title: response.statusText || "Unexpected answer",
    status: response.status,
    code: "unexpected_answer",
    detail: `Answered ${response.status} without a problem document: ${text.slice(0, 200) || "empty body"}`,
    hint: "Check that the address is Ebb's platform and not another server.",
  });
}

function isProblem(value: unknown): value is Problem {
  if (typeof value !== "object" || value === null) return false;
  const { code, detail, status } = value as Partial<Problem>;
  return typeof code === "string" && typeof detail === "string" && typeof status === "number";
}

function queryString(query: SendOptions["query"]): string {
  const parts = Object.entries(query ?? {}).flatMap(([key, value]) =>
    (value === undefined ? [] : [value].flat()).map((each) => `${key}=${encodeURIComponent(String(each))}`),
  );
  return parts.length === 0 ? "" : `?${parts.join("&")}`;
}
