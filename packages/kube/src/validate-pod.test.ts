import { describe, expect, test } from "vitest";
import { admit } from "./admit.ts";
import type { PodSpec } from "./core.ts";
import { Pods } from "./kinds/core.ts";
import { Configurations, Services } from "./kinds/knative.ts";
import type { KubeObject } from "./meta.ts";
import { podSpecCauses } from "./validate-pod.ts";

const causesOf = (spec: object) => podSpecCauses(spec as PodSpec, "spec").map(({ field, message }) => `${field}: ${message}`);
const container = (more: object) => ({ containers: [{ name: "app", image: "a", ...more }] });

describe("a Pod is refused in Kubernetes' words", () => {
  test.each<[string, object, string[]]>([
    ["one that is right", container({ ports: [{ name: "http", containerPort: 80 }], resources: { requests: { cpu: "1" } } }), []],
    ["no container", { containers: [] }, ["spec.containers: Required value"]],
    [
      "names of containers",
      {
        containers: [{ name: "&InvalidValue", image: "a" }, { image: "a" }, { name: "a", image: "a" }, { name: "a", image: "a" }],
      },
      [
        `spec.containers[0].name: Invalid value: "&InvalidValue": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')`,
        "spec.containers[1].name: Required value",
        'spec.containers[3].name: Duplicate value: "a"',
      ],
    ],
    [
      "images",
      { containers: [{ name: "a" }, { name: "b", image: " b" }] },
      [
        "spec.containers[0].image: Required value",
        'spec.containers[1].image: Invalid value: " b": must not have leading or trailing whitespace',
      ],
    ],
    [
      "ports",
      container({
        ports: [
          { containerPort: 0 },
          { containerPort: 70_000 },
          { name: "no_good", containerPort: 1 },
          { containerPort: 1, protocol: "X" },
        ],
      }),
      [
        "spec.containers[0].ports[0].containerPort: Required value",
        "spec.containers[0].ports[1].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive",
        'spec.containers[0].ports[2].name: Invalid value: "no_good": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)',
        'spec.containers[0].ports[3].protocol: Unsupported value: "X": supported values: "SCTP", "TCP", "UDP"',
      ],
    ],
    [
      "requests beyond limits",
      container({ resources: { limits: { cpu: "50m", memory: "128M" }, requests: { cpu: "100m", memory: "64M" } } }),
      ['spec.containers[0].resources.requests: Invalid value: "100m": must be less than or equal to cpu limit of 50m'],
    ],
    [
      "variables",
      container({ env: [{ name: "" }, { name: "A=B" }, { name: "A", value: "1", valueFrom: { fieldRef: { fieldPath: "x" } } }] }),
      [
        "spec.containers[0].env[0].name: Required value",
        `spec.containers[0].env[1].name: Invalid value: "A=B": a valid environment variable name must consist only of printable ASCII characters other than '='`,
        'spec.containers[0].env[2].valueFrom.fieldRef.fieldPath: Invalid value: "x": error converting fieldPath: field label not supported: x',
        'spec.containers[0].env[2].valueFrom: Invalid value: "": may not be specified when `value` is not empty',
      ],
    ],
    [
      "what a variable may be told of its Pod",
      container({
        env: [
          "metadata.name",
          "status.podIPs",
          "metadata.labels['a/b']",
          "",
          "metadata.labels",
          "metadata.labels['a b']",
          "metadata.annotations['/B']",
          "spec.containers['a']",
        ].map((fieldPath, index) => ({ name: `V${index}`, valueFrom: { fieldRef: { fieldPath } } })),
      }),
      [
        "spec.containers[0].env[3].valueFrom.fieldRef.fieldPath: Required value",
        'spec.containers[0].env[4].valueFrom.fieldRef.fieldPath: Unsupported value: "metadata.labels": supported values: "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"',
        `spec.containers[0].env[5].valueFrom.fieldRef: Invalid value: "a b": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')`,
        'spec.containers[0].env[6].valueFrom.fieldRef: Invalid value: "/b": prefix part must be non-empty',
        `spec.containers[0].env[7].valueFrom.fieldRef.fieldPath: Invalid value: "spec.containers['a']": error converting fieldPath: field label does not support subscript: spec.containers['a']`,
      ],
    ],
    [
      "what a variable may be told of its container's resources",
      container({
        env: [
          { resource: "limits.cpu", divisor: "1m" },
          { resource: "requests.memory", divisor: "1Mi" },
          { resource: "limits.ephemeral-storage" },
          { resource: "limits.gpu" },
          { resource: "limits.cpu", divisor: "2" },
          { resource: "limits.memory", divisor: "3Mi" },
        ].map((resourceFieldRef, index) => ({ name: `V${index}`, valueFrom: { resourceFieldRef } })),
      }),
      [
        'spec.containers[0].env[3].valueFrom.resourceFieldRef.resource: Unsupported value: "limits.gpu": supported values: "limits.cpu", "limits.ephemeral-storage", "limits.memory", "requests.cpu", "requests.ephemeral-storage", "requests.memory"',
        `spec.containers[0].env[4].valueFrom.resourceFieldRef.divisor: Invalid value: "limits.cpu": only divisor's values 1m and 1 are supported with the cpu resource`,
        `spec.containers[0].env[5].valueFrom.resourceFieldRef.divisor: Invalid value: "limits.memory": only divisor's values 1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei are supported with the memory resource`,
      ],
    ],
    [
      "what a file may be told of its Pod",
      {
        ...container({}),
        volumes: [
          {
            name: "v",
            projected: {
              sources: [
                {
                  downwardAPI: {
                    items: [
                      { path: "a", fieldRef: { fieldPath: "metadata.labels" } },
                      { path: "b", fieldRef: { fieldPath: "status.podIP" } },
                      { path: "c", resourceFieldRef: { resource: "limits.cpu" } },
                      { path: "d" },
                    ],
                  },
                },
              ],
            },
          },
        ],
      },
      [
        'spec.volumes[0].projected.sources[0].downwardAPI.items[1].fieldRef.fieldPath: Unsupported value: "status.podIP": supported values: "metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"',
        "spec.volumes[0].projected.sources[0].downwardAPI.items[2].resourceFieldRef.containerName: Required value",
        "spec.volumes[0].projected.sources[0].downwardAPI.items[3]: Required value: either fieldRef or resourceFieldRef is required",
      ],
    ],
    [
      "volumes and mounts",
      {
        ...container({
          volumeMounts: [
            { name: "v", mountPath: "/a" },
            { name: "w", mountPath: "/a" },
          ],
        }),
        volumes: [{ name: "v" }, { name: "u", emptyDir: {}, secret: {} }],
      },
      [
        "spec.volumes[0]: Required value: must specify a volume type",
        "spec.volumes[1].secret: Forbidden: may not specify more than 1 volume type",
        'spec.containers[0].volumeMounts[1].name: Not found: "w"',
        'spec.containers[0].volumeMounts[1].mountPath: Invalid value: "/a": must be unique',
      ],
    ],
    [
      "probes",
      container({ livenessProbe: { tcpSocket: { port: 1 }, successThreshold: 2, periodSeconds: -1 }, readinessProbe: {} }),
      [
        "spec.containers[0].livenessProbe.periodSeconds: Invalid value: -1: must be greater than or equal to 0",
        "spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1",
        "spec.containers[0].readinessProbe: Required value: must specify a handler type",
      ],
    ],
  ])("%s", (_, spec, expected) => expect(causesOf(spec)).toEqual(expected));
});

describe("a dry run of what makes Revisions looks at the Pod that would be made", () => {
  const template = { spec: { containers: [{ name: "&InvalidValue", image: "a/b" }] } };
  const service = (kind: string, labels: Record<string, string> = {}): KubeObject => ({
    apiVersion: "serving.knative.dev/v1",
    kind,
    metadata: { name: "hello", namespace: "default", labels },
    spec: { template },
  });
  const denied =
    'admission webhook "validation.webhook.serving.knative.dev" denied the request: validation callback failed: dry run failed with Pod "dry-run-validation" is invalid: spec.containers[0].name: Invalid value: "&InvalidValue": ';

  test("a Service and a Configuration are refused, with Knative's words around Kubernetes'", () => {
    for (const kind of [Services, Configurations]) {
      expect(() => admit(kind, service(kind.kind), { user: "ann", dryRun: true })).toThrow(denied);
    }
  });

  test("without a dry run nobody looks, nor at a Configuration that a Service has", () => {
    expect(() => admit(Services, service("Service"), { user: "ann" })).not.toThrow();
    const owned = service("Configuration", { "serving.knative.dev/service": "hello" });
    owned.metadata.ownerReferences = [{ apiVersion: "serving.knative.dev/v1", kind: "Service", name: "hello", uid: "1", controller: true }];
    expect(() => admit(Configurations, owned, { user: "ann", dryRun: true })).not.toThrow();
  });

  test("a user's own Pod is refused always, the record of an instance never", () => {
    const pod = (metadata: object): KubeObject => ({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "p", ...metadata },
      spec: template.spec,
    });
    expect(() => admit(Pods, pod({}), { user: "ann" })).toThrow('Pod "p" is invalid: spec.containers[0].name: Invalid value');
    const ownerReferences = [{ apiVersion: "serving.knative.dev/v1", kind: "Revision", name: "r", uid: "1", controller: true }];
    expect(() => admit(Pods, pod({ ownerReferences }), { user: "ann" })).not.toThrow();
  });
});
