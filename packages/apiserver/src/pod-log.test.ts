import { once } from "node:events";
import { describe, expect, test } from "vitest";
import type { PodLogOptions, PodLogs } from "./rest/serve-pod-log.ts";
import { startServer } from "./testing/server.ts";

const PODS = "/api/v1/namespaces/default/pods";
const POD = { apiVersion: "v1", kind: "Pod", metadata: { name: "p" }, spec: { containers: [{ name: "user-container", image: "i" }] } };
const TIME = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

async function serverWith(podLogs: PodLogs) {
  const server = await startServer({ podLogs });
  await server.call("POST", PODS, { body: POD });
  return server;
}

describe("pods/log", () => {
  test("text, with times and a limit when asked for; options are handed on", async () => {
    const asked: PodLogOptions[] = [];
    const { call } = await serverWith(async function* lines(namespace, name, options) {
      asked.push(options);
      yield { time: TIME, stream: "stdout", text: `${namespace}/${name}` };
      yield { time: TIME, stream: "stderr", text: "héllo" };
    });
    const plain = await call("GET", `${PODS}/p/log?container=user-container&tailLines=5&sinceTime=2026-01-01T00:00:00Z`);
    expect(plain.headers["content-type"]).toBe("text/plain");
    expect(plain.body).toBe("default/p\nhéllo\n");
    expect(asked[0]).toMatchObject({ follow: false, tail: 5, since: Date.UTC(2026, 0, 1) });
    expect((await call("GET", `${PODS}/p/log?timestamps=true`)).body).toMatch(/^2026-01-02T03:04:05\.678000000Z default\/p\n/);
    expect((await call("GET", `${PODS}/p/log?limitBytes=4`)).body).toBe("defa");
  });

  test("of the previous container: what was written before it ended, counted from there; refused where there was none", async () => {
    const { call } = await serverWith(async function* lines() {
      for (const [at, text] of [
        ["00:01", "one"],
        ["00:02", "two"],
        ["00:09", "three"],
      ] as const)
        yield { time: Date.parse(`2026-01-02T00:${at}Z`), stream: "stdout", text };
    });
    const previous = (more = "") => call("GET", `${PODS}/p/log?previous=true${more}`);
    expect((await previous()).body).toMatchObject({
      code: 400,
      message: 'previous terminated container "user-container" in pod "p" not found',
    });
    const terminated = { exitCode: 1, reason: "Error", finishedAt: "2026-01-02T00:00:02Z" };
    const status = { name: "user-container", image: "i", imageID: "", ready: false, restartCount: 1, state: {}, lastState: { terminated } };
    await call("PATCH", `${PODS}/p/status`, {
      type: "application/merge-patch+json",
      body: { status: { phase: "Running", containerStatuses: [status] } },
    });
    expect((await previous()).body).toBe("one\ntwo\n");
    expect((await previous("&tailLines=1")).body).toBe("two\n");
  });

  test.each([
    ["none/log", 404, 'pods "none" not found'],
    ["p/log?container=other", 400, "container other is not valid for pod p"],
    ["p/log?tailLines=x", 400, "tailLines must be a whole number"],
    ["p/log?sinceTime=x", 400, "sinceTime must be"],
    ["p/log?sinceTime=2026-01-01T00:00:00Z&sinceSeconds=1", 400, "at most one of"],
  ])("%s is refused", async (path, status, message) => {
    const { call } = await serverWith(async function* none() {});
    expect((await call("GET", `${PODS}/${path}`)).body).toMatchObject({ code: status, message: expect.stringContaining(message) });
  });

  test("what follows is told when its reader goes, and waits for one that reads slowly", async () => {
    let produced = 0;
    const gone = Promise.withResolvers<void>();
    const { open } = await serverWith(async function* endless(_namespace, _name, { signal }) {
      signal.addEventListener("abort", () => gone.resolve());
      while (!signal.aborted) {
        produced++;
        yield { time: TIME, stream: "stdout", text: "x".repeat(1000) };
      }
    });
    const response = await open(`${PODS}/p/log?follow=true`);
    await once(response, "readable");
    // Nothing is read: production stands still as soon as the buffers between are full, long before this many lines.
    let before = -1;
    while (produced !== before) {
      before = produced;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(produced).toBeLessThan(100_000);
    response.destroy();
    await gone.promise;
  });

  test("a source that fails before its first line is answered as a failure, and after it cuts the answer off", async () => {
    const { call } = await serverWith(async function* broken(_namespace, _name, { tail }) {
      if (tail === 1) yield { time: TIME, stream: "stdout", text: "first" };
      throw new Error("broken");
    });
    expect((await call("GET", `${PODS}/p/log`)).body).toMatchObject({ code: 500, reason: "InternalError" });
    await expect(call("GET", `${PODS}/p/log?tailLines=1`)).rejects.toThrow();
  });
});
