import { expect, test } from "vitest";
import { parseTrafficPolicy, policyProblems, TRAFFIC_POLICY, validateTrafficPolicy } from "./traffic-policy.ts";

const limit = { requests: 10, perSeconds: 1, by: "client" };

test.each<[string, unknown]>([
  ["nothing at all", {}],
  [
    "addresses and blocks of both kinds",
    { deny: ["192.0.2.1", "10.0.0.0/8", "2001:db8::/32", "::1", "::ffff:192.0.2.1"].map((address) => ({ address })) },
  ],
  [
    "headers, with an end",
    { allow: [{ header: "x-key", match: { regex: "a+" }, until: "2027-01-01T00:00:00+01:00" }, { header: "x-any" }] },
  ],
  ["limits by all that they may be by", { rateLimits: [limit, { ...limit, by: "app", burst: 1 }, { ...limit, by: { header: "x-key" } }] }],
  [
    "the rest",
    {
      affinity: { cookie: "stay", seconds: 60 },
      ejection: { errors: 5, seconds: 30, maxPercent: 50 },
      retries: { attempts: 2, perTrySeconds: 0.5, on: ["5xx", "503"], budgetPercent: 20 },
    },
  ],
])("is taken: %s", (_, policy) => {
  expect(policyProblems(policy)).toEqual([]);
  expect(parseTrafficPolicy({ [TRAFFIC_POLICY]: JSON.stringify(policy) })).toEqual(policy);
});

test.each<[string, unknown, string]>([
  ["a field that nobody knows", { ratelimit: [] }, "ratelimit: there is no such field"],
  ["a list", [], "must be of type object"],
  ["an address that is none", { deny: [{ address: "10.0.0.256" }] }, `deny[0].address: "10.0.0.256" is neither an IP address nor`],
  ["a block that is too long", { deny: [{ address: "10.0.0.0/33" }] }, "is neither an IP address nor"],
  ["an address that is a name", { deny: [{ address: "evil.example" }] }, "is neither an IP address nor"],
  ["an entry for nobody", { allow: [{}] }, "allow[0]: name an address or a header, and one of them only"],
  ["an entry for both", { allow: [{ address: "::1", header: "x" }] }, "and one of them only"],
  ["a header in capitals", { deny: [{ header: "X-Key" }] }, "deny[0].header in body should match"],
  ["two matches in one", { deny: [{ header: "x", match: { exact: "a", prefix: "b" } }] }, "one of exact, prefix, regex, present"],
  ["an expression that is none", { deny: [{ header: "x", match: { regex: "(" } }] }, "deny[0].match.regex"],
  ["a day that is none", { deny: [{ address: "::1", until: "2027-13-01T00:00:00Z" }] }, "there is no such time"],
  [
    "a limit of nothing",
    { rateLimits: [{ ...limit, requests: 0 }] },
    "rateLimits[0].requests in body should be greater than or equal to 1",
  ],
  ["a limit by nothing", { rateLimits: [{ ...limit, by: "ip" }] }, "rateLimits[0].by: app, client, or an object"],
  ["half an ejection", { ejection: { errors: 3 } }, "ejection.seconds"],
  ["a retry on anything", { retries: { attempts: 1, perTrySeconds: 0, on: ["whatever"], budgetPercent: 20 } }, "Unsupported value"],
])("is refused: %s", (_, policy, expected) => {
  expect(policyProblems(policy).join("; ")).toContain(expected);
  expect(validateTrafficPolicy({ [TRAFFIC_POLICY]: JSON.stringify(policy) })).toMatchObject([{ paths: [TRAFFIC_POLICY] }]);
});

test("what is no JSON is refused, and no annotation is no policy", () => {
  expect(validateTrafficPolicy({ [TRAFFIC_POLICY]: "{" })[0]?.details).toContain("it is no JSON");
  expect(parseTrafficPolicy({})).toBeUndefined();
  expect(parseTrafficPolicy(undefined)).toBeUndefined();
});
