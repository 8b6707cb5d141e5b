import { describe, expect, test } from "vitest";
import { admit } from "../admit.ts";
import { IstioGateways, VirtualServices } from "../kinds/istio.ts";
import type { GatewayServer, HttpRoute, VirtualService } from "./istio.ts";
import { durationMs } from "./validate-text.ts";
import { validateGateway } from "./validate-gateway.ts";
import { validateVirtualService } from "./validate-virtual-service.ts";

const metadata = { name: "vs", namespace: "team" };
const service = (spec: VirtualService["spec"]): VirtualService => ({
  apiVersion: "networking.istio.io/v1",
  kind: "VirtualService",
  metadata,
  spec,
});
const route = [{ destination: { host: "app" } }];
const of = (http: HttpRoute) => validateVirtualService(service({ hosts: ["a.org"], gateways: ["gw"], http: [http] }));

describe("VirtualService", () => {
  test.each<[problem: string, HttpRoute]>([
    ["HTTP route, redirect or direct_response is required", {}],
    ["HTTP route cannot contain both route and redirect", { route, redirect: { uri: "/" } }],
    ["HTTP route cannot contain both fault and redirect", { redirect: { uri: "/" }, fault: { abort: { httpStatus: 500 } } }],
    ["HTTP route rule cannot contain both rewrite and redirect", { redirect: { uri: "/" }, rewrite: { uri: "/" } }],
    ["HTTP route cannot contain both route and direct_response", { route, directResponse: { status: 200 } }],
    ["HTTP route rule cannot contain both rewrite and direct_response", { directResponse: { status: 200 }, rewrite: { uri: "/" } }],
    ["root HTTP route  must not specify route", { route, delegate: { name: "d" } }],
    ["total destination weight = 0", { route: [...route, ...route] }],
    ["weight -1 < 0", { route: [{ ...route[0], destination: { host: "app" }, weight: -1 }] }],
    ["invalid destination host *", { route: [{ destination: { host: "*" } }] }],
    ["port number 0 must be in the range 1..65535", { route: [{ destination: { host: "app", port: { number: 0 } } }] }],
    ["attempts cannot be negative", { route, retries: { attempts: -1 } }],
    ["http retry policy configured when attempts are set to 0 (disabled)", { route, retries: { attempts: 0, retryOn: "5xx" } }],
    ['"often" is not a valid retryOn policy', { route, retries: { attempts: 1, retryOn: "5xx,often" } }],
    ["duration must be greater than 1ms", { route, timeout: "0.5ms" }],
    ['invalid duration: "soon"', { route, timeout: "soon" }],
    ["HTTP fault injection must have an abort and/or a delay", { route, fault: {} }],
    [
      "mirror_percentage must have a max value of 100 (it has 101.000000)",
      { route, mirror: { host: "b" }, mirrorPercentage: { value: 101 } },
    ],
    ["rewrite must specify at least one of URI, authority, or both", { route, rewrite: {} }],
    [
      "rewrite may only contain one of URI or UriRegexRewrite",
      { route, rewrite: { uri: "/", uriRegexRewrite: { match: "/", rewrite: "/" } } },
    ],
    [
      'authority header cannot be set multiple times: have "a", attempting to set "b"',
      { route, rewrite: { authority: "a" }, headers: { request: { set: { Host: "b" } } } },
    ],
    ['invalid header ":path": header cannot have ":" prefix or "host" name', { route, headers: { request: { set: { ":path": "/" } } } }],
    ["redirect must specify URI, authority, scheme, or port", { redirect: {} }],
    ["invalid redirect scheme, must be http or https", { redirect: { scheme: "ftp" } }],
    ['"uri": regex string match should not be empty', { route, match: [{ uri: { regex: "" } }] }],
    ['invalid value for gateway name: ""', { route, match: [{ gateways: ["ns/"] }] }],
  ])("%s", (problem, http) => {
    expect(of(http)).toContain(problem);
  });

  test.each<[sentence: string, VirtualService["spec"], problem: string]>([
    ["something to route", { hosts: ["a.org"] }, "http, tcp or tls must be provided in virtual service"],
    ["a delegate has no gateways", { gateways: ["gw"], http: [{ route }] }, "delegate virtual service must have no gateways specified"],
    [
      "the mesh has no wildcard",
      { hosts: ["*"], http: [{ route }] },
      "wildcard host * is not allowed for virtual services bound to the mesh gateway",
    ],
    [
      "hosts do not overlap",
      { hosts: ["*.b.org", "a.b.org"], gateways: ["gw"], http: [{ route }] },
      "duplicate hosts in virtual service: *.b.org & a.b.org",
    ],
    [
      "hosts are host names",
      { hosts: ["a_b.org"], gateways: ["gw"], http: [{ route }] },
      'domain name "a_b.org" invalid (label "a_b" invalid)',
    ],
    [
      "a delegate matches without expressions",
      { http: [{ route, match: [{ uri: { regex: "/a" } }] }] },
      "url match does not support regex match for delegating",
    ],
  ])("%s", (_, spec, problem) => {
    expect(validateVirtualService(service(spec))).toContain(problem);
  });

  test.each<[string, HttpRoute]>([
    [
      "all that a route may have",
      {
        route,
        match: [{ uri: { regex: "/v[0-9]+" }, headers: { a: { exact: "1" } } }],
        timeout: "1m30s",
        retries: { attempts: 2, retryOn: "5xx,503" },
      },
    ],
    ["retries: {}", { route, retries: {} }],
    ["a rewrite with captures", { route, rewrite: { uriRegexRewrite: { match: "^/a/(.*)$", rewrite: "/\\1" } } }],
    ["authority by a header", { route, headers: { request: { set: { ":authority": "b" } } } }],
  ])("takes %s", (_, http) => {
    expect(of(http)).toEqual([]);
  });

  test("an expression that backtracks is taken, one that is no RE2 is not", () => {
    expect(of({ route, match: [{ uri: { regex: "(a+)+$" } }] })).toEqual([]);
    expect(of({ route, match: [{ uri: { regex: "(?=a)" } }] })[0]).toMatch(/Istio uses RE2 style regex-based match/);
  });

  test("the web hook denies in Istio's form", () => {
    const wrong = service({ hosts: ["a.org"], http: [{}, {}] });
    expect(() => admit(VirtualServices, wrong, { user: "u" })).toThrow(
      'admission webhook "validation.istio.io" denied the request: configuration is invalid: 2 errors occurred:\n\t* HTTP route, redirect or direct_response is required\n\t* HTTP route, redirect or direct_response is required\n\n',
    );
    expect(() => admit(VirtualServices, service({ hosts: ["a.org"], http: [{}] }), { user: "u" })).toThrow(
      /configuration is invalid: HTTP route, redirect or direct_response is required$/,
    );
  });
});

test("durations as Go writes them", () => {
  expect(["1h2m3s", "1.5s", "100ms", "0", "5m", "", "5", "1d"].map(durationMs)).toEqual([
    3_723_000,
    1500,
    100,
    0,
    300_000,
    undefined,
    undefined,
    undefined,
  ]);
});

test("Gateway, in Istio's words", () => {
  const of = (servers: GatewayServer[]) => validateGateway({ metadata, spec: { servers } });
  const port = { number: 80, name: "http", protocol: "HTTP" };
  expect(of([])).toEqual(["gateway must have at least one server"]);
  expect(of([{ hosts: ["*"], port }])).toEqual([]);
  expect(of([{ hosts: [], port }])).toEqual(["server config must contain at least one host"]);
  expect(of([{ hosts: ["*"], port: { ...port, protocol: "HTTPS" } }])).toEqual(["server must have TLS settings for HTTPS/TLS protocols"]);
  expect(
    of([
      { hosts: ["*"], port },
      { hosts: ["a.org"], port },
    ]),
  ).toEqual(["port names in servers must be unique: duplicate name http"]);
  const wrong = {
    apiVersion: "networking.istio.io/v1",
    kind: "Gateway",
    metadata,
    spec: { servers: [{ hosts: ["*"], port: { ...port, number: 0 } }] },
  };
  expect(() => admit(IstioGateways, wrong, { user: "u" })).toThrow(/port number 0 must be in the range 1..65535/);
});
