import { follow } from "./follow.ts";
import { identityCalls } from "./identity-client.ts";
import type {
  App,
  ChangeEvent,
  DeployImage,
  EnvVariables,
  Instance,
  LogRecord,
  Metrics,
  Operation,
  OperationEvent,
  PatchEnv,
  PatchSecrets,
  PlatformStatus,
  Rollback,
  ColdStarts,
  ScalingDecisions,
  SecretList,
  SessionCode,
  SetTraffic,
  Version,
} from "./schemas.ts";
import { lines } from "./streams.ts";
import { createSend, type ClientOptions, type SendOptions } from "./transport.ts";

export { ApiError, type ClientOptions } from "./transport.ts";

export interface LogQuery {
  /** `v3`; all versions when absent. */
  version?: string | undefined;
  instance?: string | undefined;
  follow?: boolean | undefined;
  /** Only the last so many lines of what there is. */
  tail?: number | undefined;
  /** RFC 3339. */
  since?: string | undefined;
}

export interface DecisionQuery {
  /** `v3`; all versions when absent. */
  version?: string | undefined;
  /** RFC 3339: only what was decided until then. */
  at?: string | undefined;
  limit?: number | undefined;
}

export interface MetricsQuery {
  /** RFC 3339; the last hour when absent. */
  from?: string | undefined;
  to?: string | undefined;
  /** Seconds of a point: 10 (kept an hour), 60 (a day) or 3600 (30 days); the finest that covers the time when absent. */
  step?: 10 | 60 | 3600 | undefined;
}

export interface UploadQuery {
  /** Wins over the name in ebb.yaml. */
  name?: string | undefined;
  /** Used when ebb.yaml has no name. */
  defaultName?: string | undefined;
  noTraffic?: boolean | undefined;
}

export interface CallOptions {
  signal?: AbortSignal | undefined;
}

export type Client = ReturnType<typeof createClient>;

/**
 * The platform's REST API with types (docs/reference/rest-api.md), for browsers and Node.js. Every call throws ApiError when it is refused
 * or not answered, and the signal's reason when that is aborted.
 */
export function createClient(options: ClientOptions) {
  const send = createSend(options);
  const delay = options.delay ?? wait;
  const json = async <T>(method: string, path: string, request?: SendOptions): Promise<T> => {
    const response = await send(method, path, request);
    return (await response.json()) as T;
  };
  const items = async <T>(path: string, request?: SendOptions): Promise<T[]> => (await json<{ items: T[] }>("GET", path, request)).items;
  const text = async (path: string, request?: SendOptions): Promise<string> => (await send("GET", path, request)).text();
  const app = (name: string, rest = "") => `/apps/${encodeURIComponent(name)}${rest}`;
  const operation = (id: string, rest = "") => `/operations/${encodeURIComponent(id)}${rest}`;

  return {
    ...identityCalls(send),
    status: (call?: CallOptions) => json<PlatformStatus>("GET", "/status", call),

    listApps: (call?: CallOptions) => items<App>("/apps", call),
    getApp: (name: string, call?: CallOptions) => json<App>("GET", app(name), call),
    deleteApp: (name: string) => json<Operation>("DELETE", app(name)),
    listVersions: (name: string, call?: CallOptions) => items<Version>(app(name, "/versions"), call),
    listInstances: (name: string, call?: CallOptions) => items<Instance>(app(name, "/instances"), call),
    coldStarts: (name: string, { signal, ...query }: { version?: string | undefined; limit?: number | undefined } & CallOptions = {}) =>
      json<ColdStarts>("GET", app(name, "/cold-starts"), { query, signal }),
    decisions: (name: string, { signal, ...query }: DecisionQuery & CallOptions = {}) =>
      json<ScalingDecisions>("GET", app(name, "/decisions"), { query, signal }),
    metrics: (name: string, { signal, ...query }: MetricsQuery & CallOptions = {}) =>
      json<Metrics>("GET", app(name, "/metrics"), { query, signal }),
    setTraffic: (name: string, body: SetTraffic) => json<Operation>("PUT", app(name, "/traffic"), { json: body }),
    rollback: (name: string, body: Rollback = {}) => json<Operation>("POST", app(name, "/rollback"), { json: body }),
    getEnv: (name: string, call?: CallOptions) => json<EnvVariables>("GET", app(name, "/env"), call),
    patchEnv: (name: string, body: PatchEnv) => json<Operation>("PATCH", app(name, "/env"), { json: body }),
    listSecrets: (name: string, call?: CallOptions) => json<SecretList>("GET", app(name, "/secrets"), call),
    patchSecrets: (name: string, body: PatchSecrets) => json<Operation>("PATCH", app(name, "/secrets"), { json: body }),

    /** Ends with what there is, unless `follow` is set; a followed stream ends when the platform stops. */
    async *logs(name: string, query: LogQuery & CallOptions = {}): AsyncGenerator<LogRecord> {
      const { signal, ...rest } = query;
      const response = await send("GET", app(name, "/logs"), { query: { ...rest }, headers: { accept: "application/x-ndjson" }, signal });
      if (!response.body) return;
      for await (const line of lines(response.body)) if (line !== "") yield JSON.parse(line) as LogRecord;
    },

    deployImage: (body: DeployImage) => json<Operation>("POST", "/deployments", { json: body }),
    /** Uploads a gzip-compressed tar of source; a stream is sent as it is read, with constant memory (Node.js only: browsers give a Blob). */
    uploadSource: (source: ReadableStream<Uint8Array> | Blob | ArrayBuffer, query: UploadQuery, call: CallOptions = {}) =>
      json<Operation>("POST", "/deployments", {
        query: { ...query },
        body: source,
        headers: { "content-type": "application/gzip" },
        signal: call.signal,
      }),

    listOperations: (query: { app?: string | undefined; limit?: number | undefined } = {}, call: CallOptions = {}) =>
      items<Operation>("/operations", { query, signal: call.signal }),
    getOperation: (id: string, call?: CallOptions) => json<Operation>("GET", operation(id), call),
    cancelOperation: (id: string) => json<Operation>("POST", operation(id, "/cancel")),
    /** Everything that happened and happens, each log line once; ends after the operation has reached a terminal state. Survives restarts of the platform. */
    async *operationEvents(id: string, call: CallOptions = {}): AsyncGenerator<OperationEvent> {
      // Each connection tells everything from the beginning: log lines that were told before are passed over.
      let told = 0;
      let seen = 0;
      const onConnect = () => {
        seen = 0;
      };
      for await (const value of follow({ send, path: operation(id, "/events"), signal: call.signal, delay, onConnect })) {
        const event = value as OperationEvent;
        if (event.type === "log" && ++seen <= told) continue;
        if (event.type === "log") told = seen;
        yield event;
        if (event.type === "operation" && event.operation.finishedAt !== null) return;
      }
    },
    /** What changes, for ever. The first event after each connection has an empty `app`: anything may have changed, read it all again. */
    async *changes(call: CallOptions = {}): AsyncGenerator<ChangeEvent> {
      for await (const value of follow({ send, path: "/events", signal: call.signal, delay })) yield value as ChangeEvent;
    },

    kubeconfig: (call?: CallOptions) => text("/kubeconfig", { ...call, headers: { accept: "application/yaml" } }),
    /** Exchanges the code of a console link for a session cookie (browsers keep it). */
    createSession: async (code: string): Promise<void> => {
      await send("POST", "/session", { json: { code } });
    },
    /** Makes such a code: the console opens signed in at `BASE_URL/?code=CODE`. */
    createSessionCode: () => json<SessionCode>("POST", "/session/codes"),
    deleteSession: async (): Promise<void> => {
      await send("DELETE", "/session");
    },
    ebbSchema: (call?: CallOptions) => json<Record<string, unknown>>("GET", "/schemas/ebb.json", call),
    openapi: (call?: CallOptions) => json<Record<string, unknown>>("GET", "/openapi.json", call),
    /** Whether the platform answers at all. */
    healthy: async (call?: CallOptions): Promise<boolean> => {
      try {
        return (await text("/healthz", { ...call, root: true })).trim() === "ok";
      } catch (error) {
        call?.signal?.throwIfAborted();
        if (error instanceof Error) return false;
        throw error;
      }
    },
  };
}

/** The client's own timer: it runs in browsers, where `@ebb/base` does not. */
function wait(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(handle);
      reject(signal?.reason);
    };
    // oxlint-disable-next-line no-restricted-globals -- see above; tests pass `delay`
    const handle = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    if (signal?.aborted) stop();
    else signal?.addEventListener("abort", stop, { once: true });
  });
}
