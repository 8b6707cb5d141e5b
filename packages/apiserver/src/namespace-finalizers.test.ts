import { eventually } from "@ebb/testkit";
import { expect, test } from "vitest";
import { configMap, startServer } from "./testing/server.ts";

const NAMESPACES = "/api/v1/namespaces";
const namespace = (finalizers?: string[]) => ({
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name: "n" },
  ...(finalizers ? { spec: { finalizers } } : {}),
});

test("a namespace is kept by what its finalize says, which no other write changes", async () => {
  const { call } = await startServer();
  await call("POST", NAMESPACES, { body: namespace() });
  const kept = async () => (await call("GET", `${NAMESPACES}/n`)).body.spec;
  expect((await call("PUT", `${NAMESPACES}/n`, { body: namespace() })).status).toBe(200);
  expect(await kept()).toEqual({ finalizers: ["kubernetes"] });
  const labelled = { ...namespace(["kubernetes", "example.com/hold"]), metadata: { name: "n", labels: { a: "b" } } };
  expect((await call("PUT", `${NAMESPACES}/n/finalize`, { body: labelled })).status).toBe(200);
  expect((await call("GET", `${NAMESPACES}/n`)).body.metadata.labels).toEqual({ "kubernetes.io/metadata.name": "n" });
  await call("POST", `${NAMESPACES}/n/configmaps`, { body: configMap("m") });
  await call("DELETE", `${NAMESPACES}/n`);
  await eventually(async () => (await kept()).finalizers.join() === "example.com/hold");
  expect((await call("GET", `${NAMESPACES}/n/configmaps`)).body.items).toEqual([]);
  expect((await call("PATCH", `${NAMESPACES}/n/finalize`, { type: "application/merge-patch+json", body: {} })).status).toBe(404);
  await call("PUT", `${NAMESPACES}/n/finalize`, { body: namespace([]) });
  await eventually(async () => (await call("GET", `${NAMESPACES}/n`)).status === 404);
});
