import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Cluster } from "@ebb/api";
import { silentLogger } from "@ebb/base";
import { eventually, tempDir, VirtualClock } from "@ebb/testkit";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { KubeClusters } from "../cluster/kube-clusters.ts";
import { openDatabase, type Database } from "../database/database.ts";
import type { Deps } from "../deploy/context.ts";
import { createEnvironment } from "../service/environments.ts";
import { ClusterService } from "../service/clusters.ts";
import { Vault } from "../secrets/vault.ts";
import { describeDatabases } from "../testing/databases.ts";
import { openPlatformHttp } from "../testing/http.ts";
import { TEST_MASTER_KEY } from "../testing/world.ts";
import { ClusterRegistry } from "./registry.ts";
import { listClusters } from "./store.ts";

const TOKEN = "a-token-that-nobody-sees";

/** As much of an API server as is asked of one in which nothing runs. */
async function apiServer({ groups = ["serving.knative.dev", "networking.istio.io"], token = TOKEN } = {}) {
  const server = createServer((request, response) => {
    const answer = (status: number, body: unknown) =>
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    const url = new URL(request.url ?? "/", "http://x");
    if (request.headers.authorization !== `Bearer ${token}`) return answer(401, { kind: "Status", reason: "Unauthorized", code: 401 });
    if (url.pathname === "/version") return answer(200, { gitVersion: "v1.34.1" });
    if (url.pathname === "/apis") return answer(200, { groups: groups.map((name) => ({ name })) });
    if (url.searchParams.has("watch")) return response.writeHead(200).flushHeaders();
    return answer(200, { metadata: { resourceVersion: "1" }, items: [] });
  });
  const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const stop = () => {
    server.closeAllConnections();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  };
  onTestFinished(stop);
  return { url: `http://127.0.0.1:${port}`, port, stop, again: () => listen(port) };
}

async function platformOn(db: Database) {
  const { path, remove } = await tempDir();
  onTestFinished(remove);
  const first = await apiServer();
  const kubeconfigPath = join(path, "kubeconfig");
  await writeFile(kubeconfigPath, kubeconfig(first.url, { token: TOKEN }));
  const clock = new VirtualClock(Date.UTC(2026, 0, 1));
  const vault = await Vault.open({ db, clock, source: TEST_MASTER_KEY });
  const ingress = { host: "127.0.0.1", port: 8080 };
  const fleet = new KubeClusters({ main: { kubeconfigPath, ingress }, clock, log: silentLogger });
  const registry = new ClusterRegistry({ db, vault, fleet, clock, log: silentLogger });
  const deps = { db, vault, clusters: fleet, clock, ingress, log: silentLogger } as unknown as Deps;
  const clusters = new ClusterService({ deps, fleet, registry, main: { name: "local", server: first.url } });
  await fleet.start();
  await registry.start();
  onTestFinished(async () => {
    await registry.stop();
    await fleet.stop();
  });
  const clusterName = (cluster: string) => (cluster === "main" ? "local" : cluster);
  const environments = { db, clock, clusters: fleet, clusterName };
  const http = await openPlatformHttp({ clusters, createEnvironment: (team, body) => createEnvironment(environments, team, body) }, {}, db);
  const read = async (name: string) => (await (await http.owner("GET", `/clusters/${name}`)).json()) as Cluster;
  return { ...http, clock, fleet, first, read };
}

function kubeconfig(server: string, user: object): string {
  return JSON.stringify({
    clusters: [{ name: "c", cluster: { server } }],
    users: [{ name: "u", user }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
    "current-context": "x",
  });
}

describeDatabases("clusters", (when, open) => {
  when("one is added with a token or a kubeconfig, is told without them, and is encrypted in the database", async () => {
    const { db } = await open();
    const { owner } = await platformOn(db);
    const { url } = await apiServer();
    const added = await owner("POST", "/clusters", { name: "far", ingress: "10.0.0.5:80", server: url, token: TOKEN });
    expect(added.status).toBe(201);
    const text = await added.text();
    expect(JSON.parse(text)).toMatchObject({
      name: "far",
      main: false,
      state: "ready",
      version: "v1.34.1",
      knative: true,
      istio: true,
      createdBy: "admin",
      ingress: "10.0.0.5:80",
    });
    const other = { name: "other", ingress: "[::1]:8080", kubeconfig: kubeconfig(url, { token: TOKEN }) };
    expect((await owner("POST", "/clusters", other)).status).toBe(201);
    const all = await (await owner("GET", "/clusters")).text();
    expect((JSON.parse(all) as { items: Cluster[] }).items.map(({ name }) => name)).toEqual(["local", "far", "other"]);
    const trail = JSON.stringify(await db.selectFrom("audit").selectAll().execute());
    expect(trail).toContain("cluster.added");
    for (const told of [text, all, trail, JSON.stringify(await listClusters(db))]) expect(told).not.toContain(TOKEN);
    expect((await owner("POST", "/clusters", other)).status).toBe(409);
    expect((await owner("POST", "/clusters", { ...other, name: "local" })).status).toBe(409);
  });

  when("one that cannot be used is refused, unless it is wanted all the same", async () => {
    const { db } = await open();
    const { owner } = await platformOn(db);
    const [bare, closed] = [await apiServer({ groups: ["apps"] }), await apiServer({ token: "another" })];
    const add = async (name: string, server: string, more: object = {}) =>
      (await (await owner("POST", "/clusters", { name, ingress: "h:80", server, token: TOKEN, ...more })).json()) as {
        code?: string;
        detail?: string;
        state?: string;
      };
    expect(await add("bare", bare.url)).toMatchObject({ code: "cluster_unusable", detail: expect.stringContaining("no Knative Serving") });
    expect(await add("closed", closed.url)).toMatchObject({ code: "cluster_unusable", detail: expect.stringContaining("let Ebb in") });
    expect(await add("gone", "http://127.0.0.1:1")).toMatchObject({ code: "cluster_unusable" });
    expect(await add("gone", "http://127.0.0.1:1", { unchecked: true })).toMatchObject({ state: "unreachable" });
  });

  when("one that environments are on stays, and one that nothing is on goes", async () => {
    const { db } = await open();
    const { owner, fleet } = await platformOn(db);
    const { url } = await apiServer();
    await owner("POST", "/clusters", { name: "far", ingress: "h:80", server: url, token: TOKEN });
    const create = (name: string, cluster: string) => owner("POST", "/teams/default/environments", { name, cluster });
    const made = await create("eu", "far");
    expect(await made.json()).toMatchObject({ name: "eu", cluster: "far" });
    expect((await create("us", "nowhere")).status).toBe(404);
    expect(await (await owner("DELETE", "/clusters/far")).json()).toMatchObject({ code: "cluster_in_use" });
    expect(await (await owner("DELETE", "/clusters/local")).json()).toMatchObject({ code: "cluster_in_use" });
    await db.deleteFrom("environments").where("cluster", "=", "far").execute();
    expect((await owner("DELETE", "/clusters/far", undefined, { "if-match": '"stale"' })).status).toBe(412);
    expect((await owner("DELETE", "/clusters/far")).status).toBe(204);
    expect((await owner("GET", "/clusters/far")).status).toBe(404);
    expect(fleet.condition("far").state).not.toBe("ready");
  });
});

test("one that does not answer any more takes nothing with it but what is on it, and comes back", async () => {
  const { path, remove } = await tempDir();
  onTestFinished(remove);
  const db = await openDatabase({ kind: "sqlite", path: join(path, "p.db") });
  onTestFinished(() => db.destroy());
  const { owner, clock, fleet, read } = await platformOn(db);
  const far = await apiServer();
  await owner("POST", "/clusters", { name: "far", ingress: "h:80", server: far.url, token: TOKEN });
  await owner("POST", "/teams/default/environments", { name: "eu", cluster: "far" });
  const health = (cluster: string) => fleet.of({ team: "default", name: "x", cluster, namespace: "x" }).health();
  await eventually(() => health("far").ready && health("main").ready);
  const told: string[] = [];
  fleet.onChange(({ app }) => told.push(app));
  await far.stop();
  // A restart is nothing that anybody is told of.
  await fleet.check("far");
  expect((await read("far")).state).toBe("ready");
  const lastSeen = (await read("far")).lastSeen ?? "";
  await clock.advance(10_000);
  await fleet.check("far");
  expect(await read("far")).toMatchObject({
    state: "unreachable",
    lastSeen,
    since: lastSeen,
    latencyMs: null,
    environments: [{ name: "eu" }],
  });
  expect(health("far")).toMatchObject({ ready: false, message: expect.stringContaining(`Unknown since ${lastSeen}`) });
  expect((await read("local")).state).toBe("ready");
  expect(health("main").ready).toBe(true);
  expect(fleet.health().ready).toBe(true);
  expect(told).toEqual([""]);
  await far.again();
  await fleet.check("far");
  expect((await read("far")).state).toBe("ready");
  expect(health("far").ready).toBe(true);
  expect(told).toEqual(["", ""]);
});
