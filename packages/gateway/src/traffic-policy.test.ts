import { createServer } from "node:http";
import { eventually } from "@ebb/testkit";
import { describe, expect, onTestFinished, test } from "vitest";
import type { HostRule, Split, TrafficPolicy } from "./route-table.ts";
import { backend, exchange, get, listen, rule, startGateway, type TestGateway } from "./test-gateway.ts";

/** An instance that answers with its own name, and as its `status` says. */
async function instance(name: string) {
  const state = { status: 200, hits: 0, hold: false };
  const server = createServer((_request, response) => {
    state.hits++;
    response.writeHead(state.status);
    if (state.hold) response.flushHeaders();
    else response.end(name);
  });
  const port = await listen(server);
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { ...state, port, state };
}

interface Shape {
  /** Ports of the instances of `ns/r0`, `ns/r1` … */
  versions: number[][];
  policy: TrafficPolicy;
  more?: Partial<HostRule>;
  splits?: Split[];
}

async function serve({ versions, policy, more = {}, splits }: Shape): Promise<TestGateway> {
  const gateway = await startGateway();
  gateway.client.begin();
  for (const [i, ports] of versions.entries()) await gateway.client.putBackend(backend(`ns/r${i}`, ports));
  const host = rule("app.test", "ns/r0", { ...more, ...(splits ? { splits } : {}), policy });
  await gateway.client.putRoute({ key: "ns/app", hash: "h", hosts: [host, rule("other.test", "ns/r0")] });
  return gateway;
}

const statusOf = (answer: string) => Number(answer.slice(9, 12));
const bodyOf = (answer: string) => answer.split("\r\n\r\n")[1]?.replace(/^[0-9a-f]+\r\n|\r\n0$/g, "");
const cookieOf = (answer: string) => /^set-cookie: ([^;]+); (.*)\r$/im.exec(answer);
const ask = async (port: number, headers = "") => await exchange(port, get("/", headers));
const statuses = async (port: number, count: number, headers = "") => {
  const found: number[] = [];
  for (let i = 0; i < count; i++) found.push(statusOf(await ask(port, headers)));
  return found;
};

describe("access", () => {
  const past = "2020-01-01T00:00:00Z";
  const future = "2100-01-01T00:00:00Z";
  const here = { address: "127.0.0.0/8" };
  const there = { address: "203.0.113.0/24" };
  const bot = { header: "user-agent", match: { prefix: "bot/" } };
  test.each<[string, TrafficPolicy, string, number]>([
    ["nobody is named", {}, "", 200],
    ["the address is denied", { deny: [there, here] }, "", 403],
    ["another one is denied", { deny: [there, { address: "2001:db8::/32" }] }, "", 200],
    ["one that is written as IPv6 is the same one", { deny: [{ address: "::ffff:127.0.0.1" }] }, "", 403],
    ["a denied one is none", { deny: [{ address: "127.0.0.1/99" }, { address: "127.0.0.1/x" }] }, "", 200],
    ["the denial is over", { deny: [{ ...here, until: past }] }, "", 200],
    ["the denial is not over", { deny: [{ ...here, until: future }] }, "", 403],
    ["a header is denied", { deny: [bot] }, "User-Agent: bot/1.0\r\n", 403],
    ["another value of it is not", { deny: [bot] }, "User-Agent: browser\r\n", 200],
    ["others alone are allowed", { allow: [there] }, "", 403],
    ["one of those that are allowed", { allow: [there, here] }, "", 200],
    ["no allowance is in force any more, and so all are", { allow: [{ ...there, until: past }] }, "", 200],
    ["who is allowed and denied is denied", { allow: [here], deny: [bot] }, "User-Agent: bot/2\r\n", 403],
  ])("%s", async (_, policy, headers, expected) => {
    const a = await instance("a");
    const { port, gateway } = await serve({ versions: [[a.port]], policy });
    expect(statusOf(await ask(port, headers))).toBe(expected);
    expect([a.state.hits, gateway.totals().denied]).toEqual(expected === 200 ? [1, 0] : [0, 1]);
    expect(statusOf(await exchange(port, "GET / HTTP/1.1\r\nHost: other.test\r\nConnection: close\r\n\r\n"))).toBe(200);
  });

  test("it guards a host with rules, too, before any of them answers", async () => {
    const rules = [{ name: "hello", matches: [], action: { type: "respond" as const, status: 200, body: "hi" } }];
    const { port } = await serve({ versions: [], policy: { deny: [here] }, more: { splits: [], rules } });
    expect(statusOf(await ask(port))).toBe(403);
  });
});

describe("rate limits", () => {
  test("what is above the burst is answered 429 at once, with when to come again", async () => {
    const a = await instance("a");
    const { port, gateway } = await serve({
      versions: [[a.port]],
      policy: { rateLimits: [{ requests: 2, perSeconds: 3600, by: "client" }] },
    });
    expect(await statuses(port, 4)).toEqual([200, 200, 429, 429]);
    const limited = await ask(port);
    expect(limited).toMatch(/^retry-after: 1[78]\d\d\r$/im);
    expect([a.state.hits, gateway.totals().limited]).toEqual([2, 3]);
  });

  test("each value of a header has its own bucket, and those without it share one", async () => {
    const a = await instance("a");
    const limit = { requests: 1, perSeconds: 3600, by: { header: "x-key" } };
    const { port } = await serve({ versions: [[a.port]], policy: { rateLimits: [limit] } });
    expect(await statuses(port, 2, "X-Key: 1\r\n")).toEqual([200, 429]);
    expect(await statuses(port, 2, "X-Key: 2\r\n")).toEqual([200, 429]);
    expect(await statuses(port, 2)).toEqual([200, 429]);
  });

  test("what was counted outlives a change of the table", async () => {
    const a = await instance("a");
    const policy: TrafficPolicy = { rateLimits: [{ requests: 1, perSeconds: 3600, by: "app" }] };
    const gateway = await serve({ versions: [[a.port]], policy });
    expect(await statuses(gateway.port, 2)).toEqual([200, 429]);
    await gateway.client.putRoute({ key: "ns/app", hash: "h2", hosts: [rule("app.test", "ns/r0", { policy })] });
    expect(await statuses(gateway.port, 1)).toEqual([429]);
  });
});

describe("affinity", () => {
  const policy: TrafficPolicy = { affinity: { cookie: "stay", seconds: 600 } };

  test("a client comes back to its instance and its version while they are there, and is led elsewhere when they are not", async () => {
    const apps = await Promise.all(["a", "b", "c", "d"].map(instance));
    const ports = apps.map(({ port }) => port);
    const splits = [
      { revision: "ns/r0", percent: 50 },
      { revision: "ns/r1", percent: 50 },
    ];
    const gateway = await serve({ versions: [ports.slice(0, 2), ports.slice(2)], policy, splits });
    const first = await ask(gateway.port);
    const [, pair = "", attributes] = cookieOf(first) ?? [];
    expect(attributes).toBe("Path=/; Max-Age=600; HttpOnly; SameSite=Lax");
    for (let i = 0; i < 20; i++) {
      const again = await ask(gateway.port, `Cookie: a=1; ${pair}; b=2\r\n`);
      expect([bodyOf(again), cookieOf(again)]).toEqual([bodyOf(first), null]);
    }
    const gone = ports[["a", "b", "c", "d"].indexOf(bodyOf(first) ?? "")];
    const left = (of: number[]) => of.filter((port) => port !== gone);
    await gateway.client.putBackend(backend("ns/r0", left(ports.slice(0, 2))));
    await gateway.client.putBackend(backend("ns/r1", left(ports.slice(2))));
    const moved = await ask(gateway.port, `Cookie: ${pair}\r\n`);
    // To the other instance of its version: the first half of the cookie stays.
    expect(cookieOf(moved)?.[1]?.split(".")[0]).toBe(pair.split(".")[0]);
    expect(cookieOf(moved)?.[1]).not.toBe(pair);
    expect(cookieOf(await ask(gateway.port, "Cookie: stay=nonsense\r\n"))).not.toBeNull();
  });

  test("with rules in front of the split, too", async () => {
    const apps = await Promise.all(["a", "b"].map(instance));
    const rules = [{ name: "never", matches: [{ uri: { exact: "/never" } }], action: { type: "respond" as const, status: 418, body: "" } }];
    const splits = ["ns/r0", "ns/r1"].map((revision) => ({ revision, percent: 50 }));
    const { port } = await serve({ versions: apps.map((app) => [app.port]), policy, splits, more: { rules } });
    const first = await ask(port);
    for (let i = 0; i < 20; i++) expect(bodyOf(await ask(port, `Cookie: ${cookieOf(first)?.[1]}\r\n`))).toBe(bodyOf(first));
  });
});

describe("ejection", () => {
  const policy: TrafficPolicy = { ejection: { errors: 3, seconds: 1, maxPercent: 50 } };

  test("an instance that does nothing but fail gets no requests for a while, and is tried again after it", async () => {
    const [good, bad] = await Promise.all(["good", "bad"].map(instance));
    if (!good || !bad) throw new Error("two were asked for");
    const gateway = await serve({ versions: [[good.port, bad.port]], policy });
    bad.state.status = 500;
    await eventually(async () => {
      await ask(gateway.port);
      return bad.state.hits >= 3;
    });
    const hits = bad.state.hits;
    expect(await statuses(gateway.port, 15)).toEqual(Array.from({ length: 15 }, () => 200));
    expect(bad.state.hits).toBe(hits);
    bad.state.status = 200;
    await eventually(async () => {
      await ask(gateway.port);
      return bad.state.hits > hits;
    });
  });

  test("the last one stays: an answer of an error is better than none", async () => {
    const bad = await instance("bad");
    bad.state.status = 503;
    const { port } = await serve({ versions: [[bad.port]], policy });
    expect(await statuses(port, 6)).toEqual([503, 503, 503, 503, 503, 503]);
    expect(bad.state.hits).toBe(6);
  });
});

describe("retries", () => {
  const retries = { attempts: 2, perTrySeconds: 0, on: ["5xx"], budgetPercent: 0 };

  test("what may be repeated is tried again; a POST never is", async () => {
    const bad = await instance("bad");
    bad.state.status = 500;
    const { port, gateway } = await serve({ versions: [[bad.port]], policy: { retries } });
    expect(statusOf(await ask(port))).toBe(500);
    expect([bad.state.hits, gateway.totals().retries]).toEqual([3, 2]);
    await exchange(port, "POST / HTTP/1.1\r\nHost: app.test\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    expect(bad.state.hits).toBe(4);
  });

  test("above the budget nothing is tried again", async () => {
    const bad = await instance("bad");
    bad.state.status = 500;
    const { port } = await serve({ versions: [[bad.port]], policy: { retries: { ...retries, attempts: 1 } } });
    // Three stay in their second attempt, which uses the budget up.
    bad.state.hold = true;
    const hanging = [1, 2, 3].map(() => ask(port));
    await eventually(() => bad.state.hits === 6);
    bad.state.hold = false;
    await ask(port);
    expect(bad.state.hits).toBe(7);
    void hanging;
  });
});

describe("what was done about requests is counted of the version that they were for", () => {
  const bot = { header: "user-agent", match: { prefix: "bot/" } };
  const destinations = [{ target: { service: "ns/r1" }, weight: 1 }];
  const rules = [{ name: "r1", matches: [], action: { type: "forward" as const, destinations } }];

  test.each<[string, TrafficPolicy, Record<string, number>, Partial<HostRule>?]>([
    ["denied", { deny: [bot] }, { denied: 4 }],
    ["denied, by the rules that would have led there", { deny: [bot] }, { denied: 4 }, { splits: [], rules }],
    ["limited", { rateLimits: [{ requests: 1, perSeconds: 3600, by: "app" }] }, { limited: 3 }],
    ["ejected", { ejection: { errors: 2, seconds: 60, maxPercent: 50 } }, { ejected: 1 }],
    ["retried", { retries: { attempts: 1, perTrySeconds: 0, on: ["5xx"], budgetPercent: 100 } }, { retried: 4 }],
  ])("%s", async (_, policy, expected, more = {}) => {
    const revision = more.rules ? "ns/r1" : "ns/r0";
    const bad = await instance("bad");
    const worse = await instance("worse");
    bad.state.status = worse.state.status = 500;
    const { port, client } = await serve({ versions: [[bad.port, worse.port], [bad.port]], policy, more });
    const counted = new Map<string, Record<string, number> | undefined>();
    client.onStats.on(({ revisions }) => revisions.forEach((each) => counted.set(each.revision, each.traffic.interventions)));
    await statuses(port, 4, "User-Agent: bot/1\r\n");
    await eventually(() => counted.get(revision) !== undefined);
    expect(Object.fromEntries(counted)).toEqual({ [revision]: expected });
  });

  test("overflowed: more waited than may", async () => {
    const { port, client } = await serve({ versions: [[]], policy: {}, more: {} });
    const slow = await instance("slow");
    slow.state.hold = true;
    await client.putBackend(backend("ns/r0", [slow.port], { containerConcurrency: 1 }));
    const counted: (Record<string, number> | undefined)[] = [];
    client.onStats.on(({ revisions }) => counted.push(...revisions.map(({ traffic }) => traffic.interventions)));
    const held = Array.from({ length: 11 }, () => ask(port));
    await eventually(() => slow.state.hits === 1);
    expect(await statuses(port, 2)).toEqual([503, 503]);
    await eventually(() => counted.some((each) => each?.["overflowed"] === 2));
    void held;
  });
});
