import { explainer, type RouteEntry, type RouteExplanation } from "@ebb/gateway";
import type { DestinationRule, HttpRoute, IstioGateway, VirtualService } from "@ebb/kube";
import { describe, expect, test } from "vitest";
import { NOW } from "../testing.ts";
import { statusOf } from "./controller.ts";
import { translate, type Sources } from "./translate.ts";

const INGRESS = "knative-serving/knative-ingress-gateway";
const LOCAL = "knative-serving/knative-local-gateway";

function virtualService(spec: VirtualService["spec"], more: Partial<VirtualService["metadata"]> = {}): VirtualService {
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: { name: "app-ext", namespace: "team", uid: "uid", generation: 1, creationTimestamp: "2026-01-01T00:00:00Z", ...more },
    spec,
  };
}
const to = (host: string, more: Partial<HttpRoute> = {}): HttpRoute => ({ route: [{ destination: { host } }], ...more });
const rev = (name: string) => `${name}.team.svc.cluster.local`;

interface World {
  gateways?: IstioGateway[];
  services?: VirtualService[];
  rules?: DestinationRule[];
}
function sources({ gateways = [], services = [], rules = [] }: World = {}): Sources {
  const find =
    <T extends { metadata: { name: string; namespace?: string } }>(all: T[]) =>
    (namespace: string, name: string) =>
      all.find(({ metadata }) => metadata.namespace === namespace && metadata.name === name);
  return {
    gateway: find(gateways),
    virtualService: find(services),
    destinationRule: (_, host) => rules.find(({ spec }) => spec.host === host),
  };
}
const REVISIONS = ["team/r1", "team/r2", "team/app-00007", "team/app-00008"];
function ask(entries: RouteEntry[], host: string, headers: [string, string][] = [], path = "/"): RouteExplanation {
  const backends = REVISIONS.map((key) => ({
    key,
    protocol: "http1" as const,
    containerConcurrency: 0,
    timeoutSeconds: 1,
    responseStartTimeoutSeconds: 0,
    idleTimeoutSeconds: 0,
    endpoints: [],
  }));
  return explainer(
    { routes: entries, backends },
    { now: () => 0 },
  )({ host, path, method: "GET", headers, listener: "external", secure: false });
}
const entryOf = (service: VirtualService, world: World = {}) => translate(service, sources(world)).entry;

describe("which gateway", () => {
  const http = [to(rev("r1"))];
  const hosts = ["app.example.com"];
  test.each<[sentence: string, VirtualService["spec"], hosts: string[]]>([
    ["`namespace/name`", { hosts, http, gateways: [INGRESS] }, ["external app.example.com"]],
    ["the local gateway is the internal listener", { hosts, http, gateways: [LOCAL] }, ["cluster-local app.example.com"]],
    [
      "the old name in full",
      { hosts, http, gateways: ["knative-ingress-gateway.knative-serving.svc.cluster.local"] },
      ["external app.example.com"],
    ],
    ["`mesh` alone is for sidecars, and there are none", { hosts, http, gateways: ["mesh"] }, []],
    ["without gateways it is `mesh`", { hosts, http }, []],
    ["a name alone is of the same namespace, where there is none of it", { hosts, http, gateways: ["knative-ingress-gateway"] }, []],
    ["hosts are compared without case", { hosts: ["App.Example.com"], http, gateways: [INGRESS] }, ["external app.example.com"]],
    [
      "match.gateways picks one of them",
      { hosts, gateways: [INGRESS, LOCAL], http: [to(rev("r1"), { match: [{ gateways: [LOCAL] }] })] },
      ["cluster-local app.example.com"],
    ],
    [
      "a match for another port is not for this gateway",
      { hosts, gateways: [INGRESS], http: [to(rev("r1"), { match: [{ port: 9090 }] })] },
      [],
    ],
    [
      "sourceLabels are the gateway pod's",
      { hosts, gateways: [INGRESS], http: [to(rev("r1"), { match: [{ sourceLabels: { app: "x" } }] })] },
      [],
    ],
    [
      "with match.gateways sourceLabels are not consulted",
      { hosts, gateways: [INGRESS], http: [to(rev("r1"), { match: [{ gateways: [INGRESS], sourceLabels: { app: "x" } }] })] },
      ["external app.example.com"],
    ],
    [
      "sourceNamespace is the gateway pod's",
      { hosts, gateways: [INGRESS], http: [to(rev("r1"), { match: [{ sourceNamespace: "team" }] })] },
      [],
    ],
  ])("%s", (_, spec, expected) => {
    expect(entryOf(virtualService(spec)).hosts.map(({ visibility, host }) => `${visibility} ${host}`)).toEqual(expected);
  });

  test("its traffic policy guards what is outside", () => {
    const service = virtualService({ hosts: ["a.org"], gateways: [INGRESS], http: [to(rev("r1"))] });
    const policy = { rateLimits: [{ requests: 1, perSeconds: 1, by: "app" as const }] };
    service.metadata.annotations = { "networking.ebb.dev/traffic-policy": JSON.stringify(policy) };
    expect(entryOf(service).hosts.map((rule) => rule.policy)).toEqual([policy]);
  });

  const gateway = (
    servers: IstioGateway["spec"]["servers"],
    selector: Record<string, string> = { istio: "ingressgateway" },
  ): IstioGateway => ({
    apiVersion: "networking.istio.io/v1",
    kind: "Gateway",
    metadata: { name: "gw", namespace: "team" },
    spec: { selector, servers: servers ?? [] },
  });
  const server = (hosts: string[], number = 80, protocol = "HTTP") => ({ hosts, port: { number, name: `p${number}`, protocol } });
  test.each<[sentence: string, IstioGateway, hosts: string[], expected: string[]]>([
    [
      "hosts are those that VirtualService and Gateway have in common",
      gateway([server(["*.example.com"])]),
      ["a.example.com", "b.org"],
      ["external a.example.com"],
    ],
    ["of two wildcards the narrower", gateway([server(["*.b.example.com"])]), ["*.example.com"], ["external *.b.example.com"]],
    ["a server of another namespace's VirtualServices", gateway([server(["other/*"])]), ["a.org"], []],
    ["a server of the Gateway's own namespace", gateway([server(["./*"])]), ["a.org"], ["external a.org"]],
    ["port 8081 is the local gateway's", gateway([server(["*"], 8081)]), ["a.org"], ["cluster-local a.org"]],
    ["TLS and cleartext share the external side", gateway([server(["*"], 443, "HTTPS"), server(["*"])]), ["a.org"], ["external a.org"]],
    ["a port that the gateway does not have", gateway([server(["*"], 9000)]), ["a.org"], []],
    ["a protocol that is not HTTP", gateway([server(["*"], 80, "TCP")]), ["a.org"], []],
    ["pods of somebody else", gateway([server(["*"])], { app: "other" }), ["a.org"], []],
  ])("Gateway: %s", (_, made, hosts, expected) => {
    const { entry } = translate(virtualService({ hosts, http, gateways: ["gw"] }), sources({ gateways: [made] }));
    expect(entry.hosts.map(({ visibility, host }) => `${visibility} ${host}`)).toEqual(expected);
  });

  test("httpsRedirect sends cleartext to TLS", () => {
    const made = gateway([{ ...server(["*"]), tls: { httpsRedirect: true } }]);
    expect(translate(virtualService({ hosts, http, gateways: ["gw"] }), sources({ gateways: [made] })).entry.hosts[0]?.redirectToTls).toBe(
      true,
    );
  });
});

describe("destinations", () => {
  const subsets: DestinationRule = {
    apiVersion: "networking.istio.io/v1",
    kind: "DestinationRule",
    metadata: { name: "dr", namespace: "team" },
    spec: {
      host: rev("app"),
      subsets: [
        { name: "v8", labels: { "serving.knative.dev/revision": "app-00008" } },
        { name: "x", labels: { a: "b" } },
      ],
    },
  };
  test.each<[sentence: string, NonNullable<HttpRoute["route"]>[0]["destination"], expected: object]>([
    ["a name in full", { host: rev("r1") }, { revision: "team/r1" }],
    ["a short name is of the VirtualService's namespace", { host: "r1" }, { revision: "team/r1" }],
    ["a revision's ports are 80 and 81", { host: rev("r1"), port: { number: 81 } }, { revision: "team/r1" }],
    ["a port that it does not have", { host: rev("r1"), port: { number: 8080 } }, { status: 503 }],
    ["a host of no Service", { host: "example.org" }, { status: 503 }],
    ["`name.namespace` is not a name in full", { host: "r1.team" }, { status: 503 }],
    ["a Service that is not there", { host: rev("gone") }, { status: 503 }],
    ["a subset is the revision of its labels", { host: rev("app"), subset: "v8" }, { revision: "team/app-00008" }],
    ["a subset that no DestinationRule has", { host: rev("app"), subset: "v9" }, { status: 503 }],
    ["a subset without a revision", { host: rev("app"), subset: "x" }, { status: 503 }],
  ])("%s", (_, destination, expected) => {
    const service = virtualService({ hosts: ["a.org"], gateways: [INGRESS], http: [{ route: [{ destination }] }] });
    expect(ask([entryOf(service, { rules: [subsets] })], "a.org")).toMatchObject(expected);
  });

  test("weights are relative, and one of zero gets nothing", () => {
    const route = [
      { destination: { host: rev("r1") }, weight: 0 },
      { destination: { host: rev("r2") }, weight: 3 },
      { destination: { host: rev("app-00007") }, weight: 1 },
    ];
    const { hops } = ask([entryOf(virtualService({ hosts: ["a.org"], gateways: [INGRESS], http: [{ route }] }))], "a.org");
    expect(hops[0]?.destinations?.map(({ to: name, share }) => `${name} ${share}`)).toEqual(["team/r2 75", "team/app-00007 25"]);
  });
});

describe("order", () => {
  test("what follows a catch-all in the same VirtualService is dropped", () => {
    const http = [to(rev("r1")), to(rev("r2"), { match: [{ uri: { prefix: "/b" } }] })];
    expect(ask([entryOf(virtualService({ hosts: ["a.org"], gateways: [INGRESS], http }))], "a.org", [], "/b").revision).toBe("team/r1");
  });

  test("a host without a rule for a request is 404, and no other", () => {
    const service = virtualService({
      hosts: ["a.org"],
      gateways: [INGRESS],
      http: [to(rev("r1"), { match: [{ uri: { prefix: "/b" } }] })],
    });
    expect(ask([entryOf(service)], "a.org", [], "/c")).toMatchObject({ outcome: "refuse", status: 404 });
  });

  test("of the same second, the first by name", () => {
    const one = virtualService({ hosts: ["a.org"], gateways: [INGRESS], http: [to(rev("r1"))] }, { name: "b" });
    const two = virtualService({ hosts: ["a.org"], gateways: [INGRESS], http: [to(rev("r2"))] }, { name: "a" });
    expect(ask([entryOf(one), entryOf(two)], "a.org").revision).toBe("team/r2");
  });
});

describe("delegates", () => {
  const root = virtualService({
    hosts: ["a.org"],
    gateways: [INGRESS],
    http: [{ name: "root", match: [{ uri: { prefix: "/shop" } }], delegate: { name: "shop" }, timeout: "5s" }],
  });
  const delegate = (http: HttpRoute[], hosts?: string[]) => virtualService({ http, ...(hosts ? { hosts } : {}) }, { name: "shop" });
  const rules = (service: VirtualService) => entryOf(root, { services: [service] }).hosts[0]?.rules ?? [];

  test("the routes of the delegate, within the match of the root, with what the root adds", () => {
    const [first, second] = rules(delegate([to(rev("r1"), { match: [{ uri: { prefix: "/shop/cart" } }] }), to(rev("r2"))]));
    expect(first).toMatchObject({ matches: [{ uri: { prefix: "/shop/cart" } }], timeoutSeconds: 5 });
    expect(second).toMatchObject({ matches: [{ uri: { prefix: "/shop" } }] });
  });
  test("a match outside the root's is ignored", () => {
    expect(rules(delegate([to(rev("r1"), { match: [{ uri: { prefix: "/other" } }] })]))).toEqual([]);
  });
  test("one with hosts is no delegate", () => {
    expect(rules(delegate([to(rev("r1"))], ["b.org"]))).toEqual([]);
  });
  test("one that is not there is told", () => {
    expect(translate(root, sources()).problems).toEqual(["there is no VirtualService team/shop to delegate to"]);
  });
});

test("the override pattern: one's own VirtualService in front of a cluster-local Knative Service", () => {
  const service = virtualService({
    gateways: [INGRESS],
    hosts: ["app.example.com"],
    http: [
      {
        match: [{ headers: { "x-canary": { exact: "1" } }, uri: { prefix: "/" } }],
        retries: { attempts: 0 },
        route: [
          {
            destination: { host: rev("app-00007"), port: { number: 80 } },
            headers: { request: { set: { "Knative-Serving-Revision": "app-00007", "Knative-Serving-Namespace": "team" } } },
          },
        ],
      },
      {
        rewrite: { authority: rev("app") },
        route: [{ destination: { host: "knative-local-gateway.istio-system.svc.cluster.local", port: { number: 80 } } }],
      },
    ],
  });
  const ksvc: RouteEntry = {
    key: "team/app",
    hash: "h",
    hosts: [{ host: rev("app"), visibility: "cluster-local", splits: [{ revision: "team/app-00008", percent: 100 }], setHeaders: {} }],
  };
  const { entry, problems } = translate(service, sources());
  expect(problems).toEqual([]);
  expect(ask([ksvc, entry], "app.example.com", [["X-Canary", "1"]])).toMatchObject({
    revision: "team/app-00007",
    sent: { host: "app.example.com" },
  });
  expect(ask([ksvc, entry], "app.example.com")).toMatchObject({
    revision: "team/app-00008",
    sent: { host: rev("app") },
    hops: [{ rule: "VirtualService team/app-ext http[1]" }, { host: rev("app"), listener: "local" }],
  });
});

test("status: in force at the gateway or not, and what was not found", () => {
  const service = virtualService({});
  const ready = statusOf(service, { waiting: undefined, problems: [] }, NOW);
  expect(ready).toEqual({
    conditions: [{ type: "Reconciled", status: "True", lastTransitionTime: "2026-01-01T00:00:00Z", message: "1/1 proxies up to date." }],
    observedGeneration: 1,
  });
  const later = statusOf({ ...service, status: ready }, { waiting: undefined, problems: ["there is no Gateway a/b"] }, NOW + 5000);
  expect(later.conditions?.[0]).toMatchObject({
    lastTransitionTime: "2026-01-01T00:00:00Z",
    message: "1/1 proxies up to date. there is no Gateway a/b",
  });
  expect(later.validationMessages?.[0]?.type.code).toBe("IST0101");
  expect(statusOf(service, { waiting: "no answer", problems: [] }, NOW).conditions?.[0]).toMatchObject({
    status: "False",
    message: "no answer",
  });
});
