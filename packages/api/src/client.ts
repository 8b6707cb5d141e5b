import { clusterCalls } from "./cluster-client.ts";
import { configurationCalls } from "./configuration-client.ts";
import { domainCalls } from "./domains-client.ts";
import { happeningCalls } from "./happenings-client.ts";
import { repositoryCalls } from "./repositories-client.ts";
import { follow } from "./follow.ts";
import { identityCalls } from "./identity-client.ts";
import { modelCalls } from "./model-client.ts";
import { placeCalls, placePath, type CallOptions, type Page, type Place } from "./place-client.ts";
import { changing, type ChangeOptions } from "./revisions.ts";
import type {
  ChangeEvent,
  DeployImage,
  LogRecord,
  Operation,
  OperationEvent,
  OperationState,
  PlatformStatus,
  SessionCode,
} from "./schemas.ts";
import { lines } from "./streams.ts";
import { createSend, type ClientOptions, type SendOptions } from "./transport.ts";

export { AUDIT_ACTIONS, type AuditAction } from "./audit-actions.ts";
export { auditAbout, auditChanges, type AuditChange } from "./audit-changes.ts";
export { HAPPENING_KINDS, type HappeningKind } from "./happening-kinds.ts";
export { OPERATION_STATES } from "./operation-states.ts";
export { REQUEST_STATUSES, type RequestStatus } from "./request-statuses.ts";
export { isChangedMeanwhile, type ChangeOptions } from "./revisions.ts";
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
  /** RFC 3339: what was written later is left out. What is followed ends then, once all until then was told. */
  until?: string | undefined;
}

export interface UploadQuery {
  /** Wins over the name in ebb.yaml. */
  name?: string | undefined;
  /** Used when ebb.yaml has no name. */
  defaultName?: string | undefined;
  /** The app's own when it is there already, else `default`. */
  team?: string | undefined;
  /** The team's first when absent. */
  environment?: string | undefined;
  /** Of the source, to be kept with the version. */
  commit?: string | undefined;
  noTraffic?: boolean | undefined;
}

export interface OperationQuery {
  team?: string | undefined;
  app?: string | undefined;
  environment?: string | undefined;
  /** The id of a change of a layer: those that it set off. */
  partOf?: string | undefined;
  state?: OperationState | undefined;
  /** Who asked for it. */
  by?: string | undefined;
  limit?: number | undefined;
  cursor?: string | undefined;
}

export type { CallOptions, Page, Place } from "./place-client.ts";

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
  const operation = (id: string, rest = "") => `/operations/${encodeURIComponent(id)}${rest}`;
  const text = async (path: string, request?: SendOptions): Promise<string> => (await send("GET", path, request)).text();

  return {
    ...identityCalls(send),
    ...modelCalls(send),
    ...placeCalls(send),
    ...configurationCalls(send),
    ...domainCalls(send),
    ...repositoryCalls(send),
    ...happeningCalls(send),
    ...clusterCalls(send),
    status: (call?: CallOptions) => json<PlatformStatus>("GET", "/status", call),

    /** Ends with what there is, unless `follow` is set; a followed stream ends when the platform stops, or at `until`. */
    async *logs(place: Place, query: LogQuery & CallOptions = {}): AsyncGenerator<LogRecord> {
      const { signal, ...rest } = query;
      const response = await send("GET", placePath(place, "/logs"), {
        query: { ...rest },
        headers: { accept: "application/x-ndjson" },
        signal,
      });
      if (!response.body) return;
      for await (const line of lines(response.body)) if (line !== "") yield JSON.parse(line) as LogRecord;
    },

    deployImage: (body: DeployImage, on?: ChangeOptions) => json<Operation>("POST", "/deployments", { json: body, ...changing(on) }),
    /** Uploads a gzip-compressed tar of source; a stream is sent as it is read, with constant memory (Node.js only: browsers give a Blob). */
    uploadSource: (source: ReadableStream<Uint8Array> | Blob | ArrayBuffer, query: UploadQuery, call: CallOptions & ChangeOptions = {}) =>
      json<Operation>("POST", "/deployments", {
        query: { ...query },
        body: source,
        headers: { "content-type": "application/gzip", ...changing(call).headers },
        signal: call.signal,
      }),

    /** Newest first; `cursor` is the `next` of the page before. */
    listOperations: (query: OperationQuery = {}, call: CallOptions = {}) =>
      json<Page<Operation>>("GET", "/operations", { query: { ...query }, signal: call.signal }),
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
    /**
     * What changes, for ever. Each connection begins with what has changed since `ago` (milliseconds, asked for each), or, where that is not given or
     * not known, with an empty `app`: anything may have changed, read it all again.
     */
    async *changes({ signal, ago }: CallOptions & { ago?: () => number } = {}): AsyncGenerator<ChangeEvent> {
      const query = ago === undefined ? undefined : () => ({ ago: Math.ceil(ago()) });
      for await (const value of follow({ send, path: "/events", ...(query ? { query } : {}), signal, delay })) yield value as ChangeEvent;
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
