import { expect, test } from "vitest";
import type { RequestHead } from "../http1/heads.ts";
import type { AccessLogEntry } from "./access-log.ts";
import { LoggedRequests } from "./logged-requests.ts";

const FIELDS = { client: "X-A: 1\r\nx-a: 2\r\nReferer: r\r\n", forwarding: "X-B: 3\r\n", passing: "X-C: 4\r\n" };
const ENTRY = { time: 1, endpoint: "p", status: 200, durationMs: 2, responseBytes: 3, remoteAddress: "a", traceId: "t" } as AccessLogEntry;
const head = (more: Partial<RequestHead> = {}) =>
  ({ protocol: "h2", method: "POST", target: "/x?y", authority: "h:1", framing: "chunked", length: 0, ...more }) as RequestHead;

test("a field that comes several times is told with all its values, wherever it was made", () => {
  const logged = new LoggedRequests();
  logged.keep(ENTRY, { request: head(), fields: FIELDS }, ["x-a", "x-c"]);
  logged.keep(ENTRY, { request: head({ framing: "length", length: 5 }), fields: FIELDS }, []);
  const [first, second] = logged.take()?.requests ?? [];
  expect(first).toMatchObject({ fields: { "x-a": ["1", "2"], "x-c": ["4"], referer: ["r"] }, protocol: "HTTP/2.0", contentLength: -1 });
  expect(second).toMatchObject({ fields: { referer: ["r"] }, contentLength: 5, target: "/x?y", host: "h:1" });
  expect(logged.take()).toBeUndefined();
});

test("what nobody fetches is bounded, and what was left out is counted", () => {
  const logged = new LoggedRequests();
  for (let i = 0; i < 1500; i++) logged.keep(ENTRY, { request: head({ target: `/${"x".repeat(5000)}` }), fields: FIELDS }, []);
  const taken = logged.take();
  expect([taken?.requests.length, taken?.leftOut]).toEqual([1000, 500]);
  expect(taken?.requests[0]?.target.length).toBe(1024);
});
