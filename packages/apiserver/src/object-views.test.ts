import { ConfigMaps, Deployments, ReplicaSets, type ConfigMap, type ObjectView } from "@ebb/kube";
import { beforeEach, describe, expect, test } from "vitest";
import { configMap, startServer, take, watchLines, type TestServer } from "./testing/server.ts";

const MAPS = "/api/v1/namespaces/default/configmaps";
const DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments";

const LABELS = { a: "b" };
const TEMPLATE = { metadata: { labels: LABELS }, spec: { containers: [{ name: "c", image: "i" }] } };

/** A Deployment for each ConfigMap, as many replicas as it says. */
const view: ObjectView<ConfigMap> = {
  kind: Deployments,
  source: ConfigMaps,
  name: ({ metadata }) => `${metadata.name}-d`,
  sourceName: (name) => name.slice(0, -2),
  instead: "Ask the map.",
  make: ({ metadata, data = {} }) => ({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: `${metadata.name}-d`, labels: { of: data["label"] ?? "" } },
    spec: { replicas: Number(data["replicas"] ?? 0), selector: { matchLabels: LABELS }, template: TEMPLATE },
  }),
};
/** One for each ConfigMap that wants it. */
const wantedView: ObjectView<ConfigMap> = {
  kind: ReplicaSets,
  source: ConfigMaps,
  name: ({ metadata }) => metadata.name,
  sourceName: (name) => name,
  applies: ({ data = {} }) => data["wanted"] === "yes",
  make: ({ metadata, data = {} }) => ({
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: { name: metadata.name },
    spec: { replicas: Number(data["replicas"] ?? 0), selector: { matchLabels: LABELS }, template: TEMPLATE },
  }),
};
const namesOf = (body: { items: { metadata: { name: string } }[] }) => body.items.map(({ metadata }) => metadata.name);

describe("objects made on reading", () => {
  let server: TestServer;
  beforeEach(async () => {
    server = await startServer({ objectViews: [view] });
    for (const name of ["b", "a"]) await server.call("POST", MAPS, { body: configMap(name, { replicas: "2", label: name }) });
  });

  test("are read and listed like stored ones, with an identity of their own that lasts", async () => {
    const { body } = await server.call("GET", `${DEPLOYMENTS}/a-d`);
    expect(body).toMatchObject({
      metadata: { name: "a-d", namespace: "default", uid: expect.stringMatching(/^[0-9a-f-]{36}$/) },
      spec: { replicas: 2 },
    });
    const source = await server.call("GET", `${MAPS}/a`);
    expect(body.metadata.uid).not.toBe(source.body.metadata.uid);
    expect(body.metadata.creationTimestamp).toBe(source.body.metadata.creationTimestamp);
    expect((await server.call("GET", `${DEPLOYMENTS}/a-d`)).body.metadata.uid).toBe(body.metadata.uid);
    expect(namesOf((await server.call("GET", DEPLOYMENTS)).body)).toEqual(["a-d", "b-d"]);
    expect(namesOf((await server.call("GET", `${DEPLOYMENTS}?labelSelector=of%3Da`)).body)).toEqual(["a-d"]);
    expect((await server.call("GET", `${DEPLOYMENTS}/c-d`)).status).toBe(404);
  });

  test("are watched: they come, change and go with their source", async () => {
    const { body } = await server.call("GET", DEPLOYMENTS);
    const lines = watchLines(await server.open(`${DEPLOYMENTS}?watch=1&resourceVersion=${body.metadata.resourceVersion}`));
    await server.call("POST", MAPS, { body: configMap("c") });
    await server.call("PUT", `${MAPS}/c`, { body: configMap("c", { replicas: "3" }) });
    await server.call("DELETE", `${MAPS}/c`);
    expect(await take(lines, 3)).toEqual(["ADDED c-d", "MODIFIED c-d", "DELETED c-d"]);
  });

  test("take part in a list at an earlier revision", async () => {
    const { body } = await server.call("GET", DEPLOYMENTS);
    await server.call("DELETE", `${MAPS}/a`);
    const query = `resourceVersion=${body.metadata.resourceVersion}&resourceVersionMatch=Exact`;
    expect(namesOf((await server.call("GET", `${DEPLOYMENTS}?${query}`)).body)).toEqual(["a-d", "b-d"]);
  });

  test("one that its source does not want is not there; it comes and goes while the source stays", async () => {
    const { call, open } = await startServer({ objectViews: [wantedView] });
    const sets = "/apis/apps/v1/namespaces/default/replicasets";
    await call("POST", MAPS, { body: configMap("no") });
    const first = await call("POST", MAPS, { body: configMap("a", { wanted: "yes", replicas: "1" }) });
    expect(namesOf((await call("GET", sets)).body)).toEqual(["a"]);
    expect((await call("GET", `${sets}/no`)).status).toBe(404);
    const lines = watchLines(await open(`${sets}?watch=1&resourceVersion=${first.body.metadata.resourceVersion}`));
    await call("PUT", `${MAPS}/no`, { body: configMap("no", { wanted: "yes" }) });
    await call("PUT", `${MAPS}/a`, { body: configMap("a", { wanted: "no" }) });
    await call("PUT", `${MAPS}/a`, { body: configMap("a", { wanted: "never" }) });
    await call("DELETE", `${MAPS}/a`);
    await call("PUT", `${MAPS}/no`, { body: configMap("no", { wanted: "yes", replicas: "2" }) });
    await call("DELETE", `${MAPS}/no`);
    expect(await take(lines, 4)).toEqual(["ADDED no", "DELETED a", "MODIFIED no", "DELETED no"]);
    expect((await call("POST", sets, { body: { ...wantedView.make(configMap("a") as ConfigMap, {} as never) } })).status).toBe(201);
  });

  test("who writes to one is told what it is made of; a deletion is no end to wait for", async () => {
    const futile = "Deployment a-d is made of ConfigMap a when it is read: what is written to it has no effect. Ask the map.";
    const { headers } = await server.call("PATCH", `${DEPLOYMENTS}/a-d`, {
      type: "application/merge-patch+json",
      body: { spec: { replicas: 9 } },
    });
    expect(headers.warning).toBe(`299 - "${futile}"`);
    const deleted = await server.call("DELETE", `${DEPLOYMENTS}/a-d`);
    expect(deleted.headers.warning).toBe(`299 - "${futile}"`);
    // kubectl waits until there is none of this uid any more.
    expect(deleted.body.details).toEqual({ name: "a-d", group: "apps", kind: "deployments" });
    expect((await server.call("DELETE", `${MAPS}/b`)).body.details.uid).toMatch(/^[0-9a-f-]{36}$/);
  });

  test("what is written to them is taken and undone; conflicts are refused as ever", async () => {
    const scale = { apiVersion: "autoscaling/v1", kind: "Scale", metadata: { name: "a-d", namespace: "default" }, spec: { replicas: 9 } };
    expect(await server.call("PUT", `${DEPLOYMENTS}/a-d/scale`, { body: scale })).toMatchObject({ status: 200 });
    expect((await server.call("GET", `${DEPLOYMENTS}/a-d/scale`)).body).toMatchObject({ kind: "Scale", spec: { replicas: 2 } });
    const stale = { ...scale, metadata: { ...scale.metadata, resourceVersion: "1" } };
    expect((await server.call("PUT", `${DEPLOYMENTS}/a-d/scale`, { body: stale })).status).toBe(409);
    expect((await server.call("DELETE", `${DEPLOYMENTS}/a-d`)).status).toBe(200);
    expect((await server.call("GET", `${DEPLOYMENTS}/a-d`)).status).toBe(200);
    const again = { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "a-d" } };
    expect((await server.call("POST", DEPLOYMENTS, { body: again })).status).toBe(409);
  });

  test("a stored one stands beside them and can be scaled", async () => {
    const own = {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "mine" },
      spec: { replicas: 1, selector: { matchLabels: LABELS }, template: TEMPLATE },
    };
    expect((await server.call("POST", DEPLOYMENTS, { body: own })).status).toBe(201);
    expect(namesOf((await server.call("GET", DEPLOYMENTS)).body)).toEqual(["a-d", "b-d", "mine"]);
    const type = "application/merge-patch+json";
    const scaled = await server.call("PATCH", `${DEPLOYMENTS}/mine/scale`, { body: { spec: { replicas: 4 } }, type });
    expect(scaled.body.spec.replicas).toBe(4);
    expect((await server.call("GET", `${DEPLOYMENTS}/mine`)).body.spec.replicas).toBe(4);
  });
});
