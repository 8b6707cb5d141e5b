import type { Configuration, KnativeService, Revision, Route } from "@ebb/kube";
import { describe, expect, test } from "vitest";
import { marks, NOW, revision, service, summary } from "../testing.ts";
import { planService } from "./reconcile.ts";
import { makeConfiguration, makeRoute } from "./resources.ts";

type Status = Configuration["status"];
const READY = marks({ Ready: "True" });

function child<T extends Configuration | Route>(made: T, status?: T["status"], generation = 1): T {
  return {
    ...made,
    metadata: { ...made.metadata, uid: "child", generation },
    ...(status ? { status: { observedGeneration: generation, ...status } } : {}),
  };
}
const configurationOf = (of: KnativeService, status?: Status) => child(makeConfiguration(of), status);
const routeOf = (of: KnativeService, status?: Route["status"]) => child(makeRoute(of), status);
const LATEST = { conditions: READY, latestReadyRevisionName: "shop-00001", latestCreatedRevisionName: "shop-00001" };
const SERVED = { conditions: READY, url: "http://shop", traffic: [{ revisionName: "shop-00001", percent: 100, latestRevision: true }] };

function plan(of: KnativeService, more: { configuration?: Configuration; route?: Route; named?: Revision } = {}) {
  return planService({ service: of, configuration: more.configuration, route: more.route, named: more.named, now: NOW });
}

describe("planService", () => {
  const plain = service();
  test.each([
    [
      "nothing there yet: both are out of date",
      {},
      ["ConfigurationsReady Unknown OutOfDate", "Ready Unknown OutOfDate", "RoutesReady Unknown OutOfDate"],
    ],
    [
      "a Configuration that its controller has not seen is out of date",
      { configuration: configurationOf(plain, { ...LATEST, observedGeneration: 0 }), route: routeOf(plain, SERVED) },
      ["ConfigurationsReady Unknown OutOfDate", "Ready Unknown OutOfDate", "RoutesReady True"],
    ],
    [
      "all ready, and the traffic is where it should be",
      { configuration: configurationOf(plain, LATEST), route: routeOf(plain, SERVED) },
      ["ConfigurationsReady True", "Ready True", "RoutesReady True"],
    ],
    [
      "the Route still leads to the Revision before",
      { configuration: configurationOf(plain, { ...LATEST, latestReadyRevisionName: "shop-00002" }), route: routeOf(plain, SERVED) },
      ["ConfigurationsReady True", "Ready Unknown TrafficNotMigrated", "RoutesReady Unknown TrafficNotMigrated"],
    ],
    [
      "a failed Configuration fails the Service, with its reason",
      {
        configuration: configurationOf(plain, { conditions: marks({ Ready: "False" }, { reason: "RevisionFailed", message: "boom" }) }),
        route: routeOf(plain, SERVED),
      },
      ["ConfigurationsReady False RevisionFailed", "Ready False RevisionFailed", "RoutesReady Unknown TrafficNotMigrated"],
    ],
    [
      "a Configuration of the name that is not ours is left alone",
      { configuration: { ...configurationOf(plain, LATEST), metadata: { name: "shop", namespace: "team" } } },
      ["ConfigurationsReady False NotOwned", "Ready False NotOwned", "RoutesReady Unknown"],
    ],
    [
      "so is a Route",
      {
        configuration: configurationOf(plain, LATEST),
        route: { ...routeOf(plain, SERVED), metadata: { name: "shop", namespace: "team" } },
      },
      ["ConfigurationsReady True", "Ready False NotOwned", "RoutesReady False NotOwned"],
    ],
  ])("%s", (_, observed, expected) => {
    const { status } = plan(plain, observed);
    expect(summary({ status })).toEqual(expected.sort());
  });

  test("with a name of the user's choice the Route waits for the Configuration", () => {
    const named = service({ template: { metadata: { name: "shop-one" }, spec: { containers: [{ image: "app" }] } } });
    expect(plan(named).route).toBeUndefined();
    const configuration = configurationOf(named, { ...LATEST, latestReadyRevisionName: "shop-one" });
    expect(plan(named, { configuration }).route).toBeDefined();
  });

  test("a Revision of another content that has the chosen name stops the migration", () => {
    const of = service({ template: { metadata: { name: "shop-one" }, spec: { containers: [{ image: "other" }] } } });
    const configuration = configurationOf(of, LATEST);
    const named = { ...revision(7, undefined, { name: "shop-one" }) };
    const { status, route } = plan(of, { configuration, named });
    expect(summary({ status })).toContain("RoutesReady False RevisionNameTaken");
    expect(route).toBeUndefined();
  });

  test("url, address, traffic and the latest Revisions are the children's", () => {
    const { status } = plan(plain, {
      configuration: configurationOf(plain, LATEST),
      route: routeOf(plain, { ...SERVED, address: { url: "http://in" } }),
    });
    expect(status).toMatchObject({
      observedGeneration: 1,
      url: "http://shop",
      address: { url: "http://in" },
      traffic: SERVED.traffic,
      latestReadyRevisionName: "shop-00001",
    });
  });
});

describe("resources", () => {
  test("labels and annotations go to the children, but not what kubectl and rollouts keep there", () => {
    const annotations = {
      "kubectl.kubernetes.io/last-applied-configuration": "{}",
      "serving.knative.dev/rollout-duration": "10s",
      mine: "1",
    };
    const labelled = service({}, { metadata: { name: "shop", namespace: "team", uid: "u", labels: { team: "a" }, annotations } });
    expect(makeConfiguration(labelled).metadata).toMatchObject({
      labels: { team: "a", "serving.knative.dev/service": "shop", "serving.knative.dev/serviceUID": "u" },
      ownerReferences: [{ kind: "Service", name: "shop", uid: "u", controller: true }],
    });
    expect(makeConfiguration(labelled).metadata.annotations).toEqual({ mine: "1" });
    expect(makeRoute(labelled).metadata.annotations).toEqual({ mine: "1", "serving.knative.dev/rollout-duration": "10s" });
  });

  test("a target without a Revision follows the Configuration", () => {
    const traffic = [
      { latestRevision: true, percent: 90 },
      { revisionName: "shop-00001", latestRevision: false, percent: 10, tag: "old" },
    ];
    expect(makeRoute(service({ traffic })).spec.traffic).toEqual([{ ...traffic[0], configurationName: "shop" }, traffic[1]]);
  });
});
