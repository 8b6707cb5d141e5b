import type { Condition, KnativeService, Pod, Revision } from "@ebb/kube";
import { describe, expect, test } from "vitest";
import { compileTraffic } from "../compile/traffic.ts";
import { planOfImage, versionConfig } from "../compile/version-config.ts";
import type { AppEnvironmentRow, AppRow, VersionRow } from "../apps/store.ts";
import type { EnvironmentRow } from "../environments/policies.ts";
import { usable } from "../service/facts.ts";
import { sharesOf } from "./route.ts";
import { viewPlace, viewInstance, viewVersion, type AppFacts } from "./views.ts";

const app: AppRow = { name: "shop", team: "default", kind: "application", metadata_json: "{}", created_at: 0, updated_at: 0 };
const place: AppEnvironmentRow = {
  app: "shop",
  env: "test",
  cluster: "main",
  host: "shop-test",
  next_version: 3,
  secrets_json: '{"object":null,"keys":{}}',
  mirror_json: "",
  rules_json: "[]",
  failure: "",
  created_at: 0,
  updated_at: 0,
};
const environment: EnvironmentRow = {
  team: "default",
  name: "test",
  template: "test",
  cluster: "main",
  namespace: "default",
  host_suffix: "-test",
  asleep: 0,
  sleep_settled: 1,
  sleep_json: "{}",
  schedule_seen: 0,
  expires_at: null,
  branch: "",
  settings_json: "{}",
  created_at: 0,
  updated_at: 0,
};
const config = versionConfig({ plan: planOfImage({ name: "shop", image: "img" }), image: "img", bundle: false }, {}, null);
const version = (number: number, more: Partial<VersionRow> = {}): VersionRow => ({
  app: "shop",
  env: "test",
  number,
  operation: `op${number}`,
  config_json: JSON.stringify(config),
  origin_json: "{}",
  state: "active",
  message: "",
  pinned: "",
  created_by: "ann",
  created_at: 0,
  ...more,
});
const is = (type: string, status: Condition["status"], message = ""): Condition => ({ type, status, message });
const revision = (number: number, ready: Condition): Revision => ({
  apiVersion: "serving.knative.dev/v1",
  kind: "Revision",
  metadata: { name: `shop-0000${number}` },
  spec: { containers: [] },
  status: { conditions: [ready] },
});
const pod = (number: number, ready: boolean, more: Partial<NonNullable<Pod["status"]>> = {}): Pod => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: `shop-0000${number}-pod`, labels: { "ebb.dev/version": `v${number}` } },
  spec: { containers: [] },
  status: { phase: "Running", conditions: [is("Ready", ready ? "True" : "False")], ...more },
});
const service = (routes: Condition, shares = [{ number: 1, percent: 100 }]): KnativeService => {
  const traffic = compileTraffic("shop", shares, { previews: [1, 2] });
  return {
    apiVersion: "serving.knative.dev/v1",
    kind: "Service",
    metadata: { name: "shop" },
    spec: { template: { spec: { containers: [] } }, traffic },
    status: {
      url: "http://shop.sls-local.localhost",
      conditions: [routes],
      traffic: traffic.map((target) => ({ ...target, url: `http://${target.tag}-shop.sls-local.localhost` })),
    },
  };
};
const facts = (more: Partial<AppFacts> = {}): AppFacts => ({
  app,
  place,
  environment,
  versions: [version(2), version(1)],
  operation: undefined,
  service: service(is("RoutesReady", "True")),
  revisions: [revision(1, is("Ready", "True")), revision(2, is("Ready", "True"))],
  pods: [],
  ingress: { host: "127.0.0.1", port: 8080 },
  unseen: "",
  shares: sharesOf(app.name, more.service ?? service(is("RoutesReady", "True"))),
  ...more,
});

describe("an app is", () => {
  test.each<[string, Partial<AppFacts>, string, RegExp]>([
    ["asleep without an instance", {}, "asleep", /next request/],
    ["ready with one that serves", { pods: [pod(1, true)] }, "ready", /Serving/],
    ["asleep while its first instance is starting", { pods: [pod(1, false)] }, "asleep", /./],
    ["asleep when only another version runs", { pods: [pod(2, true)] }, "asleep", /./],
    ["ready though a newer version failed", { pods: [pod(1, true)], place: { ...place, failure: "v2: crashed" } }, "ready", /v2: crashed/],
    ["deploying while something is done to it", { operation: { kind: "deploy", state: "running", version: "v3" } }, "deploying", /v3/],
    ["waiting when another operation is first", { operation: { kind: "deploy", state: "queued", version: null } }, "deploying", /turn/],
    ["failed when nothing was ever deployed", { service: undefined, place: { ...place, failure: "npm failed" } }, "failed", /npm failed/],
    ["failed when what serves it is", { revisions: [revision(1, is("Ready", "False", "image gone"))] }, "failed", /image gone/],
    ["failed when its route is", { service: service(is("RoutesReady", "False", "no such revision")) }, "failed", /no such revision/],
    ["deploying while the cluster has not said yet", { service: service(is("RoutesReady", "Unknown")) }, "deploying", /./],
    [
      "failed when its deployment was given up before the cluster does so",
      { service: service(is("RoutesReady", "Unknown")), place: { ...place, failure: "v1: listens on 3000" } },
      "failed",
      /3000/,
    ],
    [
      "unknown before the cluster was seen",
      { unseen: "The cluster has not answered", service: undefined, revisions: [] },
      "unknown",
      /not answered/,
    ],
  ])("%s", (_, given, state, message) => {
    const view = viewPlace(facts(given));
    expect(view.state).toBe(state);
    expect(view.message).toMatch(message);
  });

  test("shown with its URL, its split and its instances", () => {
    const split = [
      { number: 2, percent: 80 },
      { number: 1, percent: 20 },
    ];
    const view = viewPlace(
      facts({
        service: service(is("RoutesReady", "True"), split),
        pods: [pod(1, true), pod(2, false), pod(2, false, { phase: "Failed" })],
      }),
    );
    expect(view).toMatchObject({
      url: "http://shop.sls-local.localhost:8080",
      traffic: [
        { version: "v2", percent: 80 },
        { version: "v1", percent: 20 },
      ],
      instances: 2,
      latestVersion: "v2",
    });
    expect(viewPlace(facts({ ingress: { host: "127.0.0.1", port: 80 } })).url).toBe("http://shop.sls-local.localhost");
    const secure = service(is("RoutesReady", "True"));
    if (secure.status) secure.status.url = "https://shop.example.org";
    const urlAt = (ingress: { port: number; tlsPort?: number }) =>
      viewPlace(facts({ service: secure, ingress: { host: "127.0.0.1", ...ingress } })).url;
    expect([urlAt({ port: 8080, tlsPort: 8443 }), urlAt({ port: 80, tlsPort: 443 }), urlAt({ port: 8080 })]).toEqual([
      "https://shop.example.org:8443",
      "https://shop.example.org",
      "https://shop.example.org",
    ]);
  });
});

describe("a version is", () => {
  test.each<[string, Partial<VersionRow>, Partial<AppFacts>, string]>([
    ["asleep", {}, {}, "asleep"],
    ["ready", {}, { pods: [pod(2, true)] }, "ready"],
    ["starting", { state: "creating" }, {}, "starting"],
    ["failed for ever", { state: "failed", message: "crashed" }, {}, "failed"],
    ["failed by now", {}, { revisions: [revision(2, is("Ready", "False", "gone"))] }, "failed"],
    ["unknown before the cluster was seen", {}, { unseen: "The cluster has not answered", revisions: [] }, "unknown"],
    ["deleted when the cluster has cleaned it up", {}, { revisions: [] }, "deleted"],
  ])("%s", (_, row, given, state) => {
    expect(viewVersion(facts(given), version(2, row))).toMatchObject({
      name: "v2",
      state,
      previewUrl: "http://v2-shop.sls-local.localhost:8080",
    });
  });
});

const stuck = {
  name: "user-container",
  image: "img",
  imageID: "",
  ready: false,
  restartCount: 4,
  state: { waiting: { reason: "CrashLoopBackOff", message: "back-off 10s\nIts last lines:\n  token=abc" } },
};

test("what cannot be woken has failed, whatever its Revision once was, and what serves beside it has not", () => {
  const failing = pod(1, false, { containerStatuses: [stuck] });
  const failed = { state: "failed", message: "Its instances do not start: back-off 10s" };
  expect(viewPlace(facts({ pods: [failing] }))).toMatchObject(failed);
  expect(viewVersion(facts({ pods: [failing] }), version(1))).toMatchObject(failed);
  // Who must go back may go there all the same: what is wrong may be a registry, and pass.
  expect(usable(facts({ pods: [failing] }), "v1")).toBe(1);
  expect(viewPlace(facts({ pods: [failing, pod(1, true)] })).state).toBe("ready");
  const coming = { ...stuck, state: { waiting: { reason: "ContainerCreating" } } };
  expect(viewPlace(facts({ pods: [pod(1, false, { containerStatuses: [coming] })] })).state).toBe("asleep");
});

test("an instance says in the cluster's words why it is not ready", () => {
  expect(viewInstance(place, pod(1, false, { containerStatuses: [stuck] }))).toMatchObject({
    version: "v1",
    phase: "CrashLoopBackOff",
    ready: false,
    restarts: 4,
    message: stuck.state.waiting.message,
  });
});
