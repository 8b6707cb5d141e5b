import {
  ConfigMaps,
  Events,
  Namespaces,
  Services,
  type ConfigMap,
  type KnativeService,
  type KubeClient,
  type KubeEvent,
  type ObjectMeta,
} from "@ebb/kube";
import { eventually } from "@ebb/testkit";
import { expect, test } from "vitest";
import { configMap, ksvc, startServer } from "./testing/server.ts";

const at = { namespace: "default" };
const owners = (...list: ConfigMap[]) => ({
  ...at,
  ownerReferences: list.map(({ metadata }) => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    name: metadata.name,
    uid: metadata.uid ?? "",
    blockOwnerDeletion: true,
  })),
});
const make = (client: KubeClient, name: string, metadata: Partial<ObjectMeta> = at) =>
  client.create(ConfigMaps, configMap(name, {}, metadata) as ConfigMap);
const there = async (client: KubeClient, ...names: string[]) => {
  const { items } = await client.list(ConfigMaps, at);
  return names.filter((name) => items.some(({ metadata }) => metadata.name === name)).join();
};

test("what an owner leaves goes with it, over several generations; what another owns too stays", async () => {
  const client = (await startServer()).api.client({ name: "t", groups: [] });
  const [a, b] = [await make(client, "a"), await make(client, "b")];
  const child = await make(client, "child", owners(a));
  await make(client, "grandchild", owners(child));
  await make(client, "shared", owners(a, b));
  const involvedObject = { apiVersion: "v1", kind: "ConfigMap", name: "a", namespace: "default" };
  const metadata = { name: "said", ...owners(a), namespace: "default" };
  await client.create(Events, { apiVersion: "v1", kind: "Event", metadata, involvedObject, reason: "Said", type: "Normal" } as KubeEvent);
  await client.delete(ConfigMaps, "default", "a");
  await eventually(async () => (await there(client, "child", "grandchild")) === "");
  await eventually(async () => (await client.get(ConfigMaps, "default", "shared"))?.metadata.ownerReferences?.length === 1);
  expect(await there(client, "b", "shared")).toBe("b,shared");
  // Events are nobody's: they go when they are old.
  expect((await client.list(Events, at)).items.map(({ metadata }) => metadata.name)).toEqual(["said"]);
});

test("an Event owns as well: what names one stays as long as it does; it waits for nothing itself", async () => {
  const client = (await startServer()).api.client({ name: "t", groups: [] });
  const involvedObject = { apiVersion: "v1", kind: "ConfigMap", name: "a", namespace: "default" };
  const event = { apiVersion: "v1", kind: "Event", metadata: { name: "said", ...at }, involvedObject, reason: "Said", type: "Normal" };
  const { metadata } = await client.create(Events, event as KubeEvent);
  const owner = { apiVersion: "events.k8s.io/v1", kind: "Event", name: "said", uid: metadata.uid ?? "" };
  await make(client, "child", { ...at, ownerReferences: [owner] });
  await make(client, "other", { ...at, ownerReferences: [{ ...owner, uid: "another" }] });
  // The collector takes one after the other.
  await eventually(async () => (await there(client, "other")) === "");
  expect(await there(client, "child")).toBe("child");
  await client.delete(Events, "default", "said", { propagationPolicy: "Foreground" });
  expect((await client.list(Events, at)).items).toEqual([]);
  await eventually(async () => (await there(client, "child")) === "");
});

test("an owner is known by its uid: one of the same name made anew is another, also across a restart", async () => {
  const first = await startServer();
  const client = first.api.client({ name: "t", groups: [] });
  const a = await make(client, "a");
  const metadata = owners(a);
  await make(client, "child", { ...metadata, finalizers: ["x.io/hold"] });
  await first.api.stop();
  const second = (await startServer({ folder: first.folder })).api.client({ name: "t", groups: [] });
  expect(await there(second, "a", "child")).toBe("a,child");
  await second.delete(ConfigMaps, "default", "a");
  await make(second, "a");
  await eventually(async () => (await second.get(ConfigMaps, "default", "child"))?.metadata.deletionTimestamp);
  await make(second, "orphan", metadata);
  await eventually(async () => (await there(second, "orphan")) === "");
});

test("an owner in another namespace is none; what belongs to the whole cluster and names one in a namespace is left alone", async () => {
  const client = (await startServer()).api.client({ name: "t", groups: [] });
  await client.create(Namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name: "n" } });
  const far = await make(client, "far", { namespace: "n" });
  const near = await make(client, "near");
  const { ownerReferences } = owners(far);
  await client.create(Namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name: "wide", ownerReferences } });
  await make(client, "both", owners(far, near));
  await make(client, "child", owners(far));
  await eventually(async () => (await there(client, "child")) === "");
  await eventually(async () => (await client.get(ConfigMaps, "default", "both"))?.metadata.ownerReferences?.length === 1);
  await client.delete(ConfigMaps, "n", "far");
  // The collector is done with what it had to do before this.
  await client.delete(ConfigMaps, "default", "near");
  await eventually(async () => (await there(client, "both")) === "");
  expect((await client.get(Namespaces, undefined, "wide"))?.metadata.deletionTimestamp).toBeUndefined();
});

test("in the foreground the owner waits for what blocks it", async () => {
  const client = (await startServer()).api.client({ name: "t", groups: [] });
  const a = await make(client, "a");
  await make(client, "child", { ...owners(a), finalizers: ["x.io/hold"] });
  await client.delete(ConfigMaps, "default", "a", { propagationPolicy: "Foreground" });
  const child = await eventually(async () => {
    const found = await client.get(ConfigMaps, "default", "child");
    // Once the collector is done with it: it is deleted in the foreground, too, and has nothing to wait for.
    const done = found?.metadata.deletionTimestamp && !found.metadata.finalizers?.includes("foregroundDeletion");
    return done ? found : undefined;
  });
  expect((await client.get(ConfigMaps, "default", "a"))?.metadata.finalizers).toEqual(["foregroundDeletion"]);
  const { finalizers } = child.metadata;
  await client.update(ConfigMaps, {
    ...child,
    metadata: { ...child.metadata, finalizers: (finalizers ?? []).filter((name) => name !== "x.io/hold") },
  });
  await eventually(async () => (await there(client, "a", "child")) === "");
});

test("in the foreground, what another owns too stays without the one that goes", async () => {
  const client = (await startServer()).api.client({ name: "t", groups: [] });
  const [going, staying] = [await make(client, "going"), await make(client, "staying")];
  await make(client, "shared", owners(going, staying));
  await make(client, "alone", owners(going));
  await client.delete(ConfigMaps, "default", "going", { propagationPolicy: "Foreground" });
  await eventually(async () => (await there(client, "going", "alone")) === "");
  const shared = await client.get(ConfigMaps, "default", "shared");
  expect(shared?.metadata.deletionTimestamp).toBeUndefined();
  expect(shared?.metadata.ownerReferences?.map(({ name }) => name)).toEqual(["staying"]);
});

test("in the foreground, objects that own each other in a circle go", async () => {
  const client = (await startServer()).api.client({ name: "t", groups: [] });
  const names = ["first", "second", "third"];
  const circle = await Promise.all(names.map((name) => make(client, name)));
  for (const [index, { metadata }] of circle.entries()) {
    const owner = circle[(index + 2) % 3];
    const map = await client.get(ConfigMaps, "default", metadata.name);
    if (owner && map) await client.update(ConfigMaps, { ...map, metadata: { ...map.metadata, ...owners(owner) } });
  }
  await client.delete(ConfigMaps, "default", "first", { propagationPolicy: "Foreground" });
  await eventually(async () => (await there(client, ...names)) === "");
});

test("orphaned, what it owned stays without it", async () => {
  const client = (await startServer()).api.client({ name: "t", groups: [] });
  const a = await make(client, "a");
  await make(client, "child", owners(a));
  await client.delete(ConfigMaps, "default", "a", { propagationPolicy: "Orphan" });
  await eventually(async () => (await there(client, "a")) === "");
  expect((await client.get(ConfigMaps, "default", "child"))?.metadata.ownerReferences).toBeUndefined();
});

test("a deletion without a policy goes on as the one before it, or the object's own finalizer, says", async () => {
  const { api, call } = await startServer();
  const client = api.client({ name: "t", groups: [] });
  const template = { metadata: { labels: { a: "b" } }, spec: { containers: [{ name: "c", image: "i" }] } };
  const spec = { replicas: 0, selector: { a: "b" }, template };
  const controllers = "/api/v1/namespaces/default/replicationcontrollers";
  const { body } = await call("POST", controllers, {
    body: { apiVersion: "v1", kind: "ReplicationController", metadata: { name: "rc" }, spec },
  });
  await make(client, "held", { ...owners(body), finalizers: ["x.io/hold"] });
  await call("DELETE", `${controllers}/rc`, { body: { propagationPolicy: "Foreground" } });
  expect((await call("DELETE", `${controllers}/rc`)).body.metadata.finalizers).toEqual(["foregroundDeletion"]);
  await eventually(async () => (await client.get(ConfigMaps, "default", "held"))?.metadata.deletionTimestamp);

  const parent = await make(client, "parent");
  await make(client, "kept", owners(await make(client, "orphaning", { ...owners(parent), finalizers: ["orphan"] })));
  await make(client, "kept-too", owners(await make(client, "other", { ...at, finalizers: ["orphan"] })));
  await client.delete(ConfigMaps, "default", "parent");
  await client.delete(ConfigMaps, "default", "other");
  await eventually(async () => (await there(client, "orphaning", "other")) === "");
  for (const name of ["kept", "kept-too"])
    expect((await client.get(ConfigMaps, "default", name))?.metadata).not.toHaveProperty("ownerReferences");
  await client.delete(ConfigMaps, "default", (await make(client, "explicit", { ...at, finalizers: ["orphan"] })).metadata.name, {
    propagationPolicy: "Background",
  });
  expect(await there(client, "explicit")).toBe("");
});

test("a namespace goes when it is empty; meanwhile nothing is made in it", async () => {
  const { api, call } = await startServer();
  const client = api.client({ name: "t", groups: [] });
  await client.create(Namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name: "n" } });
  await make(client, "held", { namespace: "n", finalizers: ["x.io/hold"] });
  await client.create(Services, ksvc("s", {}, { namespace: "n" }) as KnativeService);
  await client.delete(Namespaces, undefined, "n");
  await eventually(async () => (await client.list(Services, { namespace: "n" })).items.length === 0);
  expect((await client.get(Namespaces, undefined, "n"))?.status?.phase).toBe("Terminating");
  const refused = await call("POST", "/api/v1/namespaces/n/configmaps", { body: configMap("late") });
  expect(refused.body).toMatchObject({ code: 403, details: { causes: [{ reason: "NamespaceTerminating" }] } });
  const held = await client.get(ConfigMaps, "n", "held");
  if (held) await client.update(ConfigMaps, { ...held, metadata: { ...held.metadata, finalizers: [] } });
  await eventually(async () => (await client.get(Namespaces, undefined, "n")) === undefined);
  expect((await call("DELETE", "/api/v1/namespaces/default")).body).toMatchObject({ code: 403, reason: "Forbidden" });
});
