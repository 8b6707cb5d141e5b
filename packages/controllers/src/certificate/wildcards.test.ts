import type { Certificate, Namespace } from "@ebb/kube";
import { describe, expect, test } from "vitest";
import { parseDomainConfig, parseNetworkConfig } from "../config/network.ts";
import { covers, planWildcards, wildcardCertificate } from "./wildcards.ts";

const domain = parseDomainConfig({ "example.com": "", "shops.example.com": "selector: {app: shop}" });
const namespace = (labels: Record<string, string> = {}): Namespace => ({
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name: "team", uid: "namespace-uid", labels },
});
const made = (selector: string | undefined, labels?: Record<string, string>, template?: string) =>
  wildcardCertificate(namespace(labels), {
    network: parseNetworkConfig({
      ...(selector === undefined ? {} : { "namespace-wildcard-cert-selector": selector }),
      ...(template === undefined ? {} : { "domain-template": template }),
    }),
    domain,
  });
const DESIRED = made("{}") as Certificate;

describe("which namespaces have one", () => {
  test.each<[string, string | undefined, Record<string, string>, boolean]>([
    ["nothing is said", undefined, {}, false],
    ["nothing stands there", "", {}, false],
    ["an empty selector", "{}", {}, true],
    ["a label that it has", "matchLabels: {tls: shared}", { tls: "shared" }, true],
    ["a label that it has not", "matchLabels: {tls: shared}", {}, false],
    ["an expression", "matchExpressions:\n- key: tls\n  operator: NotIn\n  values: [own]", { tls: "own" }, false],
    ["an expression that holds", '{"matchExpressions": [{"key": "tls", "operator": "Exists"}]}', { tls: "" }, true],
  ])("%s", (_, selector, labels, has) => expect(made(selector, labels) !== undefined).toBe(has));

  test.each(["a: [", "text", "matchNames: {a: b}", "matchLabels: {'a b': c}"])("what is no selector is refused: %s", (selector) =>
    expect(() => made(selector)).toThrow(/namespace-wildcard-cert-selector/),
  );
});

test("it is for all hosts under the default domain, as upstream names it, and goes with the namespace", () => {
  expect(DESIRED).toMatchObject({
    metadata: {
      name: "team.example.com",
      namespace: "team",
      labels: { "networking.knative.dev/wildcardDomain": "example.com" },
      ownerReferences: [{ kind: "Namespace", name: "team", uid: "namespace-uid", controller: true }],
    },
    spec: { dnsNames: ["*.team.example.com"], domain: "example.com", secretName: "team.example.com" },
  });
  expect(made("{}", {}, "{{.Name}}-{{.Namespace}}.{{.Domain}}")).toBeUndefined();
});

test.each([
  ["*.team.example.com", "shop.team.example.com", true],
  ["*.team.example.com", "new-shop.team.example.com", true],
  ["*.team.example.com", "team.example.com", false],
  ["*.team.example.com", "a.b.team.example.com", false],
  ["shop.team.example.com", "shop.team.example.com", false],
])("%s stands for %s: %s", (wildcard, host, does) => expect(covers(wildcard, host)).toBe(does));

describe("what becomes of those that there are", () => {
  const older: Certificate = {
    ...DESIRED,
    metadata: { ...DESIRED.metadata, labels: { "networking.knative.dev/wildcardDomain": "old.com", mine: "1" } },
    spec: { ...DESIRED.spec, dnsNames: ["*.team.old.com"], domain: "old.com" },
  };
  const foreign: Certificate = { ...DESIRED, metadata: { ...DESIRED.metadata, name: "theirs", ownerReferences: [] } };
  test("none yet: it is made", () => expect(planWildcards(namespace(), DESIRED, [])).toEqual({ create: DESIRED, remove: [] }));
  test("somebody's own for these hosts will do", () => expect(planWildcards(namespace(), DESIRED, [foreign])).toEqual({ remove: [] }));
  test("of the domain before: it is changed", () => {
    const { update, remove } = planWildcards(namespace(), DESIRED, [older]);
    expect([update?.spec, update?.metadata.labels, remove]).toEqual([
      DESIRED.spec,
      { "networking.knative.dev/wildcardDomain": "example.com", mine: "1" },
      [],
    ]);
  });
  test("none wanted: ours goes, somebody's own stays", () =>
    expect(planWildcards(namespace(), undefined, [DESIRED, foreign])).toEqual({ remove: [DESIRED] }));
});
