import type { Duplex } from "node:stream";
import { TransientError } from "@ebb/base";
import {
  apiVersionOf,
  mergeDifference,
  StatusError,
  type DeleteOptions,
  type Json,
  type Kind,
  type KubeClient,
  type KubeList,
  type KubeObject,
  type ListOptions,
  type WatchEvent,
  type WatchOptions,
} from "@ebb/kube";
import { fetch, type Dispatcher, type Response } from "undici";
import type { ClusterAccess } from "./access.ts";
import { readLines } from "./lines.ts";
import { openMessages } from "./messages.ts";
import { refusalOf } from "./refusal.ts";
import type { ExecRequest } from "./port.ts";

/** A request that is not a stream; the embedded cluster answers in milliseconds, a real one far away within seconds. */
const REQUEST_TIMEOUT = 30_000;

export interface PodLogQuery {
  follow: boolean;
  tailLines?: number;
  /** RFC 3339. */
  sinceTime?: string;
  signal: AbortSignal;
}

interface Request {
  query?: Record<string, string | undefined>;
  body?: unknown;
  /** Of the body, when it is not plain JSON. */
  type?: string;
  signal?: AbortSignal;
}

/**
 * The Kubernetes API over HTTP with a kubeconfig's address and credentials. A refusal is thrown as StatusError, no answer as TransientError
 * `cluster_unavailable`. Objects are as they were on the wire (client-node's typed classes turn times into Dates and drop unknown fields).
 */
export class HttpKubeClient implements KubeClient {
  readonly #access: ClusterAccess;
  /** The first is kept: each new one would open connections of its own. */
  #dispatcher: Dispatcher | undefined;

  constructor(access: ClusterAccess) {
    this.#access = access;
  }

  get server(): string {
    return this.#access.server;
  }

  /** What its API server says that it is: `v1.34.1`. */
  async version(signal: AbortSignal): Promise<string> {
    return (await this.#json<{ gitVersion: string }>("GET", "/version", { signal })).gitVersion;
  }

  /** The API groups that it serves. */
  async groups(signal: AbortSignal): Promise<string[]> {
    return (await this.#json<{ groups: { name: string }[] }>("GET", "/apis", { signal })).groups.map(({ name }) => name);
  }

  get<T extends KubeObject>(kind: Kind<T>, namespace: string | undefined, name: string): Promise<T | undefined> {
    return this.#find(pathOf(kind, namespace, name));
  }

  /** Undefined when the object or the subresource is not there. */
  subresource<T>(kind: Kind, namespace: string, name: string, subresource: string): Promise<T | undefined> {
    return this.#find(`${pathOf(kind, namespace, name)}/${subresource}`);
  }

  list<T extends KubeObject>(kind: Kind<T>, options: ListOptions = {}): Promise<KubeList<T>> {
    return this.#json("GET", pathOf(kind, options.namespace), { query: selectors(options) });
  }

  async *watch<T extends KubeObject>(kind: Kind<T>, options: WatchOptions): AsyncGenerator<WatchEvent<T>> {
    const query = { ...selectors(options), watch: "true", allowWatchBookmarks: "true", resourceVersion: options.resourceVersion };
    const response = await this.#send("GET", pathOf(kind, options.namespace), { query, signal: options.signal });
    for await (const line of readLines(response.body)) yield JSON.parse(line) as WatchEvent<T>;
  }

  create<T extends KubeObject>(kind: Kind<T>, object: T): Promise<T> {
    return this.#json("POST", pathOf(kind, object.metadata.namespace), { body: complete(kind, object) });
  }

  update<T extends KubeObject>(kind: Kind<T>, object: T): Promise<T> {
    return this.#json("PUT", pathOf(kind, object.metadata.namespace, object.metadata.name), { body: complete(kind, object) });
  }

  /**
   * Makes one object the other by a merge patch that says no more than what differs: what others write in between stays, and is no conflict. One
   * that is the same is not sent. Throws NotFound.
   */
  async change<T extends KubeObject>(kind: Kind<T>, present: T, wanted: T): Promise<T> {
    const body = mergeDifference(sent(present), sent(wanted));
    if (body === undefined) return present;
    const { namespace, name } = present.metadata;
    return this.#json("PATCH", pathOf(kind, namespace, name), { body, type: "application/merge-patch+json" });
  }

  updateStatus<T extends KubeObject>(kind: Kind<T>, object: T): Promise<T> {
    return this.#json("PUT", `${pathOf(kind, object.metadata.namespace, object.metadata.name)}/status`, { body: complete(kind, object) });
  }

  async delete<T extends KubeObject>(kind: Kind<T>, namespace: string | undefined, name: string, options?: DeleteOptions): Promise<void> {
    try {
      await this.#json("DELETE", pathOf(kind, namespace, name), options ? { body: options } : {});
    } catch (error) {
      if (!(error instanceof StatusError && error.status === 404)) throw error;
    }
  }

  /** `/metrics` in Prometheus' text format; undefined when the server has none, or none for these credentials. */
  async metrics(): Promise<string | undefined> {
    try {
      const response = await this.#send("GET", "/metrics", { signal: AbortSignal.timeout(REQUEST_TIMEOUT) });
      return await response.text();
    } catch (error) {
      if (error instanceof StatusError) return undefined;
      throw error;
    }
  }

  /** The pod's output, each line with its time in front (`timestamps=true`). */
  async *podLog(namespace: string, pod: string, container: string, query: PodLogQuery): AsyncGenerator<string> {
    const response = await this.#send("GET", `/api/v1/namespaces/${namespace}/pods/${encodeURIComponent(pod)}/log`, {
      query: {
        container,
        timestamps: "true",
        follow: String(query.follow),
        tailLines: query.tailLines?.toString(),
        sinceTime: query.sinceTime,
      },
      signal: query.signal,
    });
    yield* readLines(response.body);
  }

  async close(): Promise<void> {
    await this.#dispatcher?.destroy();
  }

  /** Starts a command; the stream's chunks are the messages of its WebSocket (`v5.channel.k8s.io`). */
  async exec(at: { namespace: string; pod: string; container: string }, { command, stdin, terminal }: ExecRequest): Promise<Duplex> {
    const url = new URL(`${this.#access.server}/api/v1/namespaces/${at.namespace}/pods/${encodeURIComponent(at.pod)}/exec`);
    for (const word of command) url.searchParams.append("command", word);
    const flags = { container: at.container, stdin: String(stdin), stdout: "true", stderr: String(!terminal), tty: String(terminal) };
    for (const [name, value] of Object.entries(flags)) url.searchParams.set(name, value);
    try {
      return await openMessages(url, await this.#access.socketOptions());
    } catch (cause) {
      throw cause instanceof StatusError ? cause : unavailable(this.#access.server, cause);
    }
  }

  async #find<T>(path: string): Promise<T | undefined> {
    try {
      return await this.#json<T>("GET", path);
    } catch (error) {
      if (error instanceof StatusError && error.status === 404) return undefined;
      throw error;
    }
  }

  async #json<T>(method: string, path: string, request: Request = {}): Promise<T> {
    const response = await this.#send(method, path, { signal: AbortSignal.timeout(REQUEST_TIMEOUT), ...request });
    try {
      return (await response.json()) as T;
    } catch (cause) {
      throw unavailable(this.#access.server, cause);
    }
  }

  async #send(method: string, path: string, request: Request): Promise<Response> {
    const url = new URL(this.#access.server + path);
    for (const [key, value] of Object.entries(request.query ?? {})) if (value !== undefined) url.searchParams.set(key, value);
    const authorized = await this.#access.authorize();
    this.#dispatcher ??= authorized.dispatcher;
    const headers: Record<string, string> = { ...authorized.headers, accept: "application/json, text/plain;q=0.5" };
    if (request.body !== undefined) headers["content-type"] = request.type ?? "application/json";
    let response: Response;
    try {
      response = await fetch(url, {
        method,
        headers,
        body: request.body === undefined ? null : JSON.stringify(request.body),
        signal: request.signal ?? null,
        ...(this.#dispatcher ? { dispatcher: this.#dispatcher } : {}),
      });
    } catch (cause) {
      throw unavailable(this.#access.server, cause);
    }
    if (!response.ok) throw await refusal(response);
    return response;
  }
}

/** As it goes over the wire: without what is undefined. */
function sent(object: KubeObject): Json {
  return JSON.parse(JSON.stringify(object)) as Json;
}

function unavailable(server: string, cause: unknown): TransientError {
  return new TransientError("cluster_unavailable", `The cluster at ${server} does not answer`, {
    cause,
    hint: "Check that it runs and that the kubeconfig is right.",
  });
}

async function refusal(response: Response): Promise<Error> {
  return refusalOf(response.status, await response.text().catch(() => ""));
}

function pathOf(kind: Kind, namespace: string | undefined, name?: string): string {
  const root = kind.group === "" ? `/api/${kind.version}` : `/apis/${kind.group}/${kind.version}`;
  const scope = namespace === undefined ? "" : `/namespaces/${encodeURIComponent(namespace)}`;
  return `${root}${scope}/${kind.plural}${name === undefined ? "" : `/${encodeURIComponent(name)}`}`;
}

function selectors(options: ListOptions): Record<string, string | undefined> {
  return { labelSelector: options.labelSelector, fieldSelector: options.fieldSelector };
}

function complete<T extends KubeObject>(kind: Kind<T>, object: T): T {
  return { ...object, apiVersion: apiVersionOf(kind), kind: kind.kind };
}
