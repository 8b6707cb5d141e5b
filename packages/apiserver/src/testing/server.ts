import { request as httpsRequest, type RequestOptions } from "node:https";
import type { IncomingMessage } from "node:http";
import { join } from "node:path";
import { silentLogger, systemClock, systemRandom, type Clock, type Logger } from "@ebb/base";
import type { ConfigCheck, ObjectView } from "@ebb/kube";
import { tempDir } from "@ebb/testkit";
import { onTestFinished } from "vitest";
import { parse } from "yaml";
import { createApiServer, type ApiServer } from "../api-server.ts";
import type { Measure } from "../rest/serve-measured.ts";
import type { PodLogs } from "../rest/serve-pod-log.ts";
import type { PodStreams } from "../streams/pod-streams.ts";

/** Of `ann`, who may do everything. */
export const TEST_TOKEN = "test-token";
/** Of `vic`, in the group `visitors`, who may do nothing but what everybody may. */
export const VISITOR_TOKEN = "visitor-token";

interface Reply {
  status: number;
  headers: IncomingMessage["headers"];
  /** Parsed if it is JSON. */
  body: Loose;
}
// What a server answers is looked at freely in tests.
// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any;

interface CallOptions {
  body?: unknown;
  type?: string;
  accept?: string;
  token?: string | undefined;
  headers?: Record<string, string | string[]>;
  /** A client certificate, PEM. */
  client?: { cert: string; key: string };
}

export interface TestServer {
  api: ApiServer;
  kubeconfig: string;
  folder: string;
  /** PEM. */
  authority: Buffer;
  call(method: string, path: string, options?: CallOptions): Promise<Reply>;
  /** The raw response of a GET, for streams. */
  open(path: string, accept?: string): Promise<IncomingMessage>;
}

/** A real server on a free port with a store of its own, stopped when the test ends. */
export async function startServer(
  options: {
    podLogs?: PodLogs;
    podStreams?: PodStreams;
    metrics?: () => string;
    measure?: Measure;
    configCheck?: ConfigCheck;
    objectViews?: readonly ObjectView[];
    clock?: Clock;
    folder?: string;
    log?: Logger;
  } = {},
): Promise<TestServer> {
  let folder = options.folder;
  if (folder === undefined) {
    const dir = await tempDir();
    onTestFinished(() => dir.remove());
    folder = dir.path;
  }
  const api = createApiServer({
    storePath: join(folder, "store.db"),
    listen: { host: "127.0.0.1", port: 0 },
    tokens: [
      { token: TEST_TOKEN, user: { name: "ann", groups: ["team", "system:masters"] } },
      { token: VISITOR_TOKEN, user: { name: "vic", groups: ["visitors"] } },
    ],
    podLogs: options.podLogs ?? async function* none() {},
    ...(options.podStreams ? { podStreams: options.podStreams } : {}),
    ...(options.objectViews ? { objectViews: options.objectViews } : {}),
    ...(options.configCheck ? { configCheck: options.configCheck } : {}),
    ...(options.metrics ? { metrics: options.metrics } : {}),
    ...(options.measure ? { measure: options.measure } : {}),
    clock: options.clock ?? systemClock,
    random: systemRandom,
    log: options.log ?? silentLogger,
  });
  await api.start();
  onTestFinished(() => api.stop());
  const kubeconfig = api.kubeconfig({ token: TEST_TOKEN });
  const ca = Buffer.from(parse(kubeconfig).clusters[0].cluster["certificate-authority-data"], "base64");
  const base: RequestOptions = { ...api.address(), ca, agent: false };
  return {
    api,
    kubeconfig,
    folder,
    authority: ca,
    call: (method, path, callOptions = {}) => call({ ...base, method, path }, callOptions),
    open: (path, accept) =>
      new Promise((resolve, reject) => {
        const headers = { authorization: `Bearer ${TEST_TOKEN}`, ...(accept ? { accept } : {}) };
        const request = httpsRequest({ ...base, path, headers }, (response) => {
          onTestFinished(() => void response.destroy());
          resolve(response);
        });
        request.on("error", reject).end();
      }),
  };
}

async function call(
  base: RequestOptions,
  { body, type = "application/json", accept, token = TEST_TOKEN, headers, client }: CallOptions,
): Promise<Reply> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const text = body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body);
  const all = {
    ...(token ? { authorization: `Bearer ${token}` } : {}),
    ...(text === undefined ? {} : { "content-type": type, "content-length": String(Buffer.byteLength(text)) }),
    ...(accept ? { accept } : {}),
    ...headers,
  };
  httpsRequest({ ...base, ...client, headers: all }, resolve)
    .on("error", reject)
    .end(text);
  const response = await promise;
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  const received = Buffer.concat(chunks).toString();
  const json = response.headers["content-type"]?.startsWith("application/json") && received !== "";
  return { status: response.statusCode ?? 0, headers: response.headers, body: json ? JSON.parse(received) : received };
}

/** The lines of a watch, parsed, as they come. */
export async function* watchLines(response: IncomingMessage): AsyncGenerator<Loose, void> {
  let rest = "";
  for await (const chunk of response as AsyncIterable<Buffer>) {
    rest += chunk.toString();
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) yield JSON.parse(line);
  }
}

/** The next `count` events, as `TYPE name@revision`. */
export async function take(lines: AsyncGenerator<Loose, void>, count: number): Promise<string[]> {
  const events: string[] = [];
  while (events.length < count) {
    const { value, done } = await lines.next();
    if (done) break;
    events.push(`${value.type} ${value.object.metadata?.name ?? value.object.reason ?? ""}`);
  }
  return events;
}

export function configMap(name: string, data: Record<string, string> = {}, more: object = {}): object {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, ...more }, data };
}

export function ksvc(name: string, spec: object = {}, metadata: object = {}): object {
  const template = { spec: { containers: [{ image: "example.com/app" }], ...spec } };
  return { apiVersion: "serving.knative.dev/v1", kind: "Service", metadata: { name, ...metadata }, spec: { template } };
}
