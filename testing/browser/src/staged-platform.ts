import { readFile } from "node:fs/promises";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import * as configuration from "./staged-configuration.ts";
import * as data from "./staged-data.ts";
import * as teams from "./staged-teams.ts";
import { domains } from "./staged-domains.ts";
import { happenings } from "./staged-happenings.ts";
import { deployKey, gitSettings, repository } from "./staged-repository.ts";
import { recentRequests, tried } from "./staged-tries.ts";
import * as releases from "./staged-releases.ts";
import * as policies from "./staged-policies.ts";
import * as people from "./staged-people.ts";
import { coldStarts, metrics } from "./staged-metrics.ts";

/** What one route answers instead of its sample data. `hang` never answers; `drop` cuts the connection; a stream of lines ends with its caller unless it is closed. */
export type Answer =
  | { status: number; body: unknown }
  | { events: unknown[]; close?: boolean }
  | { lines: unknown[] | AsyncIterable<unknown[]>; close?: boolean }
  | "hang"
  | "drop";

/**
 * The documented routes over sample data, for states that a real platform reaches slowly or by accident (an empty list, a refusal, thousands
 * of log lines, no answer at all). What the console does with a platform that works is tested with a real one: story.test.ts and console.test.ts.
 */
export interface StagedPlatform {
  url: string;
  /** `stage("GET /apps", …)`; undefined goes back to the sample. */
  stage(route: string, answer: Answer | undefined): void;
  /** Bodies of the changes that were asked for. */
  received: { route: string; body: unknown }[];
  /** Sends one ChangeEvent to every open page. */
  change(event: { type: string; app: string }): void;
  stop(): Promise<void>;
}

const POLICY =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";
const TYPES: Record<string, string> = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml" };

const one = "hello-node";
const at = `/apps/${one}/environments/test`;
const samples: Record<string, Answer> = {
  "GET /session/ways": { status: 200, body: { password: true, singleSignOn: { label: "Example Inc" } } },
  "GET /session/device/ABCD-EFGH": { status: 200, body: { name: "laptop", address: "10.1.2.3", client: "ebb" } },
  "GET /status": { status: 200, body: data.status },
  "GET /apps": { status: 200, body: { items: data.apps } },
  [`GET /apps/${one}`]: { status: 200, body: data.apps[0] },
  [`GET /apps/${one}/repository`]: { status: 200, body: repository },
  [`PUT /apps/${one}/repository`]: { status: 200, body: repository },
  [`POST /apps/${one}/repository/hook`]: { status: 200, body: { url: repository.hookUrl, secret: "shown-this-once" } },
  [`PATCH /apps/${one}`]: { status: 200, body: data.apps[0] },
  "POST /deployments/git": { status: 202, body: data.trafficDone },
  [`GET /apps/${one}/environments/prod`]: { status: 200, body: { ...data.apps[0]?.environments[1], revision: "7" } },
  [`GET ${at}`]: { status: 200, body: { ...data.apps[0]?.environments[0], rules: releases.rules, revision: "3" } },
  "GET /git-settings": { status: 200, body: gitSettings },
  "PATCH /git-settings": { status: 200, body: { ...gitSettings, allow: ["git.corp.example.com", "10.0.0.0/8"], revision: "2" } },
  "GET /teams/default/git-credentials": { status: 200, body: { items: [deployKey] } },
  "POST /teams/default/git-credentials": {
    status: 201,
    body: { ...deployKey, id: "c-2", kind: "token", publicKey: null, fingerprint: null },
  },
  "DELETE /teams/default/git-credentials/c-1": { status: 204, body: null },
  "GET /rates": { status: 200, body: data.rates },
  [`GET ${at}/requests`]: { status: 200, body: recentRequests },
  [`POST ${at}/requests`]: { status: 200, body: tried },
  [`GET ${at}/versions/v12/configuration`]: { status: 200, body: { items: data.configuration } },
  [`GET ${at}/versions/v11/diff/v12`]: { status: 200, body: data.diff },
  [`GET ${at}/traffic-policy`]: { status: 200, body: policies.trafficPolicy },
  [`PATCH ${at}/traffic-policy`]: { status: 200, body: { ...policies.trafficPolicy, rateLimits: [], revision: "5" } },
  [`GET ${at}/scaling`]: { status: 200, body: policies.scaling },
  [`PATCH ${at}/scaling`]: { status: 200, body: { ...policies.scaling, min: 2, revision: "7" } },
  [`GET ${at}/what-if`]: { status: 200, body: policies.whatIf },
  [`GET ${at}/versions/v11/configuration`]: { status: 200, body: { items: data.configuration } },
  [`PUT ${at}/mirror`]: { status: 202, body: data.trafficDone },
  [`DELETE ${at}/mirror`]: { status: 202, body: data.trafficDone },
  [`GET ${at}/mirror`]: { status: 200, body: releases.mirror },
  [`PATCH ${at}/versions/v12`]: { status: 200, body: data.versions[0] },
  "GET /domains": { status: 200, body: { items: domains } },
  [`GET ${at}/happenings`]: { status: 200, body: { items: happenings } },
  [`GET ${at}/releases`]: { status: 200, body: { items: releases.ended } },
  [`GET ${at}/explain`]: { status: 200, body: releases.explanation },
  [`POST ${at}/releases`]: { status: 202, body: releases.releasing },
  [`POST ${at}/releases/continue`]: { status: 200, body: releases.running },
  [`POST ${at}/releases/abort`]: { status: 200, body: releases.running },
  [`GET ${at}/versions`]: { status: 200, body: { items: data.versions, next: null } },
  [`GET ${at}/domains`]: { status: 200, body: { items: domains } },
  [`POST ${at}/domains`]: { status: 201, body: domains[0] },
  [`POST ${at}/domains/${domains[0]?.name}/accept`]: { status: 200, body: { ...domains[0], state: "verified" } },
  [`POST ${at}/domains/shop.example.com/verify`]: { status: 200, body: domains[1] },
  [`PUT ${at}/domains/old.example.com/certificate`]: { status: 200, body: domains[3] },
  [`DELETE ${at}/domains/old.example.com`]: { status: 204, body: null },
  [`GET ${at}/decisions`]: { status: 200, body: { items: data.decisions, recorded: true } },
  [`GET ${at}/cold-starts`]: { status: 200, body: { items: coldStarts(), recorded: true } },
  [`GET ${at}/metrics`]: { status: 200, body: metrics() },
  [`GET ${at}/instances`]: { status: 200, body: { items: data.instances } },
  [`GET ${at}/configuration`]: { status: 200, body: configuration.configuration },
  [`POST ${at}/configuration/plan`]: { status: 200, body: { apps: configuration.plan.apps.slice(0, 1) } },
  [`PATCH ${at}/configuration`]: { status: 202, body: data.trafficDone },
  [`GET ${at}/logs`]: { lines: data.logRecords(12) },
  [`POST ${at}/traffic/plan`]: { status: 200, body: releases.moves },
  [`PUT ${at}/traffic`]: { status: 202, body: data.trafficDone },
  "GET /me": { status: 200, body: people.me },
  "GET /tokens": { status: 200, body: { items: [people.token] } },
  "POST /tokens": { status: 201, body: { token: "ebb_once", about: people.token } },
  "DELETE /tokens/t-1": { status: 204, body: null },
  "GET /sessions": { status: 200, body: { items: people.sessions } },
  "GET /audit": { status: 200, body: { items: people.audit, next: null } },
  "GET /audit/verification": { status: 200, body: people.verification },
  "POST /operations/op-waiting/approve": { status: 200, body: data.waiting },
  "GET /operations/op-waiting/events": { events: [{ type: "operation", operation: data.waiting }] },
  "GET /teams/default/environments": { status: 200, body: { items: [...teams.environments, teams.preview] } },
  "PATCH /teams/default/previews/feature-login": { status: 200, body: teams.preview },
  "DELETE /teams/default/previews/feature-login": { status: 202, body: data.trafficDone },
  "POST /teams/default/previews": { status: 201, body: teams.preview },
  "GET /teams/default/quota": { status: 200, body: policies.quota },
  "PATCH /teams/default/quota": {
    status: 200,
    body: { ...policies.quota, quota: { ...policies.quota.quota, instances: 50 }, revision: "3" },
  },
  "GET /teams/default/members": { status: 200, body: { items: teams.members } },
  "PUT /teams/default/members/grace": { status: 204, body: null },
  "GET /usage": { status: 200, body: teams.usage },
  "GET /users": { status: 200, body: { items: teams.users, next: null } },
  "POST /users": { status: 201, body: { user: "linus", code: "once", expiresAt: "2099-01-01T00:00:00Z" } },
  "POST /deployments": { status: 202, body: data.trafficDone },
  "GET /clusters": { status: 200, body: { items: teams.clusters } },
  "POST /clusters": { status: 201, body: teams.clusters[1] },
  "POST /clusters/frankfurt/check": { status: 200, body: teams.clusters[1] },
  "DELETE /clusters/frankfurt": { status: 204, body: null },
  "GET /approvals": { status: 200, body: { items: teams.approvals } },
  "POST /teams/default/environments/prod/sleep": { status: 202, body: data.trafficDone },
  "POST /teams/default/environments/prod/move": { status: 202, body: data.trafficDone },
  "DELETE /teams/default/environments/prod": { status: 202, body: data.trafficDone },
  "GET /teams": { status: 200, body: { items: [data.team] } },
  "GET /teams/default": { status: 200, body: data.team },
  [`GET ${at}/versions/v3/diff/v11`]: { status: 200, body: data.diff },
  [`POST /apps/${one}/environments/prod/promote`]: { status: 202, body: data.trafficDone },
  [`POST ${at}/rollback`]: { status: 202, body: data.trafficDone },
  "GET /operations": { status: 200, body: { items: data.operations, next: null } },
  "GET /operations/op-release/events": { events: [{ type: "operation", operation: releases.releasing }] },
  "GET /operations/op-rollout/events": { events: [{ type: "operation", operation: data.rollout }] },
  "GET /operations/op-running/events": { events: [{ type: "operation", operation: data.running }] },
};
for (const environment of [...teams.environments, teams.preview]) {
  samples[`GET /teams/default/environments/${environment.name}`] = { status: 200, body: environment };
  samples[`PATCH /teams/default/environments/${environment.name}`] = { status: 200, body: environment };
}
for (const operation of [...data.operations, data.rollout]) {
  samples[`GET /operations/${operation.id}`] = { status: 200, body: operation };
  samples[`GET /operations/${operation.id}/events`] ??= { events: [{ type: "operation", operation }], close: true };
}
for (const [layer, path] of [
  ["platform", ""],
  ["team", "/teams/default"],
  ["environment", "/teams/default/environments/prod"],
] as const) {
  samples[`GET ${path}/configuration`] = { status: 200, body: { ...configuration.teamLayer, layer } };
  samples[`POST ${path}/configuration/plan`] = { status: 200, body: configuration.plan };
  samples[`PATCH ${path}/configuration`] = { status: 200, body: configuration.change };
}
const NOT_FOUND: Answer = {
  status: 404,
  body: { type: "about:blank", title: "Not found", status: 404, code: "app_not_found", detail: "There is no such app" },
};

export async function startStagedPlatform(consoleRoot: string): Promise<StagedPlatform> {
  const staged = new Map<string, Answer>();
  const received: StagedPlatform["received"] = [];
  const watchers = new Set<ServerResponse>();
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    if (!pathname.startsWith("/api/v1")) {
      void serveFile(consoleRoot, pathname, response);
      return;
    }
    const route = `${request.method ?? ""} ${pathname.slice("/api/v1".length)}`;
    void bodyOf(request).then((body) => {
      if (request.method !== "GET") received.push({ route, body });
      const answer = staged.get(route);
      if (route === "GET /events" && answer === undefined) {
        response.writeHead(200, { "content-type": "text/event-stream" });
        response.write(":\n\n");
        watchers.add(response);
        response.once("close", () => watchers.delete(response));
      } else give(response, answer ?? samples[route] ?? NOT_FOUND);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    stage: (route, answer) => void (answer === undefined ? staged.delete(route) : staged.set(route, answer)),
    change(event) {
      for (const watcher of watchers) watcher.write(`data: ${JSON.stringify(event)}\n\n`);
    },
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

function give(response: ServerResponse, answer: Answer): void {
  if (answer === "hang") return;
  if (answer === "drop") return void response.destroy();
  if ("lines" in answer) {
    response.writeHead(200, { "content-type": "application/x-ndjson" });
    return void writeLines(response, answer.lines).then(() => answer.close === true && response.end());
  }
  if ("events" in answer) {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(answer.events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join(""));
    if (answer.close === true) response.end();
    return;
  }
  response.writeHead(answer.status, { "content-type": answer.status < 400 ? "application/json" : "application/problem+json" });
  response.end(answer.status === 204 ? undefined : JSON.stringify(answer.body));
}

async function writeLines(response: ServerResponse, all: unknown[] | AsyncIterable<unknown[]>): Promise<void> {
  for await (const some of Array.isArray(all) ? [all] : all) {
    if (response.destroyed) return;
    const free = response.write(some.map((line) => `${JSON.stringify(line)}\n`).join(""));
    if (!free) await Promise.race([once(response, "drain"), once(response, "close")]);
  }
}

async function serveFile(root: string, pathname: string, response: ServerResponse): Promise<void> {
  const wanted = extname(pathname) === "" ? "/index.html" : pathname;
  try {
    const content = await readFile(join(root, wanted));
    response.writeHead(200, {
      "content-type": TYPES[extname(wanted)] ?? "application/octet-stream",
      "content-security-policy": POLICY,
      // As the platform does: their names have a hash of what is in them.
      "cache-control": pathname.startsWith("/assets/") ? "public, max-age=31536000, immutable" : "no-cache",
    });
    response.end(content);
  } catch {
    response.writeHead(404).end();
  }
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString("utf8");
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text === "" ? null : `${text.length} bytes`;
  }
}
