import { expect, test } from "vitest";
import type { RequestHead } from "../http1/heads.ts";
import type { RecordedFields } from "../route-table.ts";
import { dueSample, SeenRequests } from "./seen-requests.ts";
import type { FinishedRequest } from "./traffic-counters.ts";

const NOTHING = { headers: [], cookies: [], query: [] };

function head(fields: string, target = "/"): RequestHead {
  return { method: "GET", host: "shop.test", target, fields } as RequestHead;
}

const OVER: FinishedRequest = {
  status: 200,
  outcome: "complete",
  durationMs: 1.234,
  heldMs: undefined,
  requestBytes: 0,
  responseBytes: 13,
};

interface See {
  request?: RequestHead;
  id?: string;
  at?: number;
  over?: Partial<FinishedRequest>;
  reason?: string;
  recorded?: RecordedFields;
}
function see(seen: SeenRequests, { request = head(""), at = 0, id = `at-${at}`, over, reason = "", recorded }: See): void {
  const finished = { ...OVER, ...over };
  dueSample({ seen }, finished, at)?.keep({ ...finished, request, id, time: at, reason }, recorded);
}
function seeAt(seen: SeenRequests, times: readonly number[], over: Partial<FinishedRequest> = {}): void {
  for (const at of times) see(seen, { at, over });
}

test("values are kept of what rules ask for alone, and of everything else the name", () => {
  const seen = new SeenRequests();
  const fields = "Authorization: Bearer s3cret\r\nX-Beta: 1\r\nCookie: group=beta; session=s3cret\r\nAccept: */*\r\n";
  const recorded = { headers: ["x-beta"], cookies: ["group"], query: ["v"] };
  see(seen, { request: head(fields, "/cart?v=2&key=s3cret"), id: "r1", at: 5, recorded });
  expect(seen.take()).toEqual([
    {
      id: "r1",
      time: 5,
      method: "GET",
      host: "shop.test",
      path: "/cart",
      headers: { "x-beta": "1", authorization: null, accept: null },
      cookies: { group: "beta", session: null },
      query: { v: "2", key: null },
      status: 200,
      outcome: "complete",
      durationMs: 1.2,
      responseBytes: 13,
      count: 1,
    },
  ]);
  expect(seen.take()).toEqual([]);
});

test("under load some stand for all, and none is left uncounted", () => {
  const seen = new SeenRequests();
  const times = Array.from({ length: 10_000 }, (_, i) => i / 2);
  seeAt(seen, times);
  const kept = seen.take();
  // Twenty at once, then five a second.
  expect(kept.length).toBeGreaterThanOrEqual(40);
  expect(kept.length).toBeLessThanOrEqual(46);
  seeAt(seen, [60_000]);
  const last = seen.take();
  expect([...kept, ...last].reduce((sum, { count }) => sum + count, 0)).toBe(times.length + 1);
});

test("failures, and what was refused, are kept beside however much that was answered, and stand for their kind alone", () => {
  const seen = new SeenRequests();
  const times = Array.from({ length: 10_000 }, (_, i) => i / 2);
  seeAt(seen, times);
  see(seen, { at: 5000, id: "refused", over: { status: 404 } });
  see(seen, { at: 5000, id: "cut", over: { outcome: "cut" } });
  see(seen, { at: 5000, id: "late", over: { status: 504 }, reason: "request timeout" });
  seeAt(seen, times);
  const kept = seen.take();
  const others = kept.filter(({ id }) => !id.startsWith("at-"));
  expect(others.map(({ id, count, reason }) => [id, count, reason])).toEqual([
    ["refused", 1, undefined],
    ["cut", 1, undefined],
    ["late", 1, "request timeout"],
  ]);
  expect(kept.length).toBeLessThan(100);
  seeAt(seen, times, { status: 500 });
  const failed = seen.take();
  expect(failed.length).toBeLessThanOrEqual(46);
  expect(failed.every(({ status }) => status === 500)).toBe(true);
});

test("a wave of clients that leave before their answer pushes out nothing that was refused; one that leaves with half of a refusal was refused", () => {
  const seen = new SeenRequests();
  const times = Array.from({ length: 10_000 }, (_, i) => i / 2);
  seeAt(seen, times, { status: 499, outcome: "client-gone" });
  see(seen, { at: 5000, id: "401", over: { status: 401 } });
  see(seen, { at: 5000, id: "half of 404", over: { status: 404, outcome: "client-gone" } });
  const others = seen.take().filter(({ id }) => !id.startsWith("at-"));
  expect(others.map(({ id, count }) => [id, count])).toEqual([
    ["401", 1],
    ["half of 404", 1],
  ]);
});

test("what nobody asks for is bounded: the oldest go, and those after them stand for them", () => {
  const seen = new SeenRequests();
  const times = Array.from({ length: 1000 }, (_, i) => i * 1000);
  seeAt(seen, times);
  const kept = seen.take();
  expect(kept).toHaveLength(200);
  expect(kept.reduce((sum, { count }) => sum + count, 0)).toBe(1000);
  expect(kept.at(-1)?.id).toBe("at-999000");
});

test("a long list of names, a long path and a long value are cut, and what rules ask for stays", () => {
  const seen = new SeenRequests();
  const many = Array.from({ length: 100 }, (_, i) => `x-${i}: 1\r\n`).join("");
  see(seen, {
    request: head(`${many}x-last: 7\r\nx-long: ${"a".repeat(300)}\r\n`, `/${"p".repeat(2000)}`),
    recorded: { ...NOTHING, headers: ["x-last", "x-long"] },
  });
  const [request] = seen.take();
  expect(Object.keys(request?.headers ?? {})).toHaveLength(40);
  expect(request?.headers).toMatchObject({ "x-last": "7", "x-long": null });
  expect(request?.path).toHaveLength(512);
});
