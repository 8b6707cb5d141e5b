import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Signal } from "@ebb/base";
import { mergePatch, type Json, type KnativeService, type TrafficPolicy } from "@ebb/kube";
import { VirtualClock } from "@ebb/testkit";
import { expect, onTestFinished, test } from "vitest";
import { compileIstioGuard } from "../compile/istio-guard.ts";
import { accessWith } from "./access.ts";
import { HttpKubeClient } from "./http-kube-client.ts";
import { KubeCluster, type ClusterView } from "./kube-cluster.ts";

type Stored = Record<string, unknown> & {
  metadata: { resourceVersion: string; labels?: Record<string, string> };
  status?: { seen: number };
};

/** As much of an API server as writes of an object need, with a controller that writes the status of all of them before each write that comes. */
async function busyApiServer() {
  const objects = new Map<string, Stored>();
  const calls: string[] = [];
  /** Once, before the next write. */
  const meanwhile: ((objects: Map<string, Stored>) => void)[] = [];
  let version = 0;
  const store = (path: string, object: Record<string, unknown>) => {
    const stored = { ...object, metadata: { ...(object["metadata"] as object), resourceVersion: String(++version) } } as Stored;
    objects.set(path, stored);
    return stored;
  };
  const controllerWrites = () => {
    for (const [path, object] of objects) store(path, { ...object, status: { seen: (object.status?.seen ?? 0) + 1 } });
  };
  const answerTo = (method: string, path: string, body: Record<string, unknown>): [number, unknown] => {
    const present = objects.get(path);
    if (path === "/apis") return [200, { groups: [{ name: "security.istio.io" }] }];
    const [folder = "", labels] = decodeURIComponent(path).split("?labelSelector=");
    if (labels !== undefined) {
      const fits = (key: string, object: Stored) => {
        const own = Object.entries(object.metadata.labels ?? {}).map(([name, value]) => `${name}=${value}`);
        return key.startsWith(`${folder}/`) && labels.split(",").every((label) => own.includes(label));
      };
      return [200, { items: [...objects].flatMap(([key, object]) => (fits(key, object) ? [object] : [])) }];
    }
    if (method === "GET") return present ? [200, present] : [404, { reason: "NotFound", message: "gone" }];
    controllerWrites();
    meanwhile.pop()?.(objects);
    if (method === "POST") return [201, store(`${path}/${(body["metadata"] as { name: string }).name}`, body)];
    const now = objects.get(path);
    if (method === "DELETE" && objects.delete(path)) return [200, {}];
    if (!now) return [404, { reason: "NotFound", message: "gone" }];
    const named = (body["metadata"] as { resourceVersion?: string } | undefined)?.resourceVersion;
    if (named !== undefined && named !== now.metadata.resourceVersion) return [409, { reason: "Conflict", message: "modified" }];
    return [200, store(path, (method === "PATCH" ? mergePatch(now as unknown as Json, body as Json) : body) as Record<string, unknown>)];
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const text = Buffer.concat(chunks).toString();
      const [status, body] = answerTo(
        request.method ?? "",
        request.url ?? "",
        text === "" ? {} : (JSON.parse(text) as Record<string, unknown>),
      );
      calls.push(`${request.method} ${status}${request.method === "PATCH" ? ` ${text}` : ""}`);
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const client = new HttpKubeClient(accessWith({ server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, token: "t" }));
  onTestFinished(async () => {
    await client.close();
    server.closeAllConnections();
    server.close();
  });
  const view = { client, clock: new VirtualClock(0), changes: new Signal() } as unknown as ClusterView;
  const cluster = new KubeCluster(view, { team: "default", name: "test", cluster: "main", namespace: "default" });
  return { cluster, calls, meanwhile, objects };
}

const service = (image: string, more: object = {}): KnativeService => ({
  apiVersion: "serving.knative.dev/v1",
  kind: "Service",
  metadata: { name: "shop", labels: { "app.kubernetes.io/managed-by": "ebb" }, annotations: { "ebb.dev/host": "shop" } },
  spec: { template: { spec: { containers: [{ image }], ...more } }, traffic: [] },
});

test("a Service is changed in one go while its controller writes it, by what differs and nothing else", async () => {
  const { cluster, calls } = await busyApiServer();
  await cluster.putService(service("one", { containerConcurrency: 3 }));
  const put = await cluster.putService(service("two"));
  await cluster.markService("shop", { labels: { a: "b" }, annotations: { "ebb.dev/host": null } });
  await cluster.putService({ ...put, metadata: { name: "shop" } });
  expect(put).toMatchObject({ spec: { template: { spec: { containers: [{ image: "two" }] } } }, status: { seen: 1 } });
  expect(put.spec.template.spec).not.toHaveProperty("containerConcurrency");
  const spec = { template: { spec: { containerConcurrency: null, containers: [{ image: "two" }] } } };
  expect(calls).toEqual([
    "GET 404",
    "POST 201",
    "GET 200",
    `PATCH 200 ${JSON.stringify({ spec })}`,
    "GET 200",
    `PATCH 200 ${JSON.stringify({ metadata: { labels: { a: "b" }, annotations: { "ebb.dev/host": null } } })}`,
    // What is there already is not written.
    "GET 200",
  ]);
  expect(await cluster.readService("shop")).toMatchObject({ metadata: { labels: { a: "b" } }, status: { seen: 2 } });
});

test("marks of a Service or a Revision that has gone between reading and writing are left at that", async () => {
  const { cluster, calls, meanwhile } = await busyApiServer();
  await cluster.putService(service("one"));
  calls.length = 0;
  meanwhile.push((objects) => objects.clear());
  await cluster.markService("shop", { labels: { a: "b" }, annotations: {} });
  await cluster.setMinScale("shop-00001", 1);
  expect(calls).toEqual(["GET 200", expect.stringMatching(/^PATCH 404/), "GET 404"]);
});

test("what guards an app by Istio is made, changed, and deleted when it is not wanted any more, and no other app's is", async () => {
  const { cluster, objects } = await busyApiServer();
  const guards = (app: string, policy: TrafficPolicy) =>
    compileIstioGuard({ app, namespace: "default", now: 0, hosts: [`${app}.example.com`], revisions: [`${app}-00001`], policy }).objects;
  const deny = [{ address: "10.0.0.1" }];
  const ejection = { errors: 5, seconds: 30, maxPercent: 50 };
  expect(await cluster.guard.supported()).toBe(true);
  await cluster.guard.put("other", guards("other", { deny }));
  await cluster.guard.put("shop", guards("shop", { deny, ejection }));
  const names = () => [...objects.keys()].map((path) => path.split("/").slice(-2).join("/")).sort();
  const all = ["authorizationpolicies/ebb.default.other", "authorizationpolicies/ebb.default.shop", "destinationrules/ebb.shop-00001"];
  expect(names()).toEqual(all);
  await cluster.guard.put("shop", guards("shop", { deny: [{ address: "10.0.0.2" }] }));
  expect(names()).toEqual(all.slice(0, 2));
  expect(JSON.stringify([...objects.values()])).toContain("10.0.0.2");
  await cluster.guard.put("shop", []);
  expect(names()).toEqual(all.slice(0, 1));
});

test("an object of Istio's that Ebb did not make is left as it is", async () => {
  const { cluster, objects } = await busyApiServer();
  const policy = { affinity: { cookie: "c", seconds: 60 } };
  const wanted = compileIstioGuard({ app: "shop", namespace: "default", now: 0, hosts: [], revisions: ["shop-00001"], policy }).objects;
  await cluster.guard.put("shop", wanted);
  for (const object of objects.values()) object.metadata.labels = {};
  await expect(cluster.guard.put("shop", wanted)).rejects.toMatchObject({ code: "name_taken" });
});

test("a namespace that every cluster has stays when its environment goes, and the limits of the team do not", async () => {
  const { cluster, objects } = await busyApiServer();
  await cluster.putService(service("one"));
  await cluster.putQuota({ hard: { pods: "3", "limits.cpu": "2" }, defaults: { cpu: "500m" } });
  const names = () => [...objects.keys()].map((path) => path.split("/").slice(-2).join("/")).sort();
  expect(names()).toEqual(["limitranges/ebb-team", "resourcequotas/ebb-team", "services/shop"]);
  await cluster.deleteNamespace();
  expect(names()).toEqual(["services/shop"]);
});
