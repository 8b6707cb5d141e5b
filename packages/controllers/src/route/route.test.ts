import { OWN_HOST_TEMPLATE, type Configuration, type Revision, type Route } from "@ebb/kube";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseDomainConfig, parseNetworkConfig } from "../config/network.ts";
import { configuration, marks, NOW, revision, route, summary } from "../testing.ts";
import { HostClaims } from "./claims.ts";
import { makeEntry, namedSplits, redirectsToTls, splitsOf, statusTraffic } from "./entry.ts";
import { hostProblem, hostsOf, urlOf } from "./hosts.ts";
import { labelled } from "./labels.ts";
import { routeStatus, type RouteObserved } from "./reconcile.ts";
import { resolveTraffic, type Target } from "./traffic.ts";

const ready = (generation: number) => revision(generation, { conditions: marks({ Ready: "True" }) });
const SETTINGS = { network: parseNetworkConfig(), domain: parseDomainConfig({ "example.com": "" }) };

describe("resolveTraffic", () => {
  const resolve = (wanted: Route, configurations: Configuration[], revisions: Revision[]) =>
    resolveTraffic(wanted, {
      configuration: (_, name) => configurations.find(({ metadata }) => metadata.name === name),
      revision: (_, name) => revisions.find(({ metadata }) => metadata.name === name),
    });
  const latest = configuration(2, { latestReadyRevisionName: "shop-00002" });

  test("the Configuration stands for its latest ready Revision", () => {
    expect(resolve(route(), [latest], [ready(2)])).toEqual({
      targets: [{ revisionName: "shop-00002", percent: 100, latestRevision: true }],
    });
  });

  test.each<[string, Configuration[], Revision[], Route, string, string]>([
    ["no such Configuration", [], [], route(), "False ConfigurationMissing", 'Configuration "shop" referenced in traffic not found.'],
    [
      "a Configuration without a ready Revision yet",
      [configuration()],
      [],
      route(),
      "Unknown RevisionMissing",
      'Configuration "shop" is waiting for a Revision to become ready.',
    ],
    [
      "a Configuration that has failed",
      [configuration(1, { conditions: marks({ Ready: "False" }) })],
      [],
      route(),
      "False RevisionMissing",
      'Configuration "shop" does not have any ready Revision.',
    ],
    [
      "no such Revision",
      [],
      [],
      route([{ revisionName: "shop-00009", percent: 100 }]),
      "False RevisionMissing",
      'Revision "shop-00009" referenced in traffic not found.',
    ],
    [
      "a Revision that is not ready yet",
      [],
      [revision(3)],
      route([{ revisionName: "shop-00003", percent: 100 }]),
      "Unknown RevisionMissing",
      'Revision "shop-00003" is not yet ready.',
    ],
    [
      "a Revision that has failed",
      [],
      [revision(3, { conditions: marks({ Ready: "False" }) })],
      route([{ revisionName: "shop-00003", percent: 100 }]),
      "False RevisionMissing",
      'Revision "shop-00003" failed to become ready.',
    ],
    [
      "one bad target of several is enough, and a failure says more than a delay",
      [configuration()],
      [ready(1)],
      route([
        { revisionName: "shop-00001", percent: 50 },
        { configurationName: "shop", percent: 25 },
        { revisionName: "gone", percent: 25 },
      ]),
      "False RevisionMissing",
      'Revision "gone" referenced in traffic not found.',
    ],
  ])("%s", (_, ...[configurations, revisions, wanted, expected, message]) => {
    const found = resolve(wanted, configurations, revisions);
    const problem = "problem" in found ? found.problem : undefined;
    expect(`${problem?.status} ${problem?.reason}`).toBe(expected);
    expect(problem?.message).toBe(message);
  });

  test("a Service's Route leads to that Service's Revisions only", () => {
    const owned = route([{ revisionName: "shop-00001", percent: 100 }]);
    owned.metadata.ownerReferences = [{ apiVersion: "serving.knative.dev/v1", kind: "Service", name: "other", uid: "x", controller: true }];
    expect(resolve(owned, [], [ready(1)])).toMatchObject({ problem: { reason: "RevisionNotOwned" } });
  });
});

describe("hosts", () => {
  const labels = { "networking.knative.dev/visibility": "cluster-local" };
  test("public host, tag host and the local names", () => {
    expect(hostsOf(route(), SETTINGS)).toEqual({
      external: "shop.team.example.com",
      local: ["shop.team.svc.cluster.local", "shop.team.svc", "shop.team"],
    });
    expect(hostsOf(route(), SETTINGS, "blue").external).toBe("blue-shop.team.example.com");
    expect(hostsOf(route(), SETTINGS, "blue").local).toContain("blue-shop.team");
  });

  test("templates name hosts", () => {
    const network = parseNetworkConfig({
      "domain-template": '{{.Name}}-{{index .Labels "tier"}}.{{.Domain}}',
      "tag-template": "{{.Name}}-{{.Tag}}",
    });
    expect(hostsOf(route(undefined, { labels: { tier: "Web" } }), { ...SETTINGS, network }, "b").external).toBe("shop-b-web.example.com");
    expect(() => parseNetworkConfig({ "domain-template": "{{range .Name}}x{{end}}" })).toThrow(/cannot read the template/);
  });

  test("may depend on annotations, and on whether it is the Route's own or a tag's", () => {
    const own = '{{if eq .Name (index .Labels "serving.knative.dev/service")}}{{or (index .Annotations "host") .Name}}';
    const network = parseNetworkConfig({ "domain-template": `${own}{{else}}{{.Name}}{{index .Annotations "suffix"}}{{end}}.{{.Domain}}` });
    const annotated = (annotations: Record<string, string>) => {
      const made = route(undefined, { labels: { "serving.knative.dev/service": "shop" } });
      return { ...made, metadata: { ...made.metadata, annotations } };
    };
    const hosts = (annotations: Record<string, string>, tag?: string) =>
      hostsOf(annotated(annotations), { ...SETTINGS, network }, tag).external;
    expect(hosts({ host: "store", suffix: "-test" })).toBe("store.example.com");
    expect(hosts({ host: "store", suffix: "-test" }, "v3")).toBe("v3-shop-test.example.com");
    expect([hosts({}), hosts({}, "v3")]).toEqual(["shop.example.com", "v3-shop.example.com"]);
  });

  test.each<[string, string, Record<string, string>, string, string]>([
    ["the platform's", "team-test", { "ebb.dev/host": "store", "ebb.dev/host-suffix": "-test" }, "store", "v3-shop-test"],
    ["anybody's", "team-test", {}, "shop.team-test", "v3-shop.team-test"],
    ["anybody's where people try things", "default", {}, "shop", "v3-shop"],
  ])("the template of Ebb's own cluster: %s Services", (_, ...[namespace, annotations, own, tagged]) => {
    const network = parseNetworkConfig({ "domain-template": OWN_HOST_TEMPLATE });
    const made = route(undefined, { labels: { "serving.knative.dev/service": "shop" } });
    const annotated = { ...made, metadata: { ...made.metadata, namespace, annotations } };
    const hostOf = (tag?: string) => hostsOf(annotated, { ...SETTINGS, network }, tag).external;
    expect([hostOf(), hostOf("v3")]).toEqual([`${own}.example.com`, `${tagged}.example.com`]);
  });

  test.each([
    "{{if .Name}}x",
    "{{end}}",
    "{{.Name",
    "{{index .Labels}}",
    '{{printf "%s" .Name}}',
    "{{.Nothing}}",
    "{{(.Name}}",
    "{{.Name .Domain}}",
  ])("a template that cannot be read is refused: %s", (text) =>
    expect(() => parseNetworkConfig({ "domain-template": text })).toThrow(/cannot read the template/),
  );

  test("cluster-local by label, or for want of a domain", () => {
    expect(urlOf(hostsOf(route(undefined, { labels }), SETTINGS))).toBe("http://shop.team.svc.cluster.local");
    expect(hostsOf(route(), { ...SETTINGS, domain: [] }).external).toBeUndefined();
  });

  test("the domain is that of the most specific selector, then the first in the alphabet", () => {
    const domain = parseDomainConfig({ "b.com": "", "a.com": "", "web.com": "selector:\n  tier: web\n", _example: "nonsense" });
    expect(hostsOf(route(), { ...SETTINGS, domain }).external).toBe("shop.team.a.com");
    expect(hostsOf(route(undefined, { labels: { tier: "web" } }), { ...SETTINGS, domain }).external).toBe("shop.team.web.com");
    expect(() => parseDomainConfig({ "not a domain": "" })).toThrow(/not a domain/);
    expect(() => parseDomainConfig({ "a.com": "selector: [1]" })).toThrow(/not a map/);
  });

  test("a host that is none is told before it reaches the gateway", () => {
    expect(hostProblem("a.example.com")).toBeUndefined();
    expect(hostProblem(`${"a".repeat(64)}.example.com`)).toMatch(/more than 63 characters/);
    expect(hostProblem("a..b")).toMatch(/not a host name/);
  });
});

describe("entry", () => {
  const targets: Target[] = [
    { revisionName: "shop-00001", percent: 60, latestRevision: false, tag: "old" },
    { revisionName: "shop-00002", percent: 30, latestRevision: true },
    { revisionName: "shop-00002", percent: 10, latestRevision: false },
    { revisionName: "shop-00003", percent: 0, latestRevision: false, tag: "next" },
  ];
  const entryOf = (of: Route, to = targets) =>
    makeEntry(of, namedSplits(of, to, SETTINGS), { mine: () => true, redirectToTls: false, tagHeader: false });

  test("percentages of one Revision are added up, and none of zero is left", () => {
    expect(splitsOf("team", targets)).toEqual([
      { revision: "team/shop-00001", percent: 60 },
      { revision: "team/shop-00002", percent: 40 },
    ]);
  });

  test("a tag has all of its own host, whatever its percentage", () => {
    const { hosts } = entryOf(route());
    expect(hosts.find(({ host }) => host === "next-shop.team.example.com")).toMatchObject({
      visibility: "external",
      splits: [{ revision: "team/shop-00003", percent: 100 }],
    });
    expect(hosts.filter(({ visibility }) => visibility === "cluster-local")).toHaveLength(9);
    expect(statusTraffic(route(), targets, SETTINGS)[3]).toEqual({
      revisionName: "shop-00003",
      percent: 0,
      latestRevision: false,
      tag: "next",
      url: "http://next-shop.team.example.com",
    });
  });

  test("the hash changes with the meaning and only with it", () => {
    expect(entryOf(route()).hash).toBe(entryOf(route(undefined, { status: { url: "http://x" } })).hash);
    expect(entryOf(route()).hash).not.toBe(entryOf(route(), targets.slice(1)).hash);
    const reborn = route();
    reborn.metadata.uid = "another";
    expect(entryOf(reborn).hash).not.toBe(entryOf(route()).hash);
  });

  test("with the feature, the Route's own hosts have a rule for each tag before their split; a tag's host has none", () => {
    const { hosts } = makeEntry(route(), namedSplits(route(), targets, SETTINGS), {
      mine: () => true,
      redirectToTls: false,
      tagHeader: true,
    });
    const rulesAt = (name: string) => hosts.find(({ host }) => host === name)?.rules?.map(({ name: rule, matches }) => [rule, matches]);
    const expected = ["old", "next"].map((tag) => [`team/shop tag ${tag}`, [{ headers: { "knative-serving-tag": { exact: tag } } }]]);
    expect(rulesAt("shop.team.example.com")).toEqual(expected);
    expect(rulesAt("shop.team")).toEqual(expected);
    expect(rulesAt("old-shop.team.example.com")).toBeUndefined();
  });

  test("the traffic policy guards what is outside, and one that cannot be read guards nothing", () => {
    const policy = { deny: [{ address: "192.0.2.0/24" }] };
    const guarded = route();
    guarded.metadata.annotations = { ...guarded.metadata.annotations, "networking.ebb.dev/traffic-policy": JSON.stringify(policy) };
    for (const rule of entryOf(guarded).hosts) expect(rule.policy).toEqual(rule.visibility === "external" ? policy : undefined);
    expect(entryOf(guarded).hash).not.toBe(entryOf(route()).hash);
    guarded.metadata.annotations["networking.ebb.dev/traffic-policy"] = "{";
    expect(entryOf(guarded).hosts).toEqual(entryOf(route()).hosts);
  });

  test("hosts of others are left out", () => {
    const { hosts } = makeEntry(route(), namedSplits(route(), targets, SETTINGS), {
      mine: (host) => host !== "shop.team.example.com",
      redirectToTls: true,
      tagHeader: false,
    });
    expect(hosts.map(({ host }) => host)).not.toContain("shop.team.example.com");
    // Hosts inside have no TLS to be sent to.
    expect(hosts.every(({ visibility, redirectToTls }) => (redirectToTls === true) === (visibility === "external"))).toBe(true);
  });

  test.each<[annotations: Record<string, string>, cluster: boolean, redirected: boolean]>([
    [{}, false, false],
    [{}, true, true],
    [{ "http-protocol": "Redirected" }, false, true],
    [{ "http-protocol": "enabled" }, true, false],
    [{ "http-protocol": "nonsense" }, true, true],
    [{ httpOption: "redirected" }, false, true],
    [{ httpOption: "Enabled", "http-protocol": "Redirected" }, false, false],
  ])("annotations %o, cluster %s: redirected to TLS %s", (annotations, cluster, redirected) => {
    const of = route();
    of.metadata.annotations = Object.fromEntries(
      Object.entries(annotations).map(([name, value]) => [`networking.knative.dev/${name}`, value]),
    );
    expect(redirectsToTls(of, cluster)).toBe(redirected);
  });

  test("property: the splits of a host always add up to 100", () => {
    const cuts = fc.array(fc.integer({ min: 0, max: 100 }), { maxLength: 5 });
    fc.assert(
      fc.property(cuts, (points) => {
        const edges = [0, ...points.sort((a, b) => a - b), 100];
        const split = edges
          .slice(1)
          .map((edge, index) => ({ revisionName: `r-${index % 3}`, percent: edge - (edges[index] ?? 0), latestRevision: false }));
        expect(splitsOf("n", split).reduce((sum, { percent }) => sum + percent, 0)).toBe(100);
      }),
    );
  });
});

describe("HostClaims", () => {
  test("the oldest has the host, whoever came first", () => {
    const claims = new HostClaims();
    expect(claims.put("team/b", "2026-01-02", ["x"])).toEqual([]);
    expect(claims.put("team/a", "2026-01-01", ["x"])).toEqual(["team/b"]);
    expect(claims.owner("x")).toBe("team/a");
  });

  test("of the same second, the first in the alphabet", () => {
    const claims = new HostClaims();
    claims.put("team/b", "2026", ["x"]);
    claims.put("team/a", "2026", ["x"]);
    expect(claims.owner("x")).toBe("team/a");
  });

  test("whoever waits is told when the host is free", () => {
    const claims = new HostClaims();
    claims.put("team/a", "2026-01-01", ["x", "y"]);
    claims.put("team/b", "2026-01-02", ["x"]);
    expect(claims.put("team/a", "2026-01-01", ["y"])).toEqual(["team/b"]);
    expect(claims.owner("x")).toBe("team/b");
    expect(claims.remove("team/b")).toEqual([]);
    expect(claims.owner("x")).toBeUndefined();
  });
});

describe("labelled", () => {
  const change = (routed: boolean) => ({ routed, now: NOW });
  test("active with its first Route, reserve after its last", () => {
    const active = labelled(revision(), "shop", change(true));
    expect(active?.metadata.labels?.["serving.knative.dev/routingState"]).toBe("active");
    expect(active?.metadata.annotations).toEqual({
      "serving.knative.dev/routes": "shop",
      "serving.knative.dev/routingStateModified": "2026-01-01T00:00:00Z",
    });
    const both = labelled(active ?? revision(), "admin", { routed: true, now: NOW + 60_000 });
    expect(both?.metadata.annotations?.["serving.knative.dev/routes"]).toBe("admin,shop");
    expect(both?.metadata.annotations?.["serving.knative.dev/routingStateModified"]).toBe("2026-01-01T00:00:00Z");
    const one = labelled(both ?? revision(), "shop", change(false));
    expect(one?.metadata.labels?.["serving.knative.dev/routingState"]).toBe("active");
    const none = labelled(one ?? revision(), "admin", change(false));
    expect(none?.metadata.labels?.["serving.knative.dev/routingState"]).toBe("reserve");
    expect(none?.metadata.annotations).not.toHaveProperty("serving.knative.dev/routes");
  });

  test("nothing to do is nothing written", () => {
    const active = labelled(revision(), "shop", change(true)) ?? revision();
    expect(labelled(active, "shop", change(true))).toBeUndefined();
  });
});

describe("routeStatus", () => {
  const TRAFFIC = [{ revisionName: "shop-00001", percent: 100, latestRevision: true }];
  const status = (observed: Partial<RouteObserved>) =>
    routeStatus({
      route: route(),
      problem: undefined,
      ingress: { state: "ready" },
      traffic: TRAFFIC,
      url: "http://u",
      localUrl: "http://l",
      now: NOW,
      ...observed,
    });
  const TLS = "CertificateProvisioned True TLSNotEnabled";
  test.each<[string, Partial<RouteObserved>, string[]]>([
    ["assigned and answering: ready", {}, ["AllTrafficAssigned True", TLS, "IngressReady True", "Ready True"]],
    [
      "the gateway has not answered yet",
      { ingress: { state: "waiting", message: "no answer" } },
      ["AllTrafficAssigned True", TLS, "IngressReady Unknown Uninitialized", "Ready Unknown Uninitialized"],
    ],
    [
      "the host is another's",
      { ingress: { state: "refused", reason: "DomainConflict", message: "taken" } },
      ["AllTrafficAssigned True", TLS, "IngressReady False DomainConflict", "Ready False DomainConflict"],
    ],
    [
      "nothing was ever assigned",
      { traffic: [], problem: { status: "Unknown", reason: "RevisionMissing", message: "waiting" } },
      ["AllTrafficAssigned Unknown RevisionMissing", TLS, "IngressReady Unknown IngressNotConfigured", "Ready Unknown RevisionMissing"],
    ],
    [
      "a target went missing: what was assigned still answers",
      { problem: { status: "False", reason: "RevisionMissing", message: "gone" } },
      ["AllTrafficAssigned False RevisionMissing", TLS, "IngressReady True", "Ready False RevisionMissing"],
    ],
  ])("%s", (_, observed, expected) => {
    const made = status(observed);
    expect(summary({ status: made })).toEqual(expected);
    expect(made).toMatchObject({ url: "http://u", address: { url: "http://l" }, observedGeneration: 1 });
  });
});
