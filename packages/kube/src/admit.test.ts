import { describe, expect, test } from "vitest";
import { admit } from "./admit.ts";
import { ConfigMaps, Secrets } from "./kinds/core.ts";
import { Configurations, Revisions, Routes, Services } from "./kinds/knative.ts";
import type { Kind } from "./kinds/kind.ts";
import type { KubeObject, ObjectMeta } from "./meta.ts";
import type { KnativeService, TrafficTarget } from "./serving.ts";
import { StatusError } from "./status-error.ts";

const DENIED = 'admission webhook "validation.webhook.serving.knative.dev" denied the request: validation failed: ';

interface Parts {
  metadata?: Partial<ObjectMeta>;
  template?: { name?: string; annotations?: Record<string, string> };
  spec?: Record<string, unknown>;
  container?: Record<string, unknown>;
  traffic?: TrafficTarget[];
}

function service({ metadata, template, spec, container, traffic }: Parts = {}): KubeObject {
  return {
    apiVersion: "serving.knative.dev/v1",
    kind: "Service",
    metadata: { name: "hello", namespace: "default", ...metadata },
    spec: {
      template: { ...(template ? { metadata: template } : {}), spec: { containers: [{ image: "a/b", ...container }], ...spec } },
      ...(traffic ? { traffic } : {}),
    },
  };
}
const create = (object: KubeObject, kind: Kind = Services) => admit(kind, object, { user: "ann" });
function refusalOf(act: () => unknown): StatusError {
  try {
    act();
  } catch (error) {
    if (error instanceof StatusError) return error;
    throw error;
  }
  throw new Error("it was not refused");
}
const scaling = (name: string, value: string): Parts => ({ template: { annotations: { [`autoscaling.knative.dev/${name}`]: value } } });

describe("defaults", () => {
  test("a Service as Knative fills it in", () => {
    expect(create(service())).toEqual({
      apiVersion: "serving.knative.dev/v1",
      kind: "Service",
      metadata: {
        name: "hello",
        namespace: "default",
        annotations: { "serving.knative.dev/creator": "ann", "serving.knative.dev/lastModifier": "ann" },
      },
      spec: {
        template: {
          spec: {
            containerConcurrency: 0,
            containers: [
              { image: "a/b", name: "user-container", readinessProbe: { successThreshold: 1, tcpSocket: { port: 0 } }, resources: {} },
            ],
            enableServiceLinks: false,
            timeoutSeconds: 300,
          },
        },
        traffic: [{ latestRevision: true, percent: 100 }],
      },
    });
  });

  test("defaulting again changes nothing", () => {
    const once = create(service({ container: { readinessProbe: { httpGet: { path: "/" }, periodSeconds: 5 } } }));
    expect(admit(Services, once, { old: once, user: "bob" })).toEqual(once);
  });

  test("only who changes the spec becomes its last modifier", () => {
    const old = create(service());
    const relabelled = { ...old, metadata: { ...old.metadata, labels: { a: "b" } } };
    expect(admit(Services, relabelled, { old, user: "bob" }).metadata.annotations).toMatchObject({
      "serving.knative.dev/lastModifier": "ann",
    });
    const changed = { ...old, spec: { ...(old as KnativeService).spec, traffic: [{ latestRevision: true, percent: 100, tag: "x" }] } };
    expect(admit(Services, changed, { old, user: "bob" }).metadata.annotations).toEqual({
      "serving.knative.dev/creator": "ann",
      "serving.knative.dev/lastModifier": "bob",
    });
  });

  test("several containers: names by their place, the probe for the one with the port, mounts of config read-only", () => {
    const containers = [
      {
        image: "a",
        ports: [{ containerPort: 80 }],
        volumeMounts: [
          { name: "c", mountPath: "/c" },
          { name: "e", mountPath: "/e" },
        ],
      },
      { image: "b" },
    ];
    const volumes = [
      { name: "c", configMap: { name: "c" } },
      { name: "e", emptyDir: {} },
    ];
    const { spec } = create(service({ spec: { containers, volumes } })) as KnativeService;
    expect(spec.template.spec.containers).toMatchObject([
      { name: "user-container-0", readinessProbe: {}, volumeMounts: [{ readOnly: true }, { mountPath: "/e" }] },
      { name: "user-container-1" },
    ]);
    expect(spec.template.spec.containers[0]?.volumeMounts?.[1]).not.toHaveProperty("readOnly");
    expect(spec.template.spec.containers[1]).not.toHaveProperty("readinessProbe");
  });
});

const P = "spec.template.spec";
const C = `${P}.containers[0]`;
// One row is one rule of knative/serving's validation, with its words.
describe("refusals", () => {
  test.each<[string, Parts, string]>([
    ["a name", { metadata: { name: "1abc" } }, "not a DNS 1035 label: [a DNS-1035 label must consist of"],
    ["a long name", { metadata: { name: "a".repeat(64) } }, "not a DNS 1035 label: [must be no more than 63 characters]: metadata.name"],
    [
      "scaling in the wrong place",
      { metadata: { annotations: { "autoscaling.knative.dev/min-scale": "1" } } },
      'invalid key name "autoscaling.knative.dev/min-scale": metadata.annotations\nautoscaling annotations must be put under "spec.template.metadata.annotations" to work',
    ],
    [
      "a label of Knative's",
      { metadata: { labels: { "serving.knative.dev/x": "1" } } },
      'invalid key name "serving.knative.dev/x": metadata.labels',
    ],
    [
      "visibility",
      { metadata: { labels: { "networking.knative.dev/visibility": "none" } } },
      "invalid value: none: metadata.labels.networking.knative.dev/visibility",
    ],
    [
      "rollout duration",
      { metadata: { annotations: { "serving.knative.dev/rollout-duration": "1500ms" } } },
      "rollout-duration=1500ms is not at second precision: metadata.annotations.serving.knative.dev/rollout-duration",
    ],
    ["template name", { template: { name: "other-1" } }, 'invalid value: "other-1" must have prefix "hello-": spec.template.metadata.name'],
    ["no containers", { spec: { containers: [] } }, `missing field(s): ${P}.containers`],
    ["no image", { container: { image: "" } }, `missing field(s): ${C}.image`],
    [
      "a bad image",
      { container: { image: "A b" } },
      `Failed to parse image reference: ${C}.image\nimage: "A b", error: could not parse reference: A b`,
    ],
    ["a reserved name", { container: { name: "queue-proxy" } }, `"queue-proxy" is a reserved container name: ${C}.name`],
    [
      "a reserved variable",
      { container: { env: [{ name: "K_SERVICE", value: "x" }] } },
      `"K_SERVICE" is a reserved environment variable: ${C}.env[0].name`,
    ],
    [
      "a field reference",
      { container: { env: [{ name: "A", valueFrom: { fieldRef: { fieldPath: "x" } } }] } },
      `must not set the field(s): ${C}.env[0].valueFrom.fieldRef`,
    ],
    [
      "envFrom nothing",
      { container: { envFrom: [{}] } },
      `expected exactly one, got neither: ${C}.envFrom.configMapRef, ${C}.envFrom.secretRef`,
    ],
    [
      "a reserved port",
      { container: { ports: [{ containerPort: 8012 }] } },
      `invalid value: 8012 is a reserved port: ${C}.ports.containerPort\n8012 is a reserved port, please use a different value`,
    ],
    [
      "a port out of range",
      { container: { ports: [{ containerPort: 65_536 }] } },
      `expected 0 <= 65536 <= 65535: ${C}.ports.containerPort`,
    ],
    [
      "a port's name",
      { container: { ports: [{ containerPort: 80, name: "http2" }] } },
      `Port name http2 is not allowed: ${C}.ports\nName must be empty, or one of: 'h2c', 'http1'`,
    ],
    ["UDP", { container: { ports: [{ containerPort: 80, protocol: "UDP" }] } }, `invalid value: UDP: ${C}.ports.protocol`],
    [
      "two ports",
      { container: { ports: [{ containerPort: 80 }, { containerPort: 81 }] } },
      `more than one container port is set: ${P}.containers[*].ports\nOnly a single port is allowed across all containers`,
    ],
    ["privileged", { container: { securityContext: { privileged: true } } }, `must not set the field(s): ${C}.securityContext.privileged`],
    [
      "root's uid is a number",
      { container: { securityContext: { runAsUser: -1 } } },
      `expected 0 <= -1 <= 2147483647: ${C}.securityContext.runAsUser`,
    ],
    [
      "capabilities",
      { container: { securityContext: { capabilities: { add: ["SYS_ADMIN"] } } } },
      `must not set the field(s): ${C}.securityContext.capabilities.add`,
    ],
    ["node selector", { spec: { nodeSelector: { a: "b" } } }, `must not set the field(s): ${P}.nodeSelector`],
    ["host network", { spec: { hostNetwork: true } }, `must not set the field(s): ${P}.hostNetwork`],
    [
      "a host path",
      { spec: { volumes: [{ name: "v", hostPath: { path: "/" } }] }, container: { volumeMounts: [{ name: "v", mountPath: "/v" }] } },
      `HostPath volume support is disabled, but found HostPath volume v: \nmust not set the field(s): ${P}.volumes[0].hostPath`,
    ],
    [
      "a mount without volume",
      { container: { volumeMounts: [{ name: "v", mountPath: "/v" }] } },
      `volumeMount has no matching volume: ${C}.volumeMounts[0].name`,
    ],
    [
      "a volume without mount",
      { spec: { volumes: [{ name: "v", emptyDir: {} }] } },
      `volume with name "v" not mounted: ${P}.volumes[0].name`,
    ],
    [
      "a reserved path",
      { spec: { volumes: [{ name: "v", emptyDir: {} }] }, container: { volumeMounts: [{ name: "v", mountPath: "/dev/" }] } },
      `mountPath "/dev" is a reserved path: ${C}.volumeMounts[0].mountPath`,
    ],
    [
      "two handlers",
      { container: { readinessProbe: { httpGet: { path: "/" }, tcpSocket: { port: 1 } } } },
      `expected exactly one, got both: ${C}.readinessProbe.httpGet, ${C}.readinessProbe.tcpSocket`,
    ],
    [
      "an aggressive probe's threshold",
      { container: { readinessProbe: { failureThreshold: 3 } } },
      `failureThreshold is disallowed when periodSeconds is zero: ${C}.readinessProbe.failureThreshold`,
    ],
    ["a long timeout", { spec: { timeoutSeconds: 601 } }, `expected 0 <= 601 <= 600: ${P}.timeoutSeconds`],
    [
      "an idle timeout past the whole",
      { spec: { timeoutSeconds: 10, idleTimeoutSeconds: 11 } },
      `expected 0 <= 11 <= 10: ${P}.idleTimeoutSeconds`,
    ],
    ["concurrency", { spec: { containerConcurrency: 1001 } }, `expected 0 <= 1001 <= 1000: ${P}.containerConcurrency`],
    ["traffic's sum", { traffic: [{ percent: 50 }] }, "Traffic targets sum to 50, want 100: spec.traffic"],
    [
      "a tag twice",
      {
        traffic: [
          { percent: 100, tag: "a" },
          { tag: "a", revisionName: "hello-1" },
        ],
      },
      'Multiple definitions for "a": spec.traffic[0].tag, spec.traffic[1].tag',
    ],
    [
      "latest, and a revision",
      { traffic: [{ percent: 100, latestRevision: true, revisionName: "hello-1" }] },
      'may not set revisionName "hello-1" when latestRevision is true: spec.traffic[0].latestRevision',
    ],
    [
      "a configuration in a Service",
      { traffic: [{ percent: 100, configurationName: "x" }] },
      "must not set the field(s): spec.traffic[0].configurationName",
    ],
    ["min-scale", scaling("min-scale", "x"), "invalid value: x: spec.template.metadata.annotations.autoscaling.knative.dev/min-scale"],
    [
      "target",
      scaling("target", "0"),
      "target 0 should be at least 0.01: spec.template.metadata.annotations.autoscaling.knative.dev/target",
    ],
    ["window", scaling("window", "1s"), "expected 6s <= 1s <= 1h0m0s: spec.template.metadata.annotations.autoscaling.knative.dev/window"],
    ["metric", scaling("metric", "cpu"), "invalid value: cpu: spec.template.metadata.annotations.autoscaling.knative.dev/metric"],
    [
      "initial-scale",
      scaling("initial-scale", "0"),
      "invalid value: 0: spec.template.metadata.annotations.autoscaling.knative.dev/initial-scale=0 not allowed by cluster",
    ],
    [
      "utilization",
      scaling("target-utilization-percentage", "0"),
      "expected 1 <= 0 <= 100: spec.template.metadata.annotations.autoscaling.knative.dev/target-utilization-percentage",
    ],
    [
      "activation-scale",
      scaling("activation-scale", "1"),
      "activation-scale=1 must be greater than 1: spec.template.metadata.annotations.autoscaling.knative.dev/activation-scale",
    ],
  ])("%s", (_, parts, message) => {
    const error = refusalOf(() => create(service(parts)));
    expect(error.status).toBe(400);
    expect(error.message.startsWith(DENIED)).toBe(true);
    // Each error begins a line.
    expect(`
${error.message.slice(DENIED.length)}
`).toContain(`
${message}`);
  });

  test("several errors: one line each, equal ones joined, sorted", () => {
    const parts: Parts = { container: { image: "", env: [{ name: "PORT", value: "" }] }, traffic: [{ percent: 1 }] };
    expect(() => create(service(parts))).toThrow(
      `${DENIED}"PORT" is a reserved environment variable: ${C}.env[0].name\nTraffic targets sum to 1, want 100: spec.traffic\nmissing field(s): ${C}.image`,
    );
  });

  test("max-scale below min-scale, in old and new spelling", () => {
    const annotations = { "autoscaling.knative.dev/minScale": "3", "autoscaling.knative.dev/max-scale": "2" };
    expect(() => create(service({ template: { annotations } }))).toThrow("max-scale=2 is less than min-scale=3");
  });

  test("an accepted Service with everything that is allowed", () => {
    const parts: Parts = {
      template: {
        name: "hello-v1",
        annotations: { "autoscaling.knative.dev/target-burst-capacity": "-1", "autoscaling.knative.dev/window": "90s" },
      },
      container: {
        command: ["/bin/x"],
        ports: [{ containerPort: 9000, name: "h2c" }],
        env: [{ name: "A", valueFrom: { secretKeyRef: { name: "s", key: "k" } } }],
        securityContext: { runAsUser: 1000, capabilities: { drop: ["ALL"], add: ["NET_BIND_SERVICE"] } },
        livenessProbe: { grpc: {} },
        volumeMounts: [{ name: "s", mountPath: "/etc/s" }],
      },
      spec: { volumes: [{ name: "s", secret: { secretName: "s" } }], responseStartTimeoutSeconds: 10 },
      traffic: [
        { revisionName: "hello-v0", percent: 90 },
        { latestRevision: true, percent: 10, tag: "next" },
      ],
    };
    expect(create(service(parts))).toMatchObject({
      spec: { template: { spec: { containers: [{ livenessProbe: { grpc: { service: "" } } }] } } },
    });
  });
});

describe("changes", () => {
  const old = create(service({ template: { name: "hello-v1" } }));

  test("a template that changes must change its given name", () => {
    const changed = service({ template: { name: "hello-v1" }, spec: { timeoutSeconds: 9 }, metadata: old.metadata });
    expect(() => admit(Services, changed, { old, user: "ann" })).toThrow(
      `${DENIED}Saw the following changes without a name change (-old +new): spec.template.metadata.name`,
    );
    const renamed = service({ template: { name: "hello-v2" }, spec: { timeoutSeconds: 9 }, metadata: old.metadata });
    expect(() => admit(Services, renamed, { old, user: "ann" })).not.toThrow();
  });

  test("the creator stays", () => {
    const stolen = {
      ...old,
      metadata: { ...old.metadata, annotations: { ...old.metadata.annotations, "serving.knative.dev/creator": "eve" } },
    };
    expect(() => admit(Services, stolen, { old, user: "eve" })).toThrow(
      `${DENIED}annotation value is immutable: metadata.annotations.serving.knative.dev/creator`,
    );
  });

  test("a Revision's spec never changes, its labels may", () => {
    const { spec } = old as KnativeService;
    const revision: KubeObject = {
      apiVersion: "serving.knative.dev/v1",
      kind: "Revision",
      metadata: { name: "hello-v1" },
      spec: spec.template.spec,
    };
    const stored = create(revision, Revisions);
    const changed = { ...stored, spec: { ...spec.template.spec, timeoutSeconds: 9 } };
    expect(() => admit(Revisions, changed, { old: stored, user: "ann" })).toThrow(
      `${DENIED}Immutable fields changed (-old +new): spec\n*{v1.RevisionSpec}.TimeoutSeconds:\n\t-: "300"\n\t+: "9"\n`,
    );
    const labelled = { ...stored, metadata: { ...stored.metadata, labels: { "serving.knative.dev/routingState": "active" } } };
    expect(admit(Revisions, labelled, { old: stored, user: "ann" })).toEqual(labelled);
  });

  test("what a Service owns is not stamped, and must say who owns it", () => {
    const owner = { apiVersion: "serving.knative.dev/v1", kind: "Service", name: "hello", uid: "u", controller: true };
    const metadata = { name: "hello", labels: { "serving.knative.dev/service": "hello" } };
    const { spec } = old as KnativeService;
    const configuration = { apiVersion: "serving.knative.dev/v1", kind: "Configuration", metadata, spec: { template: spec.template } };
    expect(() => create(configuration, Configurations)).toThrow(`${DENIED}missing field(s): metadata.labels.serving.knative.dev/service`);
    const owned = create({ ...configuration, metadata: { ...metadata, ownerReferences: [owner] } }, Configurations);
    expect(owned.metadata.annotations).toBeUndefined();
  });

  test("a Route must say where to", () => {
    const route = { apiVersion: "serving.knative.dev/v1", kind: "Route", metadata: { name: "r" }, spec: { traffic: [{ percent: 100 }] } };
    expect(() => create(route, Routes)).toThrow(
      `${DENIED}expected exactly one, got neither: spec.traffic[0].configurationName, spec.traffic[0].revisionName`,
    );
  });
});

describe("ConfigMaps and Secrets", () => {
  const secret = (parts: object): KubeObject => ({ apiVersion: "v1", kind: "Secret", metadata: { name: "s" }, ...parts });
  test("stringData becomes data", () => {
    expect(create(secret({ data: { b: "eA==" }, stringData: { a: "ü" } }), Secrets)).toEqual(
      secret({ type: "Opaque", data: { b: "eA==", a: "w7w=" } }),
    );
  });

  test("what is no base64 is refused without showing it", () => {
    expect(() => create(secret({ data: { a: "hunter2!" } }), Secrets)).toThrow(/^(?!.*hunter2).*must be base64/s);
  });

  test("immutable means immutable", () => {
    const old = secret({ type: "Opaque", immutable: true, data: { a: "eA==" } });
    expect(() => admit(Secrets, secret({ type: "Opaque", immutable: true, data: { a: "eQ==" } }), { old, user: "ann" })).toThrow(
      "field is immutable when `immutable` is set",
    );
    expect(() => admit(Secrets, secret({ type: "x", immutable: true, data: { a: "eA==" } }), { old, user: "ann" })).toThrow(
      "field is immutable",
    );
  });

  test.each([{ "a/b": "" }, { "..": "" }, { ["k".repeat(254)]: "" }])("key %j", (data) => {
    const map = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "c" }, data };
    expect(() => create(map, ConfigMaps)).toThrow("a valid config key");
  });

  test("a megabyte and no more", () => {
    const map = (size: number) => ({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "c" }, data: { a: "x".repeat(size) } });
    expect(() => create(map(1024 * 1024), ConfigMaps)).not.toThrow();
    expect(() => create(map(1024 * 1024 + 1), ConfigMaps)).toThrow("Too long");
  });
});
