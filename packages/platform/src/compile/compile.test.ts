import { admit, Services, type KnativeService } from "@ebb/kube";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { revisionName, revisionNumber, versionName, versionNumber } from "./names.ts";
import { upstreamFaults } from "../testing/upstream-schemas.ts";
import { compileService } from "./service.ts";
import { compileTraffic, revisionShares, trafficServed } from "./traffic.ts";
import { planOfImage, versionConfig, type Layers, type VersionConfig } from "./version-config.ts";

const plan = planOfImage({ name: "shop", image: "img" });
const config = (more: Partial<VersionConfig["plan"]> = {}, layers: Layers = {}): VersionConfig =>
  versionConfig({ plan: { ...plan, ...more }, image: "img", bundle: false }, layers, "shop-secrets-x");
const shop = (number: number) => ({ app: "shop", number, hosting: { host: "shop-test", suffix: "-test" } });
const containerOf = (service: KnativeService) => service.spec.template.spec.containers[0];
const compiled = (more: Partial<VersionConfig["plan"]> = {}) =>
  compileService(shop(3), config(more), compileTraffic("shop", [{ number: 3, percent: 100 }], { previews: [] }));

describe("a manifest", () => {
  test("is this one", () => {
    const app = new Map([
      ["B", { kind: "variable", text: "2" } as const],
      ["KEY", { kind: "secret", text: "print" } as const],
    ]);
    const whole = config(
      {
        env: { A: "1" },
        command: ["serve", "--port=$PORT"],
        protocol: "h2c",
        scaling: { min: 1, max: 5, concurrency: 10, target: 7, idleSeconds: 30 },
        resources: { cpu: "500m", memory: "256Mi" },
        health: { path: "/healthz", initialDelaySeconds: 2, timeoutSeconds: 3 },
        timeoutSeconds: 60,
      },
      { app },
    );
    expect(compileService(shop(3), whole, compileTraffic("shop", [{ number: 2, percent: 100 }], { previews: [3, 2] }))).toEqual({
      apiVersion: "serving.knative.dev/v1",
      kind: "Service",
      metadata: {
        name: "shop",
        labels: { "app.kubernetes.io/managed-by": "ebb", "ebb.dev/app": "shop" },
        annotations: { "ebb.dev/host": "shop-test", "ebb.dev/host-suffix": "-test" },
      },
      spec: {
        template: {
          metadata: {
            name: "shop-00003",
            labels: { "app.kubernetes.io/managed-by": "ebb", "ebb.dev/app": "shop", "ebb.dev/version": "v3" },
            annotations: {
              "autoscaling.knative.dev/min-scale": "1",
              "serving.knative.dev/no-gc": "true",
              "autoscaling.knative.dev/max-scale": "5",
              "autoscaling.knative.dev/target": "7",
              "autoscaling.knative.dev/window": "30s",
            },
          },
          spec: {
            containerConcurrency: 10,
            timeoutSeconds: 60,
            containers: [
              {
                image: "img",
                command: ["serve", "--port=8080"],
                ports: [{ name: "h2c", containerPort: 8080 }],
                env: [
                  { name: "A", value: "1" },
                  { name: "B", value: "2" },
                  { name: "KEY", valueFrom: { secretKeyRef: { name: "shop-secrets-x", key: "KEY" } } },
                ],
                readinessProbe: {
                  httpGet: { path: "/healthz", port: 0 },
                  successThreshold: 1,
                  initialDelaySeconds: 2,
                  timeoutSeconds: 3,
                  periodSeconds: 3,
                },
                resources: { limits: { cpu: "500m", memory: "256Mi" } },
              },
            ],
          },
        },
        traffic: [
          { revisionName: "shop-00002", percent: 100, tag: "v2", latestRevision: false },
          { revisionName: "shop-00003", percent: 0, tag: "v3", latestRevision: false },
        ],
      },
    });
  });

  test.each([
    [1, "6s"],
    [7.6, "8s"],
    [90_000, "3600s"],
  ])("asleep after %d s has the window %s, which the autoscaler accepts", (idleSeconds, window) => {
    const annotations = compiled({ scaling: { min: 0, max: 0, idleSeconds } }).spec.template.metadata?.annotations;
    expect(annotations?.["autoscaling.knative.dev/window"]).toBe(window);
  });

  test("of a bundle leaves the command to the bundle's own manifest", () => {
    const bundle = { ...config({ command: ["node", "server.js"] }), bundle: true };
    expect(containerOf(compileService(shop(1), bundle, []))?.command).toBeUndefined();
  });

  test("without a health path is ready when its port is open", () => {
    expect(containerOf(compiled())?.readinessProbe).toEqual({ tcpSocket: { port: 0 }, successThreshold: 1 });
  });

  test("of any plan is admitted, and the same for the same version", () => {
    const name = fc.stringMatching(/^[A-Z][A-Z_]{0,8}$/).filter((text) => !text.startsWith("K_") && text !== "PORT");
    const plans = fc.record({
      env: fc.dictionary(name, fc.string({ unit: "grapheme-ascii" })),
      protocol: fc.constantFrom("http1" as const, "h2c" as const),
      scaling: fc.record(
        {
          min: fc.nat(3),
          max: fc.integer({ min: 3, max: 9 }),
          concurrency: fc.nat(1000),
          target: fc.integer({ min: 1, max: 100 }),
          idleSeconds: fc.nat(1e6),
        },
        { requiredKeys: ["min", "max"] },
      ),
      health: fc.record(
        { path: fc.constant("/ok"), initialDelaySeconds: fc.nat(60), timeoutSeconds: fc.integer({ min: 1, max: 60 }) },
        { requiredKeys: [] },
      ),
      timeoutSeconds: fc.integer({ min: 1, max: 600 }),
    });
    const numbers = fc.integer({ min: 1, max: 9_999_999 });
    fc.assert(
      fc.property(plans, numbers, fc.uniqueArray(numbers, { maxLength: 30 }), (more, number, others) => {
        const make = () =>
          compileService(shop(number), config(more), compileTraffic("shop", [{ number, percent: 100 }], { previews: others }));
        const service = make();
        expect(JSON.stringify(make())).toBe(JSON.stringify(service));
        const stored = { ...service, metadata: { ...service.metadata, namespace: "default" } };
        expect(() => admit(Services, stored, { user: "ebb" })).not.toThrow();
        expect(upstreamFaults("Service", stored)).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });
});

describe("traffic", () => {
  test("adds up to what was asked, pins every target, and tags at most ten others", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 500 }), { minLength: 1, maxLength: 40 }), fc.nat(100), (numbers, percent) => {
        const [a = 1, b] = numbers;
        const shares =
          b === undefined
            ? [{ number: a, percent: 100 }]
            : [
                { number: a, percent },
                { number: b, percent: 100 - percent },
              ];
        const traffic = compileTraffic("shop", shares, { previews: numbers });
        expect(traffic.reduce((sum, target) => sum + (target.percent ?? 0), 0)).toBe(100);
        expect(new Set(traffic.map((target) => target.tag)).size).toBe(traffic.length);
        expect(traffic.every((target) => target.latestRevision === false && target.revisionName)).toBe(true);
        expect(traffic.filter((target) => target.percent === 0).length).toBeLessThanOrEqual(10);
      }),
    );
  });

  const service = (percents: number[], status: Partial<NonNullable<KnativeService["status"]>> = {}): KnativeService => {
    const made = compileService(
      shop(1),
      config(),
      compileTraffic(
        "shop",
        percents.map((percent, index) => ({ number: index + 1, percent })),
        { previews: [] },
      ),
    );
    return {
      ...made,
      metadata: { ...made.metadata, generation: 4 },
      status: { observedGeneration: 4, conditions: [{ type: "RoutesReady", status: "True" }], traffic: made.spec.traffic ?? [], ...status },
    };
  };

  test.each([
    ["the route is ready with it", service([25, 75]), 4, true],
    ["a later generation is wanted", service([100]), 5, false],
    ["the status is of an earlier generation", service([100], { observedGeneration: 3 }), 4, false],
    ["the route is not ready", service([100], { conditions: [{ type: "RoutesReady", status: "Unknown" }] }), 4, false],
    ["another share is served", service([100], { traffic: [{ revisionName: "shop-00001", percent: 50 }] }), 4, false],
    ["the tag is missing", service([100], { traffic: [{ revisionName: "shop-00001", percent: 100 }] }), 4, false],
  ])("is served when %s", (_, given, generation, served) => {
    expect(trafficServed(given, generation)).toBe(served);
  });

  test("that follows the latest Revision is read as the one that is ready", () => {
    const made = service([100]);
    made.spec.traffic = [
      { latestRevision: true, percent: 60 },
      { revisionName: "shop-00001", percent: 40 },
    ];
    made.status = { latestReadyRevisionName: "shop-00002" };
    expect(revisionShares(made)).toEqual([
      { revision: "shop-00002", percent: 60 },
      { revision: "shop-00001", percent: 40 },
    ]);
  });
});

test("names lead there and back, and no others do", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9_999_999 }), (number) => {
      expect(versionNumber(versionName(number))).toBe(number);
      expect(revisionNumber("shop", revisionName("shop", number))).toBe(number);
      expect(revisionNumber("shop-a", revisionName("shop", number))).toBeUndefined();
    }),
  );
  for (const name of ["shop-00000", "shop-1", "shop-abcde", "shop", "shop-00001-x"]) expect(revisionNumber("shop", name)).toBeUndefined();
  for (const name of ["v0", "v01", "1", "v", "V1"]) expect(versionNumber(name)).toBeUndefined();
});
