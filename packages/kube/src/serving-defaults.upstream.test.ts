import { describe, expect, test } from "vitest";
import { DEFAULT_ADMISSION_CONFIG } from "./serving-config/admission-config.ts";
import { parseDefaults } from "./serving-config/defaults.ts";
import { defaultRevisionSpec, defaultTemplate, defaultTraffic, withUser, type DefaultingContext } from "./serving-defaults.ts";
import type { KnativeService, RevisionSpec, TrafficTarget } from "./serving.ts";

/** The tables of knative/serving pkg/apis/serving/v1/{service,configuration}_defaults_test.go, row by row. */
const context = (creating: boolean, data: Record<string, string> = {}): DefaultingContext => ({
  config: { ...DEFAULT_ADMISSION_CONFIG, defaults: parseDefaults(data) },
  creating,
  parent: { name: "thing", namespace: "default" },
});
const containers = [{ image: "busybox" }];
const filled = [
  { image: "busybox", name: "user-container", readinessProbe: { successThreshold: 1, tcpSocket: { port: 0 } }, resources: {} },
];
const times = (seconds: string) => ({
  "revision-timeout-seconds": seconds,
  "revision-response-start-timeout-seconds": seconds,
  "revision-idle-timeout-seconds": seconds,
});

describe("a spec", () => {
  test.each<[name: string, spec: RevisionSpec, context: DefaultingContext, filled: object]>([
    ["run latest, not create", { containers }, context(false), { timeoutSeconds: 300 }],
    ["run latest, create", { containers }, context(true), { timeoutSeconds: 300, enableServiceLinks: false }],
    [
      "run latest with some default overrides",
      { containers, enableServiceLinks: true, timeoutSeconds: 60 },
      context(false),
      { timeoutSeconds: 60, enableServiceLinks: true },
    ],
    [
      "run latest with identical timeout defaults",
      { containers, enableServiceLinks: true },
      context(false, times("400")),
      { timeoutSeconds: 400, enableServiceLinks: true },
    ],
  ])("%s", (_, spec, where, wanted) =>
    expect(defaultRevisionSpec(spec, where)).toEqual({ containers: filled, containerConcurrency: 0, ...wanted }),
  );

  test("BYO revision name: nothing is filled in while the name stays", () => {
    const template = { metadata: { name: "thing-2022" }, spec: { containers } };
    expect(defaultTemplate(template, template, context(false))).toEqual(template);
    expect(defaultTemplate(template, undefined, context(true))).not.toEqual(template);
  });
});

describe("the traffic of a Service", () => {
  test.each<[name: string, traffic: TrafficTarget[], wanted: TrafficTarget[]]>([
    ["run latest", [], [{ percent: 100, latestRevision: true }]],
    [
      "byo traffic block",
      [{ tag: "current", revisionName: "foo", percent: 90 }, { tag: "candidate", revisionName: "bar", percent: 10 }, { tag: "latest" }],
      [
        { tag: "current", revisionName: "foo", percent: 90, latestRevision: false },
        { tag: "candidate", revisionName: "bar", percent: 10, latestRevision: false },
        { tag: "latest", percent: 0, latestRevision: true },
      ],
    ],
  ])("%s", (_, traffic, wanted) => expect(defaultTraffic(traffic, true)).toEqual(wanted));
});

describe("who made it and who changed it", () => {
  const by = (creator?: string, lastModifier?: string) => ({
    ...(creator ? { "serving.knative.dev/creator": creator } : {}),
    ...(lastModifier ? { "serving.knative.dev/lastModifier": lastModifier } : {}),
  });
  const service = (annotations: object, containerConcurrency = 1): KnativeService => ({
    apiVersion: "serving.knative.dev/v1",
    kind: "Service",
    metadata: { name: "thing", annotations: { ...annotations } },
    spec: { template: { spec: { containers, containerConcurrency } } },
  });
  test.each<[name: string, user: string, now: KnativeService, old: KnativeService | undefined, wanted: object]>([
    ["create-new", "oveja", service({}), undefined, by("oveja", "oveja")],
    ["update-no-diff-old-object", "oveja", service({}), service({}), {}],
    ["update-no-diff-new-object", "cabra", service(by("oveja", "oveja")), service(by("oveja", "oveja")), by("oveja", "oveja")],
    ["update-diff-old-object", "cabra", service({}, 1), service({}, 2), by(undefined, "cabra")],
    ["update-diff-new-object", "vaca", service(by("oveja", "cabra"), 1), service(by("oveja", "cabra"), 2), by("oveja", "vaca")],
  ])("%s", (...[, user, now, old, wanted]) => expect(withUser(now, old, user).metadata.annotations).toEqual(wanted));
});
