import type { RuleCondition } from "@ebb/api";
import { admit, VirtualServices } from "@ebb/kube";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { upstreamFaults } from "../testing/upstream-schemas.ts";
import { checkRules } from "./check-rules.ts";
import { compileVirtualService, type Rule } from "./virtual-service.ts";

const compiled = (rules: readonly Rule[], protocolOf: (number: number) => "http1" | "h2c" = () => "http1") =>
  compileVirtualService({
    app: "shop",
    namespace: "default-prod",
    host: "shop.example.com",
    previews: [{ host: "v7-shop.example.com", internal: "v7-shop.default-prod.svc.cluster.local" }],
    rules,
    protocolOf,
  });
const header: RuleCondition = { on: "header", name: "X-Canary", is: "exact", value: "1" };

describe("the VirtualService of rules", () => {
  test("sends previews to their tags, what matches to a Revision, and the rest through the local gateway", () => {
    const rest = {
      retries: { attempts: 0 },
      route: [{ destination: { host: "knative-local-gateway.istio-system.svc.cluster.local", port: { number: 80 } } }],
    };
    expect(compiled([{ number: 7, when: [header, { on: "path", is: "prefix", value: "/beta" }] }], () => "h2c").spec).toEqual({
      gateways: ["knative-serving/knative-ingress-gateway"],
      hosts: ["shop.example.com", "v7-shop.example.com"],
      http: [
        {
          match: [{ authority: { prefix: "v7-shop.example.com" } }],
          rewrite: { authority: "v7-shop.default-prod.svc.cluster.local" },
          ...rest,
        },
        {
          name: "rule-1",
          match: [{ headers: { "x-canary": { exact: "1" } }, uri: { prefix: "/beta" } }],
          retries: { attempts: 0 },
          route: [
            {
              destination: { host: "shop-00007.default-prod.svc.cluster.local", port: { number: 81 } },
              headers: { request: { set: { "Knative-Serving-Revision": "shop-00007", "Knative-Serving-Namespace": "default-prod" } } },
            },
          ],
        },
        { name: "rest", rewrite: { authority: "shop.default-prod.svc.cluster.local" }, ...rest },
      ],
    });
  });

  test("copies requests of safe methods in routes of their own, and of all methods in the same, and the API takes both", () => {
    const made = (methods: "safe" | "all") => {
      const input = { app: "shop", namespace: "n", host: "shop.example.com", previews: [], protocolOf: () => "http1" as const };
      const mirror = { number: 9, percent: 10, methods, since: 0, by: "ann" };
      return compileVirtualService({ ...input, rules: [{ number: 7, when: [header] }], mirror });
    };
    const copies = {
      mirror: { host: "shop-00009.n.svc.cluster.local", port: { number: 80 } },
      mirrorPercentage: { value: 10 },
    };
    const canary = { headers: { "x-canary": { exact: "1" } } };
    const safe = { method: { regex: "GET|HEAD|OPTIONS" } };
    const [first, second, third, fourth] = made("safe").spec.http ?? [];
    expect([first, third]).toMatchObject([
      { name: "rule-1-mirrored", match: [{ ...canary, ...safe }], ...copies },
      { name: "rest-mirrored", match: [safe], ...copies },
    ]);
    expect([second?.name, second?.mirror, fourth?.name, fourth?.mirror]).toEqual(["rule-1", undefined, "rest", undefined]);
    expect(made("all").spec.http).toMatchObject([
      { name: "rule-1", match: [canary], ...copies },
      { name: "rest", ...copies },
    ]);
    for (const methods of ["safe", "all"] as const) admit(VirtualServices, made(methods), { user: "" });
  });

  test("has an alternative for each user of a list, with the other conditions in all of them", () => {
    const when: RuleCondition[] = [header, { on: "users", header: "X-User", users: ["ann", "bob"] }];
    expect(compiled([{ number: 1, when }]).spec.http?.[1]?.match).toEqual([
      { headers: { "x-canary": { exact: "1" }, "x-user": { exact: "ann" } } },
      { headers: { "x-canary": { exact: "1" }, "x-user": { exact: "bob" } } },
    ]);
  });

  test.each([
    ["exact", "b", "group=b", true],
    ["exact", "b", "a=1; group=b; c=2", true],
    ["exact", "b", "group=bb", false],
    ["exact", "b", "xgroup=b", false],
    ["exact", "a.c", "group=abc", false],
    ["prefix", "b", "group=beta; c=2", true],
    ["prefix", "b", "group=a; x=b", false],
    ["regex", "b|c", "a=1; group=c", true],
    ["regex", "b|c", "group=bc", false],
    ["present", undefined, "a=1; group=", true],
    ["present", undefined, "groups=1", false],
  ] as const)("a cookie %s %s in %s: %s", (is, value, cookies, fits) => {
    const condition: RuleCondition = { on: "cookie", name: "group", is, ...(value === undefined ? {} : { value }) };
    const pattern = compiled([{ number: 1, when: [condition] }]).spec.http?.[1]?.match?.[0]?.headers?.["cookie"]?.regex ?? "";
    expect(new RegExp(`^(?:${pattern})$`).test(cookies)).toBe(fits);
  });

  test("of any rules that are accepted is admitted, and the same for the same rules", () => {
    const text = fc.stringMatching(/^[\x20-\x7e]{1,40}$/);
    const name = fc.stringMatching(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,20}$/);
    const is = fc.constantFrom("exact", "prefix", "regex", "present");
    const condition = fc.oneof(
      fc
        .record({ on: fc.constantFrom("header", "cookie", "query"), name, is, value: text })
        .map(({ value, ...rest }) => ({ ...rest, ...(rest.is === "present" ? {} : { value }) })),
      fc.record({ on: fc.constant("path"), is: fc.constantFrom("exact", "prefix", "regex"), value: text.map((path) => `/${path}`) }),
      fc.record({ on: fc.constant("users"), header: name, users: fc.array(text, { minLength: 1, maxLength: 5 }) }),
    );
    const rules = fc.array(fc.record({ version: fc.constant("v3"), when: fc.array(condition, { minLength: 1, maxLength: 4 }) }), {
      maxLength: 5,
    });
    let accepted = 0;
    fc.assert(
      fc.property(rules, (asked) => {
        let stored: Rule[];
        try {
          stored = checkRules(asked);
        } catch (error) {
          expect(error).toMatchObject({ code: "invalid_rule" });
          return;
        }
        accepted += 1;
        const made = compiled(stored);
        expect(compiled(stored)).toEqual(made);
        expect(() => admit(VirtualServices, made, { user: "ebb" })).not.toThrow();
        expect(upstreamFaults("VirtualService", made)).toEqual([]);
      }),
      { numRuns: 300 },
    );
    expect(accepted).toBeGreaterThan(50);
  });
});

test.each([
  ["two conditions on one header", [header, { ...header, name: "x-canary" }], "two conditions on the header x-canary"],
  [
    "a cookie beside the header cookie",
    [
      { ...header, name: "cookie" },
      { ...header, on: "cookie", name: "a" },
    ],
    "the header cookie",
  ],
  ["no value to compare with", [{ on: "header", name: "a", is: "exact" }], "needs a value"],
  ["a value that nothing is compared with", [{ on: "query", name: "a", is: "present", value: "1" }], "takes no value"],
  ["a path without its slash", [{ on: "path", is: "prefix", value: "beta" }], "begins with /"],
  ["a regex that is none", [{ on: "path", is: "regex", value: "(" }], "Rule 1"],
  ["the host", [{ on: "header", name: "Host", is: "exact", value: "a" }], "host"],
] as [string, RuleCondition[], string][])("%s is refused", (_, when, words) => {
  expect(() => checkRules([{ version: "v1", when }])).toThrow(words);
});
