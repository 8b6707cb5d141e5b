import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Signal } from "@ebb/base";
import { mergePatch, type Json, type KnativeService } from "@ebb/kube";
import { VirtualClock } from "@ebb/testkit";
import { expect, onTestFinished, test } from "vitest";
import { accessWith } from "./access.ts";
import { HttpKubeClient } from "./http-kube-client.ts";
import { KubeCluster, type ClusterView } from "./kube-cluster.ts";

type Stored = Record<string, unknown> & { metadata: { resourceVersion: string }; status?: { seen: number } };

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
    if (method === "GET") return present ? [200, present] : [404, { reason: "NotFound", message: "gone" }];
    controllerWrites();
    meanwhile.pop()?.(objects);
    if (method === "POST") return [201, store(`${path}/${(body["metadata"] as { name: string }).name}`, body)];
    const now = objects.get(path);
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
  return { cluster, calls, meanwhile };
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
