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

test("a namespace that cannot go yet says what keeps it, and whose finalizers; then that nothing does", async () => {
  const { call } = await startServer();
  await call("POST", NAMESPACES, { body: namespace() });
  await call("PUT", `${NAMESPACES}/n/finalize`, { body: namespace(["kubernetes", "example.com/hold"]) });
  const status = { phase: "Active", conditions: [{ type: "Mine", status: "True" }] };
  await call("PATCH", `${NAMESPACES}/n/status`, { type: "application/merge-patch+json", body: { status } });
  for (const name of ["a", "b"])
    await call("POST", `${NAMESPACES}/n/configmaps`, { body: configMap(name, {}, { finalizers: ["example.com/held"] }) });
  await call("DELETE", `${NAMESPACES}/n`);
  const told = async () =>
    ((await call("GET", `${NAMESPACES}/n`)).body.status.conditions as Record<string, string>[]).map(
      ({ type, status, reason, message }) => `${type} ${status} ${reason}: ${message}`,
    );
  const failures = [
    "Mine True undefined: undefined",
    "NamespaceDeletionDiscoveryFailure False ResourcesDiscovered: All resources successfully discovered",
    "NamespaceDeletionGroupVersionParsingFailure False ParsedGroupVersions: All legacy kube types successfully parsed",
    "NamespaceDeletionContentFailure False ContentDeleted: All content successfully deleted, may be waiting on finalization",
  ];
  await eventually(async () => (await told()).length === 6);
  // Secrets and the like that every namespace has may be gone a moment later.
  await eventually(async () => (await told())[4]?.endsWith("Some resources are remaining: configmaps. has 2 resource instances"));
  expect(await told()).toEqual([
    ...failures,
    "NamespaceContentRemaining True SomeResourcesRemain: Some resources are remaining: configmaps. has 2 resource instances",
    "NamespaceFinalizersRemaining True SomeFinalizersRemain: Some content in the namespace has finalizers remaining: example.com/held in 2 resource instances",
  ]);
  for (const name of ["a", "b"])
    await call("PATCH", `${NAMESPACES}/n/configmaps/${name}`, {
      type: "application/merge-patch+json",
      body: { metadata: { finalizers: null } },
    });
  await eventually(async () => (await told())[4]?.includes("ContentRemoved"));
  expect(await told()).toEqual([
    ...failures,
    "NamespaceContentRemaining False ContentRemoved: All content successfully removed",
    "NamespaceFinalizersRemaining False ContentHasNoFinalizers: All content-preserving finalizers finished",
  ]);
});
