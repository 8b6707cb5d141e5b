import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RouteIndex } from "../core/route-index.ts";
import { bareRequest, type RequestHead } from "../http1/heads.ts";
import type { HostRule, RequestMatch, RouteEntry, RouteRule } from "../route-table.ts";
import { seededRandom } from "../test-gateway.ts";
import { answerFields } from "./answer-changes.ts";
import { decide, type Decision } from "./decide.ts";
import { explainer } from "./explain.ts";
import { compilePattern } from "./text-match.ts";

const HOST = "app.example.com";

function head(more: Partial<RequestHead> & { headers?: Record<string, string> } = {}): RequestHead {
  const { headers = {}, ...rest } = more;
  const authority = rest.authority ?? HOST;
  return {
    ...bareRequest("http/1.1", "GET", "/"),
    host: authority.replace(/:\d+$/, "").toLowerCase(),
    fields: Object.entries(headers)
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join(""),
    ...rest,
    authority,
  };
}

const to = (service: string, matches: RequestMatch[] = [], more: Partial<RouteRule> = {}): RouteRule => ({
  name: `to ${service}`,
  matches,
  action: { type: "forward", destinations: [{ target: { service }, weight: 1 }] },
  ...more,
});
const hostOf = (rules: RouteRule[] | undefined, more: Partial<HostRule> = {}): HostRule => ({
  host: HOST,
  visibility: "external",
  splits: [],
  setHeaders: {},
  ...(rules ? { rules } : {}),
  ...more,
});
const entry = (key: string, hosts: HostRule[], order?: string): RouteEntry => ({
  key,
  hash: `hash of ${key}`,
  hosts,
  ...(order === undefined ? {} : { order }),
});

function run(entries: RouteEntry[], request: RequestHead, visibility: "external" | "internal" = "external", seed = 1): Decision {
  const index = new RouteIndex();
  index.replaceAll(entries);
  const world = { index, hasRevision: (key: string) => key.startsWith("ns/r"), random: seededRandom(seed) };
  return decide(request, { visibility, client: { remoteAddress: "10.0.0.9", secure: false } }, world);
}
const led = (rules: RouteRule[], request: RequestHead): string => outcome(run([entry("ns/vs", [hostOf(rules)])], request));
function outcome(decision: Decision): string {
  if (decision.type === "forward") return decision.revision;
  return decision.type === "answer" ? String(decision.answer.status) : `${decision.status} ${decision.message}`;
}

describe("HTTPMatchRequest", () => {
  test.each<[sentence: string, RequestMatch, Parameters<typeof head>[0], matches: boolean]>([
    ["uri exact is the whole path", { uri: { exact: "/a" } }, { target: "/a" }, true],
    ["uri exact is not a prefix", { uri: { exact: "/a" } }, { target: "/a/b" }, false],
    ["the query is no part of the path", { uri: { exact: "/a" } }, { target: "/a?b=c" }, true],
    ["uri prefix is one of text, not of segments", { uri: { prefix: "/a" } }, { target: "/abc" }, true],
    ["uri regex matches the whole path", { uri: { regex: "/v[0-9]+" } }, { target: "/v12" }, true],
    ["uri regex is not searched for", { uri: { regex: "/v[0-9]+" } }, { target: "/v12/x" }, false],
    ["uri is compared with case", { uri: { prefix: "/A" } }, { target: "/a" }, false],
    ["ignoreUriCase makes exact insensitive", { uri: { exact: "/A" }, ignoreUriCase: true }, { target: "/a" }, true],
    ["ignoreUriCase makes prefix insensitive", { uri: { prefix: "/A" }, ignoreUriCase: true }, { target: "/aB" }, true],
    ["ignoreUriCase leaves regex alone", { uri: { regex: "/A" }, ignoreUriCase: true }, { target: "/a" }, false],
    ["method", { method: { exact: "POST" } }, { method: "POST" }, true],
    ["method by expression", { method: { regex: "GET|HEAD" } }, { method: "DELETE" }, false],
    ["authority with its port", { authority: { prefix: HOST } }, { authority: `${HOST}:8080` }, true],
    ["scheme", { scheme: { exact: "https" } }, {}, false],
    ["a header's value", { headers: { "x-canary": { exact: "1" } } }, { headers: { "X-Canary": "1" } }, true],
    ["a header that is not there", { headers: { "x-canary": { exact: "1" } } }, {}, false],
    ["a longer name is another header", { headers: { "x-a": { exact: "1" } } }, { headers: { "x-ab": "1" } }, false],
    ["a header is present", { headers: { "x-a": { present: true } } }, { headers: { "x-a": "" } }, true],
    ["several of one name are joined", { headers: { "x-a": { exact: "1,2" } } }, { fields: "x-a: 1\r\nX-A: 2\r\n" }, true],
    [
      "a cookie is a header",
      { headers: { cookie: { regex: "^(.*?;\\s*)?(user=jason)(;.*)?$" } } },
      { headers: { Cookie: "a=b; user=jason; c=d" } },
      true,
    ],
    ["all headers must fit", { headers: { a: { exact: "1" }, b: { exact: "2" } } }, { headers: { a: "1" } }, false],
    ["withoutHeaders fits a header that is not there", { withoutHeaders: { "x-a": { exact: "1" } } }, {}, true],
    ["withoutHeaders fits another value", { withoutHeaders: { "x-a": { exact: "1" } } }, { headers: { "x-a": "2" } }, true],
    ["withoutHeaders refuses the value", { withoutHeaders: { "x-a": { exact: "1" } } }, { headers: { "x-a": "1" } }, false],
    ["withoutHeaders refuses presence", { withoutHeaders: { "x-a": { present: true } } }, { headers: { "x-a": "2" } }, false],
    ["queryParams exact", { queryParams: { v: { exact: "2" } } }, { target: "/?v=2" }, true],
    ["queryParams empty", { queryParams: { v: { exact: "" } } }, { target: "/?v=" }, true],
    ["queryParams present", { queryParams: { v: { present: true } } }, { target: "/?v" }, true],
    ["queryParams regex matches the whole value", { queryParams: { v: { regex: "\\d+" } } }, { target: "/?v=1a" }, false],
    ["queryParams prefix", { queryParams: { v: { prefix: "a" } } }, { target: "/?b=1&v=ab" }, true],
    ["fields of one match must all hold", { uri: { prefix: "/" }, method: { exact: "POST" } }, {}, false],
    ["a regex that cannot be compiled fits nothing", { uri: { regex: "(" } }, { target: "(" }, false],
  ])("%s", (_, match, request, matches) => {
    expect(led([to("ns/r1", [match])], head(request))).toBe(matches ? "ns/r1" : `404 no route of ${HOST} is for this request`);
  });

  test("one match of several is enough", () => {
    const rules = [to("ns/r1", [{ uri: { exact: "/a" } }, { headers: { x: { exact: "1" } } }])];
    expect(led(rules, head({ headers: { x: "1" } }))).toBe("ns/r1");
  });
});

describe("precedence", () => {
  test("within a VirtualService, the first that matches", () => {
    const rules = [to("ns/r1", [{ uri: { prefix: "/a" } }]), to("ns/r2", [{ uri: { prefix: "/a/b" } }])];
    expect(led(rules, head({ target: "/a/b" }))).toBe("ns/r1");
  });

  const older = "2026-01-01T00:00:00Z";
  const newer = "2026-01-02T00:00:00Z";
  const two = (first: RouteRule[], second: RouteRule[]) => [
    entry("virtualservice:ns/b", [hostOf(second)], newer),
    entry("virtualservice:ns/a", [hostOf(first)], older),
  ];
  test.each<[string, RouteEntry[], Parameters<typeof head>[0], string]>([
    [
      "the older goes first",
      two([to("ns/r1", [{ uri: { prefix: "/a" } }])], [to("ns/r2", [{ uri: { prefix: "/a" } }])]),
      { target: "/a" },
      "ns/r1",
    ],
    [
      "the newer is asked after it",
      two([to("ns/r1", [{ uri: { prefix: "/a" } }])], [to("ns/r2", [{ uri: { prefix: "/b" } }])]),
      { target: "/b" },
      "ns/r2",
    ],
    [
      "a catch-all of the older waits for the newer's rules",
      two([to("ns/r1")], [to("ns/r2", [{ uri: { prefix: "/b" } }])]),
      { target: "/b" },
      "ns/r2",
    ],
    ["of two catch-alls the older's is first", two([to("ns/r1", [{ uri: { prefix: "/" } }])], [to("ns/r2")]), {}, "ns/r1"],
    [
      "a match by method alone is no catch-all",
      two([to("ns/r1", [{ method: { exact: "GET" } }])], [to("ns/r2", [{ uri: { prefix: "/b" } }])]),
      { target: "/b" },
      "ns/r1",
    ],
    [
      "an older Knative Route names its host, and so takes everything",
      [
        entry("ns/route", [hostOf(undefined, { splits: [{ revision: "ns/r1", percent: 100 }] })], older),
        entry("virtualservice:ns/a", [hostOf([to("ns/r2", [{ uri: { prefix: "/b" } }])])], newer),
      ],
      { target: "/b" },
      "ns/r1",
    ],
    [
      "a younger Knative Route takes what the rules leave, catch-alls after it",
      [
        entry("ns/route", [hostOf(undefined, { splits: [{ revision: "ns/r1", percent: 100 }] })], newer),
        entry("virtualservice:ns/a", [hostOf([to("ns/r2", [{ uri: { prefix: "/b" } }]), to("ns/r3")])], older),
      ],
      { target: "/c" },
      "ns/r1",
    ],
  ])("%s", (_, entries, request, expected) => {
    expect(outcome(run(entries, head(request)))).toBe(expected);
  });

  test("exact host, then the longest suffix, then *", () => {
    const hosts = (name: string, service: string) => hostOf([to(service)], { host: name });
    const all = [
      entry("ns/vs", [
        hosts("*", "ns/r1"),
        hosts("*.example.com", "ns/r2"),
        hosts("*.b.example.com", "ns/r3"),
        hosts("a.b.example.com", "ns/r4"),
      ]),
    ];
    const at = (authority: string) => outcome(run(all, head({ authority })));
    expect([at("x.org"), at("a.example.com"), at("x.b.example.com"), at("A.b.example.com:80"), at("example.com")]).toEqual([
      "ns/r1",
      "ns/r2",
      "ns/r3",
      "ns/r4",
      "ns/r1",
    ]);
  });

  test("when the last entry lets a wildcard go, nothing is found by it", () => {
    const index = new RouteIndex();
    index.put(entry("ns/vs", [hostOf([to("ns/r1")], { host: "*.example.com" })]));
    index.put(entry("ns/vs", [hostOf([to("ns/r1")], { host: "x.org" })]));
    expect(index.find("a.example.com", "external")).toBeUndefined();
    index.remove("ns/vs");
    expect(index.find("x.org", "external")).toBeUndefined();
  });

  test("on the internal listener what is cluster-local hides what is external", () => {
    const both = [
      entry("ns/vs", [hostOf([to("ns/r1")])]),
      entry("ns/route", [hostOf(undefined, { visibility: "cluster-local", splits: [{ revision: "ns/r2", percent: 100 }] })]),
    ];
    expect(outcome(run(both, head(), "internal"))).toBe("ns/r2");
    expect(outcome(run(both, head(), "external"))).toBe("ns/r1");
  });
});

describe("actions", () => {
  const sent = (rule: Partial<RouteRule>, request: Parameters<typeof head>[0], match: RequestMatch = {}): RequestHead => {
    const decision = run([entry("ns/vs", [hostOf([to("ns/r1", [match], rule)])])], head(request));
    if (decision.type !== "forward") throw new Error(outcome(decision));
    return decision.request;
  };

  test.each<[string, Partial<RouteRule>, RequestMatch, string, string]>([
    [
      "rewrite.uri replaces the prefix that matched, and keeps the query",
      { path: { uri: "/new" } },
      { uri: { prefix: "/old" } },
      "/old/x?q=1",
      "/new/x?q=1",
    ],
    ["rewrite.uri replaces the whole of an exact path", { path: { uri: "/new" } }, { uri: { exact: "/old" } }, "/old?q=1", "/new?q=1"],
    ["rewrite.uri without a match replaces the root", { path: { uri: "/new/" } }, {}, "/a", "/new/a"],
    [
      "uriRegexRewrite fills in what was captured",
      { path: { regex: "^/service/([^/]+)(/.*)$", replacement: "\\2/instance/\\1" } },
      {},
      "/service/foo/v1/api",
      "/v1/api/instance/foo",
    ],
    ["uriRegexRewrite takes a dollar sign as it is", { path: { regex: "/a", replacement: "/$1" } }, {}, "/a", "/$1"],
    ["what a rewrite makes is a path still", { path: { regex: "/a", replacement: "x y\r\n" } }, {}, "/a", "/x%20y%0D%0A"],
  ])("%s", (_, rule, match, ...[target, expected]) => {
    expect(sent(rule, { target }, match).target).toBe(expected);
  });

  test("rewrite.authority is the Host that the instance sees", () => {
    expect(sent({ authority: "app.team.svc.cluster.local" }, {})).toMatchObject({
      authority: "app.team.svc.cluster.local",
      host: "app.team.svc.cluster.local",
    });
  });

  test("request headers are removed, set and added, with formatters", () => {
    const request = {
      remove: ["x-gone", "content-length"],
      set: { "X-One": "1", ":authority": "other.test" },
      add: { "x-from": "%REQ(x-user?x-name):3% at %DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT% 100%% %NO_SUCH%" },
    };
    const made = sent({ request }, { headers: { "x-gone": "a", "x-one": "0", "x-name": "alice" } });
    expect(made.fields).toBe("x-name: alice\r\nX-One: 1\r\nx-from: ali at 10.0.0.9 100% %NO_SUCH%\r\n");
    expect(made.host).toBe("other.test");
  });

  test("a header's value never brings another header", () => {
    expect(sent({ request: { set: { a: "b\r\nc: d" } } }, {}).fields).toBe("");
  });

  test.each<[string, Omit<Extract<RouteRule["action"], { type: "redirect" }>, "type" | "status">, Parameters<typeof head>[0], string]>([
    ["uri and authority, the query kept", { uri: "/v2", authority: "new.test" }, { target: "/v1?q=1" }, "http://new.test/v2?q=1"],
    ["a query in uri replaces the request's", { uri: "/v2?x=2" }, { target: "/v1?q=1" }, `http://${HOST}/v2?x=2`],
    ["the port of the request stays", {}, { authority: `${HOST}:8080` }, `http://${HOST}:8080/`],
    ["another scheme drops the port", { scheme: "https" }, { authority: `${HOST}:8080` }, `https://${HOST}/`],
    ["a port", { port: 8443, scheme: "https" }, {}, `https://${HOST}:8443/`],
    ["derivePort FROM_REQUEST_PORT", { port: "request", scheme: "https" }, { authority: `${HOST}:8080` }, `https://${HOST}:8080/`],
    ["no header can be written through it", { uri: "/a\r\nx: y" }, {}, `http://${HOST}/a%0D%0Ax:%20y`],
  ])("redirect: %s", (_, action, request, location) => {
    const decision = run([entry("ns/vs", [hostOf([to("", [], { action: { type: "redirect", status: 301, ...action } })])])], head(request));
    expect(decision.type === "answer" && decision.answer.fields).toBe(`Location: ${location}\r\n`);
  });

  test("the answer's headers are changed by the destination, the rule, and the gateway in front, in this order", () => {
    const inner: RouteRule = {
      name: "inner",
      matches: [],
      action: { type: "forward", destinations: [{ target: { service: "ns/r1" }, weight: 1, response: { set: { "x-a": "1" } } }] },
      response: { add: { "x-b": "%RESP(x-a)% %RESPONSE_CODE%" } },
    };
    const outer = to("", [], {
      authority: "inner.test",
      action: { type: "forward", destinations: [{ target: { gateway: "local" }, weight: 1 }] },
      response: { remove: ["x-a"] },
    });
    const decision = run(
      [entry("ns/o", [hostOf([outer])]), entry("ns/i", [hostOf([inner], { host: "inner.test", visibility: "cluster-local" })])],
      head(),
    );
    if (decision.type !== "forward") throw new Error(outcome(decision));
    expect(answerFields(decision.plan, { status: 200, fields: "x-a: 0\r\n" })).toBe("x-b: 1 200\r\n");
    expect(decision.plan.clientAuthority).toBe(HOST);
  });
});

describe("destinations", () => {
  const through = (target: RouteRule["action"] & { type: "forward" }, more: Partial<RouteRule> = {}) => [
    to("", [], { action: target, ...more }),
  ];
  const one = (target: { service: string } | { gateway: "local" | "external" } | { unavailable: string }) => ({
    type: "forward" as const,
    destinations: [{ target, weight: 0 }],
  });
  const local = entry("ns/app", [
    hostOf(undefined, { host: "app.ns.svc.cluster.local", visibility: "cluster-local", splits: [{ revision: "ns/r7", percent: 100 }] }),
  ]);

  test.each<[string, RouteRule[], string]>([
    ["a revision's Service is the revision, and one alone needs no weight", through(one({ service: "ns/r1" })), "ns/r1"],
    [
      "a Knative Service is asked by the authority that the request has",
      through(one({ service: "ns/app" })),
      `404 nothing is served at app.example.org`,
    ],
    ["a Knative Service with its authority", through(one({ service: "ns/app" }), { authority: "app.ns.svc.cluster.local" }), "ns/r7"],
    ["the local gateway with its authority", through(one({ gateway: "local" }), { authority: "app.ns.svc.cluster.local" }), "ns/r7"],
    ["a Service that is not there", through(one({ service: "ns/none" })), "503 there is no Service none in namespace ns"],
    ["one that the cluster cannot serve", through(one({ unavailable: "no such host" })), "503 no such host"],
    ["a circle", through(one({ gateway: "external" })), "503 the routes lead in a circle from gateway to gateway"],
  ])("%s", (_, rules, expected) => {
    const host = "app.example.org";
    expect(outcome(run([entry("ns/vs", [hostOf(rules, { host })]), local], head({ authority: host })))).toBe(expected);
  });

  test("property: the split realised is the split asked for", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 2, maxLength: 5 }), fc.integer(), (weights, seed) => {
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        fc.pre(total > 0);
        const destinations = weights.map((weight, i) => ({ target: { service: `ns/r${i}` }, weight }));
        const index = new RouteIndex();
        index.put(entry("ns/vs", [hostOf([to("", [], { action: { type: "forward", destinations } })])]));
        const world = { index, hasRevision: () => true, random: seededRandom(seed) };
        const draws = 4000;
        const counts = new Map<string, number>();
        for (let i = 0; i < draws; i++) {
          const to = outcome(decide(head(), { visibility: "external", client: { remoteAddress: "", secure: false } }, world));
          counts.set(to, (counts.get(to) ?? 0) + 1);
        }
        for (const [i, weight] of weights.entries()) {
          const share = (counts.get(`ns/r${i}`) ?? 0) / draws;
          if (weight === 0) expect(share).toBe(0);
          // Six standard deviations at the most.
          expect(Math.abs(share - weight / total)).toBeLessThan(0.048);
        }
      }),
      { numRuns: 30 },
    );
  });
});

test("regular expressions cannot stall the gateway, and too large ones are refused", () => {
  const pattern = compilePattern("(a+)+$b");
  const started = process.hrtime.bigint();
  expect("matches" in pattern && pattern.matches("a".repeat(16_000))).toBe(false);
  expect(Number(process.hrtime.bigint() - started) / 1e6).toBeLessThan(1000);
  expect(compilePattern("((a{100}){10}){10}")).toHaveProperty("problem");
  expect(compilePattern("a".repeat(2000))).toHaveProperty("problem");
  expect(compilePattern("(?=a)")).toHaveProperty("problem");
});

test("explain names the rule, what held, what did not, and the shares, by the code that routes", () => {
  const table = {
    routes: [
      entry("virtualservice:ns/app", [
        hostOf([
          to("ns/r1", [{ headers: { "x-canary": { exact: "1" } } }]),
          to("", [], {
            name: "rest",
            action: {
              type: "forward",
              destinations: [
                { target: { service: "ns/r2" }, weight: 9 },
                { target: { service: "ns/r3" }, weight: 1 },
              ],
            },
          }),
        ]),
      ]),
    ],
    backends: ["ns/r1", "ns/r2", "ns/r3"].map((key) => ({
      key,
      protocol: "http1" as const,
      containerConcurrency: 0,
      timeoutSeconds: 1,
      responseStartTimeoutSeconds: 0,
      idleTimeoutSeconds: 0,
      endpoints: [],
    })),
  };
  const ask = (headers: [string, string][], host = HOST) =>
    explainer(table, { now: () => 0 })({ host, method: "GET", path: "/", headers, listener: "external", secure: false });
  expect(ask([])).toEqual({
    outcome: "forward",
    revision: "ns/r2",
    sent: { host: HOST, path: "/" },
    hops: [
      {
        host: HOST,
        listener: "external",
        entries: ["virtualservice:ns/app"],
        skipped: [{ rule: "to ns/r1", because: 'header x-canary is "1"' }],
        rule: "rest",
        because: [],
        destinations: [
          { to: "ns/r2", share: 90, chosen: true },
          { to: "ns/r3", share: 10, chosen: false },
        ],
      },
    ],
  });
  expect(ask([["x-canary", "1"]])).toMatchObject({ revision: "ns/r1", hops: [{ rule: "to ns/r1", because: ['header x-canary is "1"'] }] });
  const policy = { deny: [{ header: "x-bot" }] };
  const [route] = table.routes;
  const guarded = {
    ...table,
    routes: table.routes.map((of) => ({ ...of, hosts: route?.hosts.map((host) => ({ ...host, policy })) ?? [] })),
  };
  const headers: [string, string][] = [["x-bot", "1"]];
  const question = { host: HOST, method: "GET", path: "/", listener: "external" as const, secure: false };
  expect(explainer(guarded, { now: () => 0 })({ ...question, headers })).toMatchObject({ outcome: "refuse", status: 403, policy });
  expect(explainer(guarded, { now: () => 0 })({ ...question, headers: [] })).toMatchObject({ revision: "ns/r2", policy });
  expect(ask([], "none.test")).toMatchObject({ outcome: "refuse", status: 404, hops: [{ entries: [] }] });
});
