import { expect, test } from "vitest";
import type { RequestHead } from "../http1/heads.ts";
import { SeenRequests } from "./seen-requests.ts";

const NOTHING = { headers: [], cookies: [], query: [] };

function head(fields: string, target = "/"): RequestHead {
  return { method: "GET", host: "shop.test", target, fields } as RequestHead;
}

function seeAt(seen: SeenRequests, times: readonly number[]): void {
  for (const now of times) if (seen.isDue(now)) seen.keep({ request: head(""), id: `at-${now}`, time: now }, undefined);
}

test("values are kept of what rules ask for alone, and of everything else the name", () => {
  const seen = new SeenRequests();
  const fields = "Authorization: Bearer s3cret\r\nX-Beta: 1\r\nCookie: group=beta; session=s3cret\r\nAccept: */*\r\n";
  seen.isDue(0);
  seen.keep(
    { request: head(fields, "/cart?v=2&key=s3cret"), id: "r1", time: 5 },
    { headers: ["x-beta"], cookies: ["group"], query: ["v"] },
  );
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
  seen.isDue(0);
  seen.keep(
    { request: head(`${many}x-last: 7\r\nx-long: ${"a".repeat(300)}\r\n`, `/${"p".repeat(2000)}`), id: "r", time: 0 },
    {
      ...NOTHING,
      headers: ["x-last", "x-long"],
    },
  );
  const [request] = seen.take();
  expect(Object.keys(request?.headers ?? {})).toHaveLength(40);
  expect(request?.headers).toMatchObject({ "x-last": "7", "x-long": null });
  expect(request?.path).toHaveLength(512);
});
