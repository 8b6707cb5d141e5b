import type { App, AppEnvironment, Configuration, ConfigurationPlan, Operation, OperationEvent, Version } from "@ebb/api";
import Fastify, { type FastifyInstance, type FastifyReply } from "fastify";
import { onTestFinished } from "vitest";

export const TOKEN = "test-token";
const TIME = "2026-01-01T00:00:00Z";

export function aPlace(change: Partial<AppEnvironment> = {}): AppEnvironment {
  return {
    app: "hello",
    environment: "test",
    team: "default",
    state: "ready",
    url: "http://hello.sls-local.localhost:8080",
    host: "hello",
    message: "",
    latestVersion: "v2",
    rules: [],
    traffic: [
      { version: "v2", percent: 90 },
      { version: "v1", percent: 10 },
    ],
    instances: 1,
    createdAt: TIME,
    updatedAt: TIME,
    ...change,
  };
}

export function anApp(change: Partial<App> = {}): App {
  return {
    name: "hello",
    team: "default",
    kind: "application",
    description: "",
    owner: "",
    repository: "",
    serviceTag: "",
    level: "",
    contacts: [],
    labels: {},
    dependsOn: [],
    environments: [aPlace()],
    createdAt: TIME,
    updatedAt: TIME,
    ...change,
  };
}

export function aVersion(name: string, change: Partial<Version> = {}): Version {
  return {
    name,
    app: "hello",
    environment: "test",
    state: "ready",
    message: "",
    digest: null,
    commit: null,
    source: null,
    promotedFrom: null,
    image: "bundle.ebb.local/hello@sha256:0",
    detectedFrom: "package.json",
    percent: 0,
    instances: 0,
    previewUrl: `http://${name}-hello.sls-local.localhost:8080`,
    createdAt: TIME,
    pinned: null,
    createdBy: "admin",
    ...change,
  };
}

export function anOperation(change: Partial<Operation> = {}): Operation {
  return {
    id: "op-1",
    kind: "deploy",
    team: "default",
    app: "hello",
    environment: "test",
    state: "succeeded",
    phases: [
      { name: "unpack", state: "succeeded", message: "3 files", startedAt: TIME, finishedAt: TIME, duration: 20 },
      { name: "build", state: "succeeded", message: "npm ci", startedAt: TIME, finishedAt: TIME, duration: 3200 },
    ],
    version: "v3",
    url: "http://hello.sls-local.localhost:8080",
    previewUrl: "http://v3-hello.sls-local.localhost:8080",
    failure: null,
    createdAt: TIME,
    createdBy: "admin",
    partOf: null,
    deadline: TIME,
    finishedAt: "2026-01-01T00:00:04Z",
    ...change,
  };
}

export interface Call {
  readonly method: string;
  readonly url: string;
  readonly body: unknown;
}

export interface TestPlatform {
  readonly url: string;
  readonly env: { EBB_SERVER: string; EBB_TOKEN: string };
  /** What was asked, in order; an archive's body is its bytes. */
  readonly calls: Call[];
  /** Answers of `METHOD /path` (below /api/v1) beside or instead of the usual ones. */
  answer(route: string, handler: (reply: FastifyReply) => unknown): void;
}

/** A server on a real socket that answers as docs/reference/rest-api.md says; every change ends in `operation`. */
export async function startPlatform(operation: Operation = anOperation(), events?: OperationEvent[]): Promise<TestPlatform> {
  const server = Fastify({ forceCloseConnections: true });
  server.addContentTypeParser("application/gzip", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
  const calls: Call[] = [];
  const answers = new Map<string, (reply: FastifyReply) => unknown>(usualAnswers(operation, events));
  registerAnswers(server, answers, calls);
  const url = await server.listen({ host: "127.0.0.1", port: 0 });
  onTestFinished(() => server.close());
  return { url, env: { EBB_SERVER: url, EBB_TOKEN: TOKEN }, calls, answer: (route, handler) => answers.set(route, handler) };
}

function registerAnswers(server: FastifyInstance, answers: Map<string, (reply: FastifyReply) => unknown>, calls: Call[]): void {
  server.all("/*", async (request, reply) => {
    const path = request.url.replace(/\?.*/, "").replace(/^\/api\/v1/, "");
    calls.push({ method: request.method, url: request.url, body: request.body });
    if (request.headers.authorization !== `Bearer ${TOKEN}`) return problem(reply, 401, "unauthenticated");
    const answer = answers.get(`${request.method} ${path}`);
    return answer ? answer(reply) : problem(reply, 404, "not_found");
  });
}

export function problem(reply: FastifyReply, status: number, code: string): FastifyReply {
  const body = { type: "about:blank", title: code, status, code, detail: `refused: ${code}`, hint: `mend ${code}` };
  return reply.code(status).type("application/problem+json").send(JSON.stringify(body));
}

function usualAnswers(
  operation: Operation,
  events: OperationEvent[] = [{ type: "operation", operation }],
): [string, (reply: FastifyReply) => unknown][] {
  const started = { ...operation, state: "running", phases: [], finishedAt: null };
  const accepted = (reply: FastifyReply) => reply.code(202).send(started);
  const site = aPlace({ app: "site", state: "asleep", traffic: [{ version: "v1", percent: 100 }] });
  const status = {
    version: "1.2.3",
    startedAt: TIME,
    user: "admin",
    cluster: { name: "local", ready: true, message: "" },
    gateway: { address: "127.0.0.1:8080", ready: true },
    apps: { total: 1, ready: 1, asleep: 0, failed: 0 },
    disk: { free: 4e10, total: 1e11, state: "ok" },
    platforms: [],
    attention: [],
  };
  const kind = "variable" as const;
  const configuration: Configuration = {
    items: [
      { kind, name: "A", text: "1", value: "1", layer: "app", over: ["team"] },
      { kind, name: "B", text: "${A}2", value: "12", layer: "platform", over: [] },
    ],
    fault: null,
  };
  const change = { path: "variables.A", from: "1", to: "2" };
  const plan: ConfigurationPlan = {
    apps: [{ team: "default", app: "hello", environment: "test", newVersion: true, approvals: 0, changes: [change], fault: null }],
  };
  return [
    ["GET /status", () => status],
    ["GET /apps", () => ({ items: [anApp(), anApp({ name: "site", kind: "site", environments: [site] })] })],
    ["GET /apps/hello", () => anApp()],
    ["GET /apps/hello/environments/test", () => aPlace()],
    ["DELETE /apps/hello/environments/prod", accepted],
    ["POST /apps/hello/environments/prod/promote", accepted],
    ["GET /teams/default/environments", () => ({ items: [{ name: "test" }, { name: "prod" }] })],
    ["DELETE /apps/hello", accepted],
    [
      "GET /apps/hello/environments/test/versions",
      () => ({ items: [aVersion("v2", { percent: 90 }), aVersion("v1", { percent: 10, previewUrl: null })], next: null }),
    ],
    ["GET /apps/hello/environments/test/instances", () => ({ items: [] })],
    ["PUT /apps/hello/environments/test/traffic", accepted],
    ["POST /apps/hello/environments/test/rollback", accepted],
    ["POST /apps/hello/environments/test/restart", accepted],
    ["GET /apps/hello/environments/test/configuration", () => configuration],
    ["PATCH /apps/hello/environments/test/configuration", accepted],
    ["POST /apps/hello/environments/test/configuration/plan", () => plan],
    ["GET /teams/default/configuration", () => ({ layer: "team", items: [] })],
    ["PATCH /teams/default/configuration", () => ({ plan, operations: [operation] })],
    ["PATCH /teams/default/environments/prod/configuration", () => ({ plan: { apps: [] }, operations: [] })],
    ["PATCH /configuration", () => ({ plan: { apps: [] }, operations: [] })],
    ["POST /keys/rotate", () => ({ masterKey: "abc", source: "/data/master.key", rewrapped: 2 })],
    ["GET /apps/hello/environments/test/secrets", () => ({ items: [{ name: "API_KEY", updatedAt: TIME }] })],
    ["POST /deployments", accepted],
    ["GET /operations", () => ({ items: [operation], next: null })],
    [`GET /operations/${operation.id}`, () => operation],
    [`POST /operations/${operation.id}/cancel`, () => ({ ...operation, state: "cancelled" })],
    [
      `GET /operations/${operation.id}/events`,
      (reply) => reply.type("text/event-stream").send(events.map((event, id) => `id: ${id}\ndata: ${JSON.stringify(event)}\n\n`).join("")),
    ],
    ["GET /kubeconfig", (reply) => reply.type("application/yaml").send("kind: Config\n")],
    ["POST /session/codes", (reply) => reply.code(201).send({ code: "once" })],
  ];
}
