import { describe, expect, test } from "vitest";
import type { Container, Volume } from "./core.ts";
import { formatFieldErrors } from "./field-error.ts";
import { parseFeatures } from "./serving-config/features.ts";
import { validatePodSpec } from "./validate-pod-spec.ts";

/**
 * The tables of knative/serving pkg/apis/serving/k8s_validation_test.go on containers, row by row: what a web hook says of a container that
 * nobody has filled in. Upstream's paths begin at the container, and so do these.
 */
type Row = [name: string, container: object, message: string | undefined, features?: Record<string, string>];
const MAX = 2 ** 31 - 1;

const every = { periodSeconds: 1, timeoutSeconds: 1, successThreshold: 1, failureThreshold: 3 };
const get = (port?: number | string) => ({ httpGet: { path: "/", ...(port === undefined ? {} : { port }) } });
const HANDLERS = (probe: string) => `${probe}.exec, ${probe}.grpc, ${probe}.httpGet, ${probe}.tcpSocket`;
const reserved = (port: number): Row => [
  `port ${port} is taken by queue-proxy`,
  { ports: [{ containerPort: port }] },
  `invalid value: ${port} is a reserved port: ports.containerPort\n${port} is a reserved port, please use a different value`,
];
const mounting = (source: object, ...mounts: object[]) => ({
  container: { volumeMounts: mounts.map((mount) => ({ name: "the-name", ...mount })) },
  volumes: [{ name: "the-name", ...source }],
});
const CONFIG = { configMap: { name: "test-cm" } };

/** Of every kind of container (getCommonContainerValidationTestCases). */
const COMMON: Row[] = [
  ["valid container", {}, undefined],
  [
    "invalid container image",
    { image: "foo:bar:baz" },
    'Failed to parse image reference: image\nimage: "foo:bar:baz", error: could not parse reference: foo:bar:baz',
  ],
  ["has resources", { resources: { limits: { memory: "250M" }, requests: { cpu: "25m" } } }, undefined],
  ["has no container ports set", { ports: [] }, undefined],
  ["has container port value too large", { ports: [{ containerPort: 65_536 }] }, "expected 0 <= 65536 <= 65535: ports.containerPort"],
  ["has host ip", { ports: [{ hostIP: "127.0.0.1" }] }, "must not set the field(s): ports.hostIP"],
  ...[8008, 8013, 8012, 9090, 9091, 8022].map(reserved),
  [
    "has unknown volumeMounts",
    { volumeMounts: [{ name: "the-name", mountPath: "", subPath: "oops", mountPropagation: "Bidirectional" }] },
    [
      "missing field(s): volumeMounts[0].mountPath",
      "must not set the field(s): volumeMounts[0].mountPropagation",
      "volume mount should be readOnly for this type of volume: volumeMounts[0].readOnly",
      "volumeMount has no matching volume: volumeMounts[0].name",
    ].join("\n"),
  ],
  [
    "not allowed to add a security context capability",
    { securityContext: { capabilities: { add: ["all"] } } },
    "must not set the field(s): securityContext.capabilities.add",
  ],
  [
    "allowed to add a security context capability when gate is enabled",
    { securityContext: { capabilities: { add: ["all"] } } },
    undefined,
    { "kubernetes.containerspec-addcapabilities": "Enabled" },
  ],
  ["disallowed security context field", { securityContext: { privileged: true } }, "must not set the field(s): securityContext.privileged"],
  ["too large uid", { securityContext: { runAsUser: MAX + 1 } }, `expected 0 <= ${MAX + 1} <= ${MAX}: securityContext.runAsUser`],
  ["negative uid", { securityContext: { runAsUser: -10 } }, `expected 0 <= -10 <= ${MAX}: securityContext.runAsUser`],
  ["too large gid", { securityContext: { runAsGroup: MAX + 1 } }, `expected 0 <= ${MAX + 1} <= ${MAX}: securityContext.runAsGroup`],
  ["negative gid", { securityContext: { runAsGroup: -10 } }, `expected 0 <= -10 <= ${MAX}: securityContext.runAsGroup`],
  ["envFrom - None of", { envFrom: [{}] }, "expected exactly one, got neither: envFrom.configMapRef, envFrom.secretRef"],
  [
    "envFrom - Multiple",
    { envFrom: [{ configMapRef: { name: "ConfigMapName" }, secretRef: { name: "SecretName" } }] },
    "expected exactly one, got both: envFrom.configMapRef, envFrom.secretRef",
  ],
  ["envFrom - Secret", { envFrom: [{ secretRef: { name: "SecretName" } }] }, undefined],
  ["envFrom - ConfigMap", { envFrom: [{ configMapRef: { name: "ConfigMapName" } }] }, undefined],
  ["termination message policy", { terminationMessagePolicy: "Not a Policy" }, "invalid value: Not a Policy: terminationMessagePolicy"],
  ["empty env var name", { env: [{ name: "", value: "Foo" }] }, "missing field(s): env[0].name"],
  [
    "disallowed envvarsource",
    { env: [{ name: "Foo", valueFrom: { fieldRef: { fieldPath: "/v1" } } }] },
    "must not set the field(s): env[0].valueFrom.fieldRef",
  ],
];

const SERVING: Row[] = [
  ["has lifecycle", { lifecycle: {} }, "must not set the field(s): lifecycle"],
  ["has valid unnamed user port", { ports: [{ containerPort: 8181 }] }, undefined],
  ["has valid user port http1", { ports: [{ name: "http1" }] }, undefined],
  ["has valid user port h2c", { ports: [{ name: "h2c" }] }, undefined],
  ["has an empty port set", { ports: [{}] }, undefined],
  ["has tcp protocol", { ports: [{ protocol: "TCP" }] }, undefined],
  ["has invalid protocol", { ports: [{ protocol: "tdp" }] }, "invalid value: tdp: ports.protocol"],
  ["has host port", { ports: [{ hostPort: 80 }] }, "must not set the field(s): ports.hostPort"],
  [
    "has invalid port name",
    { ports: [{ name: "foobar" }] },
    "Port name foobar is not allowed: ports\nName must be empty, or one of: 'h2c', 'http1'",
  ],
  ["valid with probes (no port)", { readinessProbe: { ...every, ...get() }, livenessProbe: { tcpSocket: {} } }, undefined],
  ["valid with exec probes", { readinessProbe: { ...every, ...get() }, livenessProbe: { exec: {} } }, undefined],
  ["invalid with no handler", { livenessProbe: {} }, `expected exactly one, got neither: ${HANDLERS("livenessProbe")}`],
  [
    "invalid with multiple handlers",
    { readinessProbe: { ...every, ...get(), exec: {}, tcpSocket: {} } },
    "expected exactly one, got both: readinessProbe.exec, readinessProbe.httpGet, readinessProbe.tcpSocket",
  ],
  ["valid liveness http probe with a different container port", { livenessProbe: { ...every, ...get(5000) } }, undefined],
  ["valid liveness tcp probe with a different container port", { livenessProbe: { ...every, tcpSocket: { port: 5000 } } }, undefined],
  ["valid readiness tcp probe with a different container port", { readinessProbe: { ...every, tcpSocket: { port: 5000 } } }, undefined],
  ["valid readiness http probe with port", { readinessProbe: { successThreshold: 1, ...get("http") } }, undefined],
  [
    "invalid readiness probe (has failureThreshold while using special probe)",
    { readinessProbe: { failureThreshold: 2, successThreshold: 1, ...get() } },
    "failureThreshold is disallowed when periodSeconds is zero: readinessProbe.failureThreshold",
  ],
  [
    "invalid readiness probe (has timeoutSeconds while using special probe)",
    { readinessProbe: { timeoutSeconds: 2, successThreshold: 1, ...get() } },
    "timeoutSeconds is disallowed when periodSeconds is zero: readinessProbe.timeoutSeconds",
  ],
  [
    "out of bounds probe values",
    {
      readinessProbe: {
        periodSeconds: -1,
        timeoutSeconds: 0,
        successThreshold: 0,
        failureThreshold: 0,
        initialDelaySeconds: -1,
        httpGet: {},
      },
    },
    [
      `expected 0 <= -1 <= ${MAX}: readinessProbe.initialDelaySeconds, readinessProbe.periodSeconds`,
      `expected 1 <= 0 <= ${MAX}: readinessProbe.failureThreshold, readinessProbe.successThreshold, readinessProbe.timeoutSeconds`,
    ].join("\n"),
  ],
  [
    "reserved env var name for serving container",
    { env: [{ name: "PORT", value: "Foo" }], ports: [{ containerPort: 8888 }] },
    '"PORT" is a reserved environment variable: env[0].name',
  ],
  [
    "invalid liveness tcp probe (has port)",
    { livenessProbe: { tcpSocket: { port: "imap" } } },
    "invalid value: imap: livenessProbe.tcpSocket.port\nProbe port must match container port",
  ],
  [
    "valid liveness tcp probe with correct port",
    { ports: [{ containerPort: 8888 }], livenessProbe: { tcpSocket: { port: 8888 } } },
    undefined,
  ],
  [
    "disallowed container fields",
    { stdin: true, stdinOnce: true, tty: true, lifecycle: {}, volumeDevices: [{ name: "disallowed", devicePath: "/" }] },
    "must not set the field(s): lifecycle, stdin, stdinOnce, tty, volumeDevices",
  ],
  ["has numerous problems", { image: undefined, lifecycle: {} }, "missing field(s): image\nmust not set the field(s): lifecycle"],
  ["valid grpc probe", { readinessProbe: { ...every, grpc: { port: 46 } } }, undefined],
  ["valid grpc probe with service", { readinessProbe: { ...every, grpc: { port: 46, service: "foo" } } }, undefined],
];

const PROBING = { "multi-container-probing": "Enabled" };
const SIDECAR: Row[] = [
  [
    "probes not allowed",
    { readinessProbe: { ...every, ...get() }, livenessProbe: { tcpSocket: {} } },
    `must not set the field(s): livenessProbe, readinessProbe, ${["failureThreshold", "periodSeconds", "successThreshold", "timeoutSeconds"].map((field) => `readinessProbe.${field}`).join(", ")}`,
  ],
  [
    "invalid probes (no port defined)",
    { readinessProbe: { ...every, ...get() }, livenessProbe: { tcpSocket: {} } },
    "invalid value: 0: livenessProbe.tcpSocket.port, readinessProbe.httpGet.port\nProbe port must be specified",
    PROBING,
  ],
  ["valid with exec probes", { readinessProbe: { ...every, ...get(5000) }, livenessProbe: { exec: {} } }, undefined, PROBING],
  ["invalid with no handler", { livenessProbe: {} }, `expected exactly one, got neither: ${HANDLERS("livenessProbe")}`, PROBING],
  [
    "invalid with multiple handlers",
    { readinessProbe: { ...every, ...get(5000), exec: {}, tcpSocket: { port: 5000 } } },
    "expected exactly one, got both: readinessProbe.exec, readinessProbe.httpGet, readinessProbe.tcpSocket",
    PROBING,
  ],
  ["valid liveness http probe", { livenessProbe: { ...every, ...get(5000) } }, undefined, PROBING],
  ["valid liveness tcp probe", { livenessProbe: { ...every, tcpSocket: { port: 5000 } } }, undefined, PROBING],
  ["valid readiness http probe", { readinessProbe: { ...every, ...get(5000) } }, undefined, PROBING],
  ["valid readiness tcp probe", { readinessProbe: { ...every, tcpSocket: { port: 5000 } } }, undefined, PROBING],
  ["valid readiness http probe with named port", { readinessProbe: { successThreshold: 1, ...get("http") } }, undefined, PROBING],
  [
    "invalid readiness probe (has failureThreshold while using special probe)",
    { readinessProbe: { failureThreshold: 2, successThreshold: 1, ...get(5000) } },
    "failureThreshold is disallowed when periodSeconds is zero: readinessProbe.failureThreshold",
    PROBING,
  ],
  ["valid grpc probe", { readinessProbe: { ...every, grpc: { port: 46 } } }, undefined, PROBING],
  ["PORT is for it to choose", { env: [{ name: "PORT", value: "Foo" }] }, undefined],
];

const INIT: Row[] = [
  ["has lifecycle", { lifecycle: {} }, "field not allowed in an init container: lifecycle\nmust not set the field(s): lifecycle"],
  [
    "invalid liveness tcp probe (has port)",
    { livenessProbe: { tcpSocket: { port: "http" } } },
    "field not allowed in an init container: livenessProbe",
  ],
  [
    "disallowed container fields",
    { stdin: true, stdinOnce: true, tty: true, lifecycle: {}, volumeDevices: [{ name: "disallowed", devicePath: "/" }] },
    "field not allowed in an init container: lifecycle\nmust not set the field(s): lifecycle, stdin, stdinOnce, tty, volumeDevices",
  ],
];

function said(
  spec: { containers: object[]; initContainers?: object[]; volumes?: object[] },
  index: number,
  flags: Record<string, string> = {},
) {
  const features = parseFeatures({ "kubernetes.podspec-init-containers": "Enabled", ...flags });
  const text = formatFieldErrors(validatePodSpec(spec as { containers: Container[]; volumes?: Volume[] }, features));
  return text === "" ? undefined : text.replaceAll(`containers[${index}].`, "");
}
const container = (parts: object) => ({ name: "foo", image: "foo", ...parts });

describe("the container that serves", () => {
  test.each([...COMMON, ...SERVING])("%s", (_, parts, message, flags) => {
    expect(said({ containers: [container(parts)] }, 0, flags)).toBe(message);
  });
  test("an empty one is missing as a whole", () => {
    expect(said({ containers: [{}] }, 0)).toBe("missing field(s): containers[0]");
  });
  test("has more than one port, of whatever names", () => {
    const message = "more than one container port is set: containers[*].ports\nOnly a single port is allowed across all containers";
    for (const ports of [
      [{ name: "h2c" }, { name: "http1" }],
      [{ containerPort: 8080 }, { containerPort: 8181 }],
    ])
      expect(said({ containers: [container({ ports })] }, 0)).toBe(message);
  });
});

describe("a sidecar", () => {
  const main = { name: "main", image: "main", ports: [{ containerPort: 8888 }] };
  // It has no ports: with one it would be a second container that serves.
  const withoutPorts = COMMON.filter(([, parts]) => !("ports" in parts && (parts.ports as unknown[]).length > 0));
  test.each([...withoutPorts, ...SIDECAR])("%s", (_, parts, message, flags) => {
    expect(said({ containers: [main, container(parts)] }, 1, flags)).toBe(message);
  });
  test("a variable that is Knative's own", () => {
    const env = [
      { name: "PORT", value: "Foo" },
      { name: "K_SERVICE", value: "Foo" },
    ];
    expect(said({ containers: [main, container({ env })] }, 1)).toBe('"K_SERVICE" is a reserved environment variable: env[1].name');
  });
});

describe("an init container", () => {
  test.each([...COMMON, ...INIT])("%s", (_, parts, message, flags) => {
    expect(said({ containers: [{ name: "main", image: "main" }], initContainers: [container(parts)] }, 0, flags)).toBe(message);
  });
});

describe("what is mounted", () => {
  test.each<[string, ReturnType<typeof mounting>, string | undefined]>([
    ["has known volumeMounts", mounting(CONFIG, { mountPath: "/mount/path", readOnly: true }), undefined],
    [
      "has known volumeMounts, but at reserved path",
      mounting(CONFIG, { mountPath: "//dev//", readOnly: true }),
      'mountPath "/dev" is a reserved path: volumeMounts[0].mountPath',
    ],
    [
      "has known volumeMounts, bad mountPath",
      mounting(CONFIG, { mountPath: "not/absolute", readOnly: true }),
      "invalid value: not/absolute: volumeMounts[0].mountPath",
    ],
    ["Empty dir has rw access", mounting({ emptyDir: { medium: "Memory" } }, { mountPath: "/mount/path" }), undefined],
    [
      "has known volumeMount twice",
      mounting(CONFIG, { mountPath: "/mount/path", readOnly: true }, { mountPath: "/another/mount/path", readOnly: true }),
      undefined,
    ],
    [
      "at the same path twice",
      mounting(CONFIG, { mountPath: "/mount/path", readOnly: true }, { mountPath: "/mount/path/", readOnly: true }),
      'invalid value: "/mount/path/" must be unique: volumeMounts[1].mountPath',
    ],
  ])("%s", (_, { container: parts, volumes }, message) => {
    expect(said({ containers: [container(parts)], volumes }, 0)).toBe(message);
  });
});
