import { describe, expect, test } from "vitest";
import { ConfigMaps, type ConfigMap } from "@ebb/kube";
import { configMap, startServer, take, watchLines } from "./testing/server.ts";

const MAPS = "/api/v1/namespaces/default/configmaps";
const MERGE = "application/merge-patch+json";

describe("watch", () => {
  test("what is there, then what happens, with the last state of what goes", async () => {
    const { call, open } = await startServer();
    await call("POST", MAPS, { body: configMap("a", { k: "1" }) });
    const lines = watchLines(await open(`${MAPS}?watch=true`));
    expect(await take(lines, 1)).toEqual(["ADDED a"]);
    await call("PATCH", `${MAPS}/a`, { type: MERGE, body: { data: { k: "2" } } });
    const deleted = call("DELETE", `${MAPS}/a`);
    expect(await take(lines, 1)).toEqual(["MODIFIED a"]);
    const { value: last } = await lines.next();
    expect(last).toMatchObject({ type: "DELETED", object: { kind: "ConfigMap", data: { k: "2" } } });
    await deleted;
  });

  test("from a revision: all after it and nothing before it", async () => {
    const { call, open } = await startServer();
    await call("POST", MAPS, { body: configMap("a") });
    const { metadata } = (await call("POST", MAPS, { body: configMap("b") })).body;
    await call("POST", MAPS, { body: configMap("c") });
    await call("DELETE", `${MAPS}/a`);
    const lines = watchLines(await open(`${MAPS}?watch=1&resourceVersion=${metadata.resourceVersion}`));
    expect(await take(lines, 2)).toEqual(["ADDED c", "DELETED a"]);
  });

  test("of one object, by its name", async () => {
    const { call, open } = await startServer();
    await call("POST", MAPS, { body: configMap("a") });
    await call("POST", MAPS, { body: configMap("b") });
    const lines = watchLines(await open(`${MAPS}?watch=true&fieldSelector=metadata.name%3Db`));
    expect(await take(lines, 1)).toEqual(["ADDED b"]);
    await call("DELETE", `${MAPS}/a`);
    await call("DELETE", `${MAPS}/b`);
    expect(await take(lines, 1)).toEqual(["DELETED b"]);
  });

  test("with a selector, what begins to match is added and what ceases to is deleted", async () => {
    const { call, open } = await startServer();
    await call("POST", MAPS, { body: configMap("a", {}, { labels: { on: "yes" } }) });
    await call("POST", MAPS, { body: configMap("b") });
    const lines = watchLines(await open(`${MAPS}?watch=true&labelSelector=on%3Dyes`));
    expect(await take(lines, 1)).toEqual(["ADDED a"]);
    const label = (name: string, on: string | null) =>
      call("PATCH", `${MAPS}/${name}`, { type: MERGE, body: { metadata: { labels: { on } } } });
    await label("b", "yes");
    const left = await label("a", "no");
    expect(await take(lines, 1)).toEqual(["ADDED b"]);
    const { value } = await lines.next();
    expect(value).toMatchObject({
      type: "DELETED",
      object: { metadata: { name: "a", labels: { on: "yes" }, resourceVersion: left.body.metadata.resourceVersion } },
    });
  });

  test("WatchList: what is there, then a bookmark that says so, then what happens", async () => {
    const { call, open } = await startServer();
    await call("POST", MAPS, { body: configMap("a") });
    const query = "watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
    const lines = watchLines(await open(`${MAPS}?${query}`));
    expect(await take(lines, 1)).toEqual(["ADDED a"]);
    const { value } = await lines.next();
    expect(value).toMatchObject({
      type: "BOOKMARK",
      object: { kind: "ConfigMap", apiVersion: "v1", metadata: { annotations: { "k8s.io/initial-events-end": "true" } } },
    });
    expect(Number(value.object.metadata.resourceVersion)).toBeGreaterThan(0);
    await call("POST", MAPS, { body: configMap("b") });
    expect(await take(lines, 1)).toEqual(["ADDED b"]);
  });

  test("ends cleanly at timeoutSeconds", async () => {
    const { open } = await startServer();
    const lines = watchLines(await open(`${MAPS}?watch=true&timeoutSeconds=1`));
    expect(await take(lines, 1)).toEqual([]);
  });

  test("a revision that is forgotten is answered with 410, a page of it with a token by which to go on in the newest one", async () => {
    const { call } = await startServer();
    const big = "x".repeat(900_000);
    for (const name of ["a", "b", "c", "d"]) await call("POST", MAPS, { body: configMap(name) });
    const { body: first } = await call("GET", `${MAPS}?limit=1`);
    await call("DELETE", `${MAPS}/c`);
    for (let i = 0; i < 32; i++) await call("PATCH", `${MAPS}/a`, { type: MERGE, body: { data: { k: `${i}${big}` } } });
    const next = (token: string, limit = 1) => call("GET", `${MAPS}?limit=${limit}&continue=${token}`);
    const expired = await next(first.metadata.continue);
    expect(expired).toMatchObject({ status: 410, body: { reason: "Expired", metadata: { continue: expect.any(String) } } });
    expect(expired.body.message).toContain("The provided continue parameter is too old to display a consistent list result.");
    const second = await next(expired.body.metadata.continue);
    expect(second.body.items.map(({ metadata }: { metadata: { name: string } }) => metadata.name)).toEqual(["b"]);
    const third = await next(second.body.metadata.continue, 5);
    expect(third.body.items[0].metadata.name).toBe("d");
    expect(third.body.metadata.resourceVersion).toBe(second.body.metadata.resourceVersion);
    const exact = await call("GET", `${MAPS}?resourceVersion=${first.metadata.resourceVersion}&resourceVersionMatch=Exact`);
    expect(exact.body).toMatchObject({ code: 410, message: "The resourceVersion for the provided list is too old." });
    const watched = await call("GET", `${MAPS}?watch=true&resourceVersion=${first.metadata.resourceVersion}`);
    expect(watched.body).toMatchObject({ kind: "Status", code: 410, reason: "Expired", metadata: {} });
  });

  test("a watcher that does not read is cut off with 410 instead of filling the memory", async () => {
    const { call, open, api } = await startServer();
    await call("POST", MAPS, { body: configMap("a") });
    const response = await open(`${MAPS}?watch=true`);
    response.pause();
    const client = api.client({ name: "writer", groups: [] });
    const value = "x".repeat(2000);
    // More than socket buffers and the allowed lag take together.
    for (let i = 0; i < 60; i++) {
      const writes = Array.from({ length: 250 }, (_, j) =>
        client.update(ConfigMaps, configMap("a", { k: `${i}/${j}${value}` }, { namespace: "default" }) as ConfigMap),
      );
      await Promise.all(writes);
    }
    let last: { type: string; object: { code?: number } } | undefined;
    let count = 0;
    for await (const line of watchLines(response)) {
      last = line;
      count++;
    }
    expect(last).toMatchObject({ type: "ERROR", object: { code: 410, reason: "Expired" } });
    expect(count).toBeLessThan(15_000);
  });

  test("stopping the server ends watches at once", async () => {
    const { api, open } = await startServer();
    const lines = watchLines(await open(`${MAPS}?watch=true`));
    const ended = take(lines, 1).catch(() => []);
    const began = performance.now();
    await api.stop();
    expect(await ended).toEqual([]);
    expect(performance.now() - began).toBeLessThan(4000);
  });
});
