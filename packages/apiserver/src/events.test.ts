import { describe, expect, test } from "vitest";
import { connectKubectl, findKubectl } from "./testing/kubectl.ts";
import { startServer, take, watchLines } from "./testing/server.ts";

const OLD = "/api/v1/namespaces/default/events";
const NEW = "/apis/events.k8s.io/v1/namespaces/default/events";
const about = { apiVersion: "v1", kind: "ConfigMap", name: "m", namespace: "default" };
const old = {
  apiVersion: "v1",
  kind: "Event",
  metadata: { name: "old" },
  involvedObject: about,
  reason: "Said",
  message: "hello",
  type: "Normal",
  count: 3,
  firstTimestamp: "2026-01-01T00:00:00Z",
  lastTimestamp: new Date().toISOString(),
  source: { component: "tester", host: "here" },
};
const fresh = {
  apiVersion: "events.k8s.io/v1",
  kind: "Event",
  metadata: { name: "fresh" },
  regarding: about,
  eventTime: "2026-01-01T00:00:00.000000Z",
  reportingController: "tests.example.com/tester",
  reportingInstance: "tester-1",
  action: "Saying",
  reason: "Said",
  note: "hello",
  type: "Warning",
};

test("an Event of either group is one of the other: created, patched, selected, listed and watched", async () => {
  const { call, open } = await startServer();
  expect((await call("POST", OLD, { body: old })).status).toBe(201);
  expect((await call("GET", `${NEW}/old`)).body).toMatchObject({
    apiVersion: "events.k8s.io/v1",
    regarding: about,
    note: "hello",
    deprecatedCount: 3,
    deprecatedSource: { component: "tester", host: "here" },
    deprecatedFirstTimestamp: "2026-01-01T00:00:00Z",
  });
  const lines = watchLines(await open(`${NEW}?watch=true&resourceVersion=${(await call("GET", NEW)).body.metadata.resourceVersion}`));
  expect((await call("POST", NEW, { body: fresh })).body).toMatchObject({
    apiVersion: "events.k8s.io/v1",
    note: "hello",
    regarding: about,
  });
  expect(await take(lines, 1)).toEqual(["ADDED fresh"]);
  const series = { count: 2, lastObservedTime: "2026-01-01T00:01:00.000000Z" };
  const patched = await call("PATCH", `${NEW}/fresh`, { type: "application/strategic-merge-patch+json", body: { series } });
  expect(patched.body).toMatchObject({ note: "hello", series });
  expect((await call("GET", `${OLD}/fresh`)).body).toMatchObject({
    apiVersion: "v1",
    message: "hello",
    involvedObject: about,
    reportingComponent: "tests.example.com/tester",
    series,
  });
  const names = async (path: string) =>
    (await call("GET", path)).body.items.map((item: typeof old) => `${item.apiVersion} ${item.metadata.name}`);
  expect(await names(`${NEW}?fieldSelector=regarding.name%3Dm,reportingController%3Dtests.example.com/tester`)).toEqual([
    "events.k8s.io/v1 fresh",
  ]);
  expect(await names(`${OLD}?fieldSelector=involvedObject.name%3Dm`)).toEqual(["v1 fresh", "v1 old"]);
  expect((await call("DELETE", `${NEW}/old`)).status).toBe(200);
  expect((await call("GET", `${OLD}/old`)).status).toBe(404);
});

test.each([
  ["another namespace", OLD, { ...old, involvedObject: { ...about, namespace: "n" } }, "does not match event.namespace"],
  ["no time", NEW, { ...fresh, eventTime: null }, "eventTime: Required value"],
  ["nobody who reports", NEW, { ...fresh, reportingController: "" }, "reportingController: Required value"],
  ["another type", NEW, { ...fresh, type: "Loud" }, 'type: Unsupported value: "Loud": supported values: "Normal", "Warning"'],
])("is refused: %s", async (_, path, body, message) => {
  const { call } = await startServer();
  expect((await call("POST", path, { body })).body).toMatchObject({ code: 422, message: expect.stringContaining(message) });
});

test("what an Event has said stays said where it was said by its newer name; the series goes on", async () => {
  const { call } = await startServer();
  await call("POST", NEW, { body: fresh });
  await call("POST", OLD, { body: old });
  const patch = async (path: string, body: object) => (await call("PATCH", path, { type: "application/merge-patch+json", body })).body;
  expect((await patch(`${NEW}/fresh`, { note: "again" })).message).toContain('message: Invalid value: "again": field is immutable');
  expect((await patch(`${NEW}/old`, { deprecatedCount: 4 })).message).toContain("count: Invalid value: 4: field is immutable");
  expect((await patch(`${NEW}/fresh`, { series: { count: 1 } })).message).toContain(
    'series.count: Invalid value: "": should be at least 2',
  );
  // As Go's clients write again what they have read.
  const written = { eventTime: "2026-01-01T00:00:00Z", deprecatedSource: {}, deprecatedFirstTimestamp: null };
  expect((await patch(`${NEW}/fresh`, { ...written, metadata: { labels: { a: "b" } } })).metadata.labels).toEqual({ a: "b" });
  expect((await patch(`${OLD}/old`, { message: "again", count: 4 })).count).toBe(4);
});

describe.skipIf(!findKubectl())("kubectl", () => {
  test("shows Events of both groups with its columns, alone and with what they are about", async () => {
    const { kubectl, server } = await connectKubectl();
    const map = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "m" } };
    const { body } = await server.call("POST", "/api/v1/namespaces/default/configmaps", { body: map });
    const of = { ...about, uid: body.metadata.uid };
    await server.call("POST", OLD, { body: { ...old, involvedObject: of } });
    await server.call("POST", NEW, { body: { ...fresh, regarding: of } });
    const rows = (text: string) => text.split("\n").map((line) => line.replaceAll(/ {2,}/g, " | "));
    expect(rows(await kubectl("get", "events"))).toEqual([
      "LAST SEEN | TYPE | REASON | OBJECT | MESSAGE",
      expect.stringMatching(/^\d+d \| Warning \| Said \| configmap\/m \| hello$/),
      expect.stringMatching(/^\d+s \| Normal \| Said \| configmap\/m \| hello$/),
    ]);
    expect(rows(await kubectl("get", "events.events.k8s.io", "-o", "wide"))[2]).toMatch(
      /^\d+s \| Normal \| Said \| configmap\/m \| tester, here \| hello \| \d+d \| 3 \| old$/,
    );
    expect(rows(await kubectl("events", "--for", "configmap/m"))).toHaveLength(3);
    expect(await kubectl("describe", "configmap", "m")).toMatch(/Events:[^]*Normal\s+Said\s[^]*tester[^]*hello/);
  }, 30_000);
});
