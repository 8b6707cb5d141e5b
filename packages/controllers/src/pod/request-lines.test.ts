import { Signal, silentLogger } from "@ebb/base";
import type { LoggedRequest, RevisionStats } from "@ebb/gateway";
import { parseObservability } from "@ebb/kube";
import type { InstanceStatus } from "@ebb/runtime";
import { VirtualClock } from "@ebb/testkit";
import { describe, expect, onTestFinished, test } from "vitest";
import { revision } from "../testing.ts";
import { keyOf } from "../engine/keys.ts";
import { RequestLines } from "./request-lines.ts";

const TEMPLATE =
  "{{.Request.Method}} {{.Request.RequestURI}} {{.Request.UserAgent}} {{.Response.Code}} {{.Response.Latency}}s " +
  '{{.Revision.Name}} {{.Revision.PodName}} {{.Revision.PodIP}} {{index .Request.Header "X-Trace"}}';
const REVISION = revision();
const KEY = keyOf(REVISION);
const address = { host: "10.0.0.9", port: 8080 };
const instance = (id: string): InstanceStatus => ({ id, workload: KEY, labels: {}, phase: "ready", startedAt: 0, restarts: 0, address });

function request(endpoint: string, time: number, more: Partial<LoggedRequest> = {}): LoggedRequest {
  return {
    time,
    endpoint,
    method: "GET",
    target: "/a?b=c",
    host: "shop.test",
    protocol: "HTTP/1.1",
    contentLength: 0,
    fields: { "user-agent": ["curl"], "x-trace": ["1"] },
    status: 200,
    durationMs: 5,
    responseBytes: 2,
    remoteAddress: "127.0.0.1",
    traceId: "t",
    ...more,
  };
}

function open(data: Record<string, string> = { "logging.enable-request-log": "true", "logging.request-log-template": TEMPLATE }) {
  const written: Record<string, string[]> = {};
  const onStats = new Signal<{ time: number; revisions: RevisionStats[] }>();
  const clock = new VirtualClock();
  let kept: string[] = [];
  const lines = new RequestLines({
    logs: {
      append: (id, more) => void (written[id] ??= []).push(...more.map(({ time, text }) => `${time} ${text}`)),
      keepOnly: (ids) => void (kept = [...ids]),
    },
    settings: { current: { observability: parseObservability(data) } } as never,
    gateway: { onStats },
    instances: { all: () => [instance("p1"), instance("p2")], instances: () => [instance("p1"), instance("p2")] },
    revisionOf: (key) => (key === KEY ? REVISION : undefined),
    clock,
    log: silentLogger,
  });
  lines.start();
  onTestFinished(() => lines.stop());
  const tell = (key: string, requests: LoggedRequest[], leftOut = 0) =>
    onStats.emit({ time: 0, revisions: [{ revision: key, logged: { requests, leftOut } } as RevisionStats] });
  return { written, tell, lines, clock, kept: () => kept };
}

describe("the log of requests", () => {
  test("each instance's own, in the order in which they ended, by the template", () => {
    const { written, tell } = open();
    tell(KEY, [request("p1", 20), request("p1", 10, { durationMs: 50, status: 502 }), request("p2", 1), request("gone", 1)]);
    const name = REVISION.metadata.name;
    expect(written).toEqual({
      p1: [`25 GET /a?b=c curl 200 0.005s ${name} p1 10.0.0.9 [1]`, `60 GET /a?b=c curl 502 0.05s ${name} p1 10.0.0.9 [1]`],
      p2: [`6 GET /a?b=c curl 200 0.005s ${name} p2 10.0.0.9 [1]`],
    });
  });
  test("a look at whether it is ready, where that is asked for: once a second at most", async () => {
    const asked = { "logging.enable-request-log": "true", "logging.request-log-template": TEMPLATE };
    const quiet = open(asked);
    quiet.lines.probed("p1", true);
    const { written, lines, clock } = open({ ...asked, "logging.enable-probe-request-log": "true" });
    lines.probed("p1", false);
    lines.probed("p1", true);
    lines.probed("none", true);
    await clock.advance(1000);
    lines.probed("p1", true);
    const line = (status: number) => ` GET / Knative-Queue-Proxy-Probe ${status} 0s ${REVISION.metadata.name} p1 10.0.0.9 []`;
    expect(written["p1"]?.map((text) => text.replace(/^\d+/, ""))).toEqual([line(503), line(200)]);
    expect([quiet.written, Object.keys(written)]).toEqual([{}, ["p1"]]);
  });
  test("what was left out is said", () => {
    const { written, tell } = open();
    tell(KEY, [request("p1", 1)], 7);
    expect(written["p1"]?.at(-1)).toBe('6 {"dropped":7}');
  });
  test("none while nobody asks for it, and none of revisions that are gone", () => {
    const off = open({ "logging.request-log-template": TEMPLATE });
    off.tell(KEY, [request("p1", 1)]);
    const on = open();
    on.tell("team/gone", [request("p1", 1)]);
    expect([off.written, on.written]).toEqual([{}, {}]);
  });
  test("of instances that are forgotten nothing is kept", async () => {
    const { clock, kept } = open();
    await clock.advance(61_000);
    expect(kept()).toEqual(["p1", "p2"]);
  });
});
