import type { PolicyAccess, TrafficPolicy } from "@ebb/kube";
import { policyProblems } from "@ebb/kube";
import fc from "fast-check";
import { expect, test } from "vitest";
import { upstreamFaults } from "../testing/upstream-schemas.ts";
import { compileIstioGuard } from "./istio-guard.ts";

const NOW = Date.UTC(2026, 10, 1);
const AT = { app: "shop", namespace: "acme-prod", now: NOW, hosts: ["shop.example.com"], revisions: ["shop-00007"] };
const compiled = (policy: TrafficPolicy) => compileIstioGuard({ ...AT, policy });
const to = [{ operation: { hosts: ["shop.example.com", "shop.example.com:*"] } }];
const key = "request.headers[x-key]";
const rulesOf = (policy: TrafficPolicy) =>
  compiled(policy).objects.flatMap((object) => (object.kind === "AuthorizationPolicy" ? [object.spec] : []));

test.each<[string, TrafficPolicy, object[]]>([
  [
    "addresses that are refused",
    { deny: [{ address: "10.0.0.0/8" }, { address: "::1" }] },
    [{ from: [{ source: { ipBlocks: ["10.0.0.0/8", "::1"] } }], to }],
  ],
  [
    "a header that is refused, each in a rule of its own",
    { deny: [{ header: "x-key" }, { header: "x-key", match: { prefix: "bad-" } }] },
    [
      { to, when: [{ key, values: ["*"] }] },
      { to, when: [{ key, values: ["bad-*"] }] },
    ],
  ],
  [
    "all but those who are let in, by one rule that matches none of them",
    { allow: [{ address: "192.0.2.1" }, { header: "x-key", match: { exact: "s" } }] },
    [{ from: [{ source: { notIpBlocks: ["192.0.2.1"] } }], to, when: [{ key, notValues: ["s"] }] }],
  ],
  [
    "nobody by what has ended",
    {
      deny: [
        { address: "10.0.0.1", until: "2026-10-31T00:00:00Z" },
        { address: "10.0.0.2", until: "2026-12-01T00:00:00Z" },
      ],
    },
    [{ from: [{ source: { ipBlocks: ["10.0.0.2"] } }], to }],
  ],
  [
    "everybody, when the only one who is let in is one that Istio cannot know",
    { allow: [{ header: "x-key", match: { regex: "a+" } }] },
    [{ to }],
  ],
])("the gateway denies %s", (_, policy, rules) => {
  expect(rulesOf(policy)).toEqual([{ selector: { matchLabels: { istio: "ingressgateway" } }, action: "DENY", rules }]);
});

test.each<[string, TrafficPolicy, RegExp[]]>([
  [
    "an expression on a list",
    { deny: [{ header: "x-key", match: { regex: "a+" } }] },
    [/^deny: .*x-key by regex "a\+": who sends it is not refused/],
  ],
  ["a value that Istio would take for a pattern", { allow: [{ header: "x-key", match: { exact: "a*" } }] }, [/^allow: .*is refused/]],
  [
    "limits for each client or value",
    {
      rateLimits: [
        { requests: 5, perSeconds: 1, by: "client" },
        { requests: 6, perSeconds: 1, by: { header: "x-key" } },
      ],
    },
    [/^rateLimits: .*each address/, /^rateLimits: .*header x-key/],
  ],
  ["that versions are kept", { affinity: { cookie: "c", seconds: 60 } }, [/^affinity: .*not to its version/]],
  [
    "nothing",
    {
      deny: [{ address: "::1" }],
      rateLimits: [{ requests: 5, perSeconds: 1, by: "app" }],
      retries: { attempts: 1, perTrySeconds: 0, on: ["5xx"], budgetPercent: 20 },
    },
    [],
  ],
])("what cannot be said is said: %s", (_, policy, expected) => {
  const said = compiled(policy).missing.map(({ part, why }) => `${part}: ${why}`);
  expect(said).toEqual(expected.map((pattern) => expect.stringMatching(pattern) as string));
});

test("a limit is a filter of its own that only the app's hosts turn on, and retries are of what may be repeated", () => {
  const limit = { requests: 10, perSeconds: 2, burst: 30, by: "app" as const };
  const retries = { attempts: 2, perTrySeconds: 0.5, on: ["5xx", "429"], budgetPercent: 20 };
  const [filter, rule] = compiled({ rateLimits: [limit], retries }).objects;
  const name = "ebb.limit.acme-prod.shop.0";
  const value = {
    typed_per_filter_config: { [name]: { token_bucket: { max_tokens: 30, tokens_per_fill: 10, fill_interval: "2s" } } },
    retry_policy: { retry_on: "5xx,retriable-status-codes", retriable_status_codes: [429], num_retries: 2, per_try_timeout: "0.5s" },
  };
  expect(filter).toMatchObject({
    metadata: { name: "ebb.acme-prod.shop", namespace: "istio-system" },
    spec: {
      configPatches: [
        { applyTo: "HTTP_FILTER", patch: { operation: "INSERT_BEFORE", value: { name } } },
        { applyTo: "VIRTUAL_HOST", match: { routeConfiguration: { vhost: { name: "shop.example.com:80" } } }, patch: { value } },
        { applyTo: "VIRTUAL_HOST", match: { routeConfiguration: { vhost: { name: "shop.example.com:443" } } }, patch: { value } },
      ],
    },
  });
  const trafficPolicy = { retryBudget: { percent: 20, minRetryConcurrency: 3 } };
  expect(rule).toMatchObject({
    metadata: { namespace: "acme-prod" },
    spec: { host: "shop-00007.acme-prod.svc.cluster.local", trafficPolicy },
  });
});

const header = fc.stringMatching(/^[a-z][a-z-]{0,20}$/);
const text = fc.string({ maxLength: 30 });
const entry = fc.oneof(
  fc.record({ address: fc.oneof(fc.ipV4(), fc.constantFrom("10.0.0.0/8", "2001:db8::/32")) }),
  fc.record({
    header,
    match: fc.oneof(fc.record({ exact: text }), fc.record({ prefix: text }), fc.constantFrom({ regex: "a+" }, { present: true as const })),
  }),
) as fc.Arbitrary<PolicyAccess>;
const count = (max: number) => fc.integer({ min: 1, max });
const policies: fc.Arbitrary<TrafficPolicy> = fc.record(
  {
    deny: fc.array(entry, { maxLength: 4 }),
    allow: fc.array(entry, { maxLength: 4 }),
    rateLimits: fc.array(
      fc.record({
        requests: count(1_000_000),
        perSeconds: count(86_400),
        by: fc.oneof(fc.constantFrom("app" as const, "client" as const), fc.record({ header })),
      }),
      { maxLength: 3 },
    ),
    affinity: fc.record({ cookie: fc.stringMatching(/^[a-z]{1,10}$/), seconds: count(31_536_000) }),
    ejection: fc.record({ errors: count(1000), seconds: count(3600), maxPercent: count(100) }),
    retries: fc.record({
      attempts: count(10),
      perTrySeconds: fc.constantFrom(0, 0.25, 30),
      on: fc.subarray(["5xx", "reset", "503", "429"], { minLength: 1 }),
      budgetPercent: fc.integer({ min: 0, max: 100 }),
    }),
  },
  { requiredKeys: [] },
);

test("whatever is asked for, a cluster with Istio's definitions takes it as it is", () => {
  fc.assert(
    fc.property(policies, (policy) => {
      fc.pre(policyProblems(policy).length === 0);
      for (const object of compiled(policy).objects) {
        expect(upstreamFaults(object.kind as "EnvoyFilter", object)).toEqual([]);
      }
    }),
    { numRuns: 200 },
  );
});

test("without a host outside there is nothing at the gateway to guard", () => {
  const policy = { deny: [{ address: "::1" }], affinity: { cookie: "c", seconds: 60 } };
  expect(compileIstioGuard({ ...AT, hosts: [], policy }).objects.map(({ kind }) => kind)).toEqual(["DestinationRule"]);
});
