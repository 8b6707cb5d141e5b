import { describe, expect, test } from "vitest";
import { admit, type AdmissionRequest } from "../admit.ts";
import { ConfigMaps } from "../kinds/core.ts";
import { Services } from "../kinds/knative.ts";
import type { KubeObject } from "../meta.ts";
import type { KnativeService } from "../serving.ts";
import { DEFAULT_ADMISSION_CONFIG, parseScaleLimits, type AdmissionConfig } from "./admission-config.ts";
import { parseDefaults } from "./defaults.ts";
import { parseDeployment } from "./deployment.ts";
import { exampleChecksum } from "./example.ts";
import { parseFeatures, type Feature } from "./features.ts";
import { parseGcConfig } from "./gc.ts";
import { parseObservability } from "./observability.ts";

const DENIED = 'admission webhook "validation.webhook.serving.knative.dev" denied the request: validation failed: ';

function service(spec: object, container: object = {}, annotations: Record<string, string> = {}): KubeObject {
  return {
    apiVersion: "serving.knative.dev/v1",
    kind: "Service",
    metadata: { name: "hello", namespace: "default" },
    spec: { template: { metadata: { annotations }, spec: { containers: [{ image: "a/b", ...container }], ...spec } } },
  };
}
function admitted(object: KubeObject, config: Partial<AdmissionConfig>, more: Partial<AdmissionRequest> = {}): KnativeService["spec"] {
  const request = { user: "ann", config: { ...DEFAULT_ADMISSION_CONFIG, ...config }, ...more };
  return (admit(Services, object, request) as KnativeService).spec;
}
const specOf = (object: KubeObject, data: Record<string, string>) => admitted(object, { defaults: parseDefaults(data) }).template.spec;

describe("config-defaults", () => {
  test.each<[string, Record<string, string>, object, object]>([
    ["the timeout", { "revision-timeout-seconds": "60" }, {}, { timeoutSeconds: 60 }],
    ["no start timeout when it is the whole timeout", { "revision-timeout-seconds": "60" }, {}, { responseStartTimeoutSeconds: undefined }],
    ["a start timeout below a longer one of the Revision", {}, { timeoutSeconds: 500 }, { responseStartTimeoutSeconds: 300 }],
    ["the idle timeout", { "revision-idle-timeout-seconds": "30" }, {}, { idleTimeoutSeconds: 30 }],
    [
      "no idle timeout past the whole one",
      { "revision-idle-timeout-seconds": "30" },
      { timeoutSeconds: 20 },
      { idleTimeoutSeconds: undefined },
    ],
    ["concurrency", { "container-concurrency": "7" }, {}, { containerConcurrency: 7 }],
    ["what the Revision says stays", { "container-concurrency": "7" }, { containerConcurrency: 2 }, { containerConcurrency: 2 }],
    ["service links", { "enable-service-links": "true" }, {}, { enableServiceLinks: true }],
    ["service links left to Kubernetes", { "enable-service-links": "default" }, {}, { enableServiceLinks: undefined }],
    ["a name made from the Service's", { "container-name-template": "{{.Name}}-app" }, {}, { containers: [{ name: "hello-app" }] }],
    [
      "requests and limits",
      { "revision-cpu-request": "100m", "revision-memory-limit": "1Gi" },
      {},
      { containers: [{ resources: { requests: { cpu: "100m" }, limits: { memory: "1Gi" } } }] },
    ],
  ])("%s", (_, data, spec, expected) => {
    const filled = specOf(service(spec), data);
    expect({ ...Object.fromEntries(Object.keys(expected).map((key) => [key, undefined])), ...filled }).toMatchObject(expected);
  });

  test("a limit of the container's own is not overridden", () => {
    const [container] = specOf(service({}, { resources: { limits: { cpu: "2" } } }), {
      "revision-cpu-limit": "1",
      "revision-memory-limit": "1Gi",
    }).containers;
    expect(container?.resources).toEqual({ limits: { cpu: "2", memory: "1Gi" } });
  });

  test("numbered names step around those that are taken", () => {
    const containers = [{ image: "a", ports: [{ containerPort: 80 }] }, { image: "b", name: "user-container-0" }, { image: "c" }];
    expect(specOf(service({ containers }), {}).containers.map(({ name }) => name)).toEqual([
      "user-container-1",
      "user-container-0",
      "user-container-2",
    ]);
  });

  test.each<[Record<string, string>, object, string]>([
    [{ "max-revision-timeout-seconds": "900" }, { timeoutSeconds: 901 }, "expected 0 <= 901 <= 900: spec.template.spec.timeoutSeconds"],
    [
      { "allow-container-concurrency-zero": "false", "container-concurrency": "1" },
      { containerConcurrency: 0 },
      "expected 1 <= 0 <= 1000:",
    ],
    [
      { "container-concurrency-max-limit": "5" },
      { containerConcurrency: 6 },
      "expected 0 <= 6 <= 5: spec.template.spec.containerConcurrency",
    ],
  ])("its limits hold: %j", (data, spec, message) => {
    expect(() => specOf(service(spec), data)).toThrow(DENIED + message);
  });

  test.each<[Record<string, string>, string]>([
    [
      { "revision-timeout-seconds": "asdf" },
      'failed to parse "revision-timeout-seconds": strconv.ParseInt: parsing "asdf": invalid syntax',
    ],
    [{ "revision-cpu-request": "bad" }, 'failed to parse "revision-cpu-request": quantities must match the regular expression'],
    [{ "allow-container-concurrency-zero": "x" }, 'failed to parse "allow-container-concurrency-zero": strconv.ParseBool: parsing "x"'],
    [{ "revision-timeout-seconds": "700" }, "revision-timeout-seconds (700) cannot be greater than max-revision-timeout-seconds (600)"],
    [
      { "revision-response-start-timeout-seconds": "301" },
      "revision-response-start-timeout-seconds (301) cannot be greater than revision-timeout-seconds (300)",
    ],
    [
      { "revision-idle-timeout-seconds": "301" },
      "revision-idle-timeout-seconds (301) cannot be greater than revision-timeout-seconds (300)",
    ],
    [{ "container-concurrency-max-limit": "0" }, "expected 1 <= 0 <= 2147483647: container-concurrency-max-limit"],
    [{ "container-concurrency": "2000" }, "expected 0 <= 2000 <= 1000: container-concurrency"],
    [{ "container-name-template": "{{.Who}}" }, "error executing template"],
  ])("refused: %j", (data, message) => expect(() => parseDefaults(data)).toThrow(message));
});

const POD = "spec.template.spec";
/** A field that the feature opens, with what a default Knative says of it. */
const GATED: [Feature, object, string][] = [
  ["kubernetes.podspec-affinity", { affinity: { nodeAffinity: {} } }, `must not set the field(s): ${POD}.affinity`],
  ["kubernetes.podspec-dnsconfig", { dnsConfig: { searches: [] } }, `must not set the field(s): ${POD}.dnsConfig`],
  ["kubernetes.podspec-dnspolicy", { dnsPolicy: "Default" }, `must not set the field(s): ${POD}.dnsPolicy`],
  ["kubernetes.podspec-hostaliases", { hostAliases: [{ ip: "::1" }] }, `must not set the field(s): ${POD}.hostAliases`],
  ["kubernetes.podspec-hostipc", { hostIPC: true }, `must not set the field(s): ${POD}.hostIPC`],
  ["kubernetes.podspec-hostnetwork", { hostNetwork: true }, `must not set the field(s): ${POD}.hostNetwork`],
  ["kubernetes.podspec-hostpid", { hostPID: true }, `must not set the field(s): ${POD}.hostPID`],
  ["kubernetes.podspec-nodeselector", { nodeSelector: { a: "b" } }, `must not set the field(s): ${POD}.nodeSelector`],
  ["kubernetes.podspec-priorityclassname", { priorityClassName: "x" }, `must not set the field(s): ${POD}.priorityClassName`],
  ["kubernetes.podspec-runtimeclassname", { runtimeClassName: "x" }, `must not set the field(s): ${POD}.runtimeClassName`],
  ["kubernetes.podspec-schedulername", { schedulerName: "x" }, `must not set the field(s): ${POD}.schedulerName`],
  ["kubernetes.podspec-securitycontext", { securityContext: { runAsUser: 1 } }, `must not set the field(s): ${POD}.securityContext`],
  ["kubernetes.podspec-shareprocessnamespace", { shareProcessNamespace: true }, `must not set the field(s): ${POD}.shareProcessNamespace`],
  ["kubernetes.podspec-tolerations", { tolerations: [{ key: "a" }] }, `must not set the field(s): ${POD}.tolerations`],
  [
    "kubernetes.podspec-topologyspreadconstraints",
    { topologySpreadConstraints: [{ maxSkew: 1 }] },
    `must not set the field(s): ${POD}.topologySpreadConstraints`,
  ],
  [
    "kubernetes.podspec-init-containers",
    { initContainers: [{ image: "i" }] },
    `must not set the field(s): ${POD}.initContainers\npod spec support for init-containers is off, but found 1 init containers: `,
  ],
];

describe("config-features", () => {
  test.each(GATED)("%s", (feature, spec, message) => {
    expect(() => admitted(service(spec), {})).toThrow(DENIED + message);
    for (const flag of ["enabled", "Allowed"]) {
      // Init containers are taken when the feature is enabled, and only then.
      if (feature === "kubernetes.podspec-init-containers" && flag === "Allowed") continue;
      expect(admitted(service(spec), { features: parseFeatures({ [feature]: flag }) }).template.spec).toMatchObject(spec);
    }
  });

  test.each<[Feature, object, string]>([
    [
      "kubernetes.podspec-volumes-hostpath",
      { hostPath: { path: "/" } },
      `HostPath volume support is disabled, but found HostPath volume v: \nmust not set the field(s): ${POD}.volumes[0].hostPath`,
    ],
    ["kubernetes.podspec-volumes-csi", { csi: { driver: "d" } }, `must not set the field(s): ${POD}.volumes[0].csi`],
    ["kubernetes.podspec-volumes-image", { image: { reference: "i" } }, `must not set the field(s): ${POD}.volumes[0].image`],
    ["kubernetes.podspec-volumes-ephemeral", { ephemeral: { x: 1 } }, `must not set the field(s): ${POD}.volumes[0].ephemeral`],
    [
      "kubernetes.podspec-persistent-volume-claim",
      { persistentVolumeClaim: { claimName: "c", readOnly: true } },
      `Persistent volume claim support is disabled, but found persistent volume claim c: \nmust not set the field(s): ${POD}.volumes[0].persistentVolumeClaim`,
    ],
  ])("%s", (feature, source, message) => {
    const object = service({ volumes: [{ name: "v", ...source }] }, { volumeMounts: [{ name: "v", mountPath: "/v", readOnly: true }] });
    expect(() => admitted(object, {})).toThrow(DENIED + message);
    expect(() => admitted(object, { features: parseFeatures({ [feature]: "enabled" }) })).not.toThrow();
  });

  test("emptyDir and several containers can be turned off", () => {
    const empty = service({ volumes: [{ name: "v", emptyDir: {} }] }, { volumeMounts: [{ name: "v", mountPath: "/v" }] });
    expect(() => admitted(empty, { features: parseFeatures({ "kubernetes.podspec-volumes-emptydir": "disabled" }) })).toThrow(
      `${DENIED}EmptyDir volume support is disabled, but found EmptyDir volume v: \nmust not set the field(s): ${POD}.volumes[0].emptyDir`,
    );
    const two = service({ containers: [{ image: "a", ports: [{ containerPort: 80 }] }, { image: "b" }] });
    expect(() => admitted(two, { features: parseFeatures({ "multi-container": "disabled" }) })).toThrow(
      `${DENIED}multi-container is off, but found 2 containers: `,
    );
  });

  test("field references and added capabilities", () => {
    const env = service({}, { env: [{ name: "A", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } }] });
    expect(() => admitted(env, { features: parseFeatures({ "kubernetes.podspec-fieldref": "allowed" }) })).not.toThrow();
    const add = service({}, { securityContext: { capabilities: { add: ["SYS_TIME"] } } });
    expect(() => admitted(add, {})).toThrow("must not set the field(s)");
    expect(() => admitted(add, { features: parseFeatures({ "kubernetes.containerspec-addcapabilities": "enabled" }) })).not.toThrow();
  });

  test("init containers: named, without probes, no name twice", () => {
    const features = parseFeatures({ "kubernetes.podspec-init-containers": "enabled" });
    const spec = admitted(service({ initContainers: [{ image: "i" }, { image: "j" }] }), { features }).template.spec;
    expect(spec.initContainers?.map(({ name }) => name)).toEqual(["init-container-0", "init-container-1"]);
    const wrong = service(
      { initContainers: [{ image: "i", name: "user-container", livenessProbe: { exec: { command: ["x"] } } }] },
      { name: "user-container" },
    );
    expect(() => admitted(wrong, { features })).toThrow(
      `${DENIED}duplicate container name "user-container": ${POD}.containers[0].name\nfield not allowed in an init container: ${POD}.containers[0].livenessProbe`,
    );
  });

  test("secure-pod-defaults restricts what does not say", () => {
    const features = (flag: string) => parseFeatures({ "secure-pod-defaults": flag });
    const context = (flag: string, container = {}) =>
      admitted(service({}, container), { features: features(flag) }).template.spec.containers[0];
    expect(context("enabled", { ports: [{ containerPort: 80 }] })?.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      capabilities: { drop: ["ALL"], add: ["NET_BIND_SERVICE"] },
      runAsNonRoot: true,
      seccompProfile: { type: "RuntimeDefault" },
    });
    expect(context("AllowRootBounded")?.securityContext).not.toHaveProperty("runAsNonRoot");
    expect(context("disabled")).not.toHaveProperty("securityContext");
  });

  test("a word that is no flag leaves the default", () => {
    expect(parseFeatures({ "multi-container": "perhaps" })["multi-container"]).toBe("Enabled");
    expect(parseFeatures({ "multi-container": "DISABLED" })["multi-container"]).toBe("Disabled");
  });
});

describe("config-autoscaler", () => {
  const scaled = (annotation: string, value: string, data: Record<string, string>) =>
    admitted(service({}, {}, { [`autoscaling.knative.dev/${annotation}`]: value }), { scale: parseScaleLimits(data) });
  test("allows an initial scale of zero", () => {
    expect(() => scaled("initial-scale", "0", { "allow-zero-initial-scale": "true" })).not.toThrow();
  });
  test.each(["1", "t", "T", "TRUE", "True"])("takes what strconv.ParseBool does for true: %s", (value) => {
    expect(parseScaleLimits({ "allow-zero-initial-scale": value }).allowZeroInitialScale).toBe(true);
  });
  test("limits the maximum, and then there must be one", () => {
    const limit = { "max-scale-limit": "5" };
    expect(() => scaled("max-scale", "6", limit)).toThrow(
      "expected 1 <= 6 <= 5: spec.template.metadata.annotations.autoscaling.knative.dev/max-scale",
    );
    expect(() => scaled("max-scale", "0", limit)).toThrow("max-scale=0 (unlimited), must be less than 5:");
    expect(() => scaled("max-scale", "5", limit)).not.toThrow();
  });
});

describe("config-gc, config-deployment, config-observability", () => {
  test.each<[Record<string, string>, string]>([
    [{ "min-non-active-revisions": "x" }, 'failed to parse data: failed to parse "min-non-active-revisions": strconv.ParseInt'],
    [{ "min-non-active-revisions": "-1" }, "min-non-active-revisions must be non-negative, was: -1"],
    [{ "max-non-active-revisions": "-1" }, "failed to parse max-non-active-revisions: must be non-negative"],
    [
      { "min-non-active-revisions": "2", "max-non-active-revisions": "1" },
      "min-non-active-revisions(2) must be <= max-non-active-revisions(1)",
    ],
    [{ "retain-since-create-time": "2" }, 'failed to parse retain-since-create-time: time: invalid duration "2"'],
  ])("config-gc %j", (data, message) => expect(() => parseGcConfig(data)).toThrow(message));

  test("disabled is no limit", () => {
    expect(parseGcConfig({ "retain-since-create-time": "Disabled", "max-non-active-revisions": "disabled" })).toMatchObject({
      retainSinceCreate: undefined,
      maxNonActive: undefined,
      minNonActive: 20,
    });
  });

  test("deployment", () => {
    expect(parseDeployment()).toMatchObject({ progressDeadline: undefined, digestResolutionTimeout: 10_000 });
    expect(parseDeployment({ progressDeadline: "30s" }).progressDeadline).toBe(30_000);
    expect(() => parseDeployment({ "progress-deadline": "0s" })).toThrow("progress-deadline cannot be a non-positive duration, was 0s");
    expect(() => parseDeployment({ "progress-deadline": "1500ms" })).toThrow(
      "progress-deadline must be rounded to a whole second, was: 1500ms",
    );
    expect(() => parseDeployment({ "queue-sidecar-cpu-limit": "x" })).toThrow('failed to parse "queue-sidecar-cpu-limit"');
    expect([...parseDeployment({ "registries-skipping-tag-resolving": "a,b" }).registriesSkippingTagResolving]).toEqual(["a", "b"]);
  });

  test("a log URL only when it is configured", () => {
    expect(parseObservability()).toMatchObject({ revisionUrlTemplate: undefined, requestLog: undefined, varLog: false });
    expect(parseObservability({ "logging.revision-url-template": "http://l/${REVISION_UID}" }).revisionUrlTemplate).toBe(
      "http://l/${REVISION_UID}",
    );
  });
});

describe("config-observability", () => {
  const REQUEST = {
    Method: "GET",
    RequestURI: "/?a=b",
    Host: "shop.example.com",
    Proto: "HTTP/1.1",
    ContentLength: 0,
    RemoteAddr: "10.0.0.1",
    UserAgent: `"curl"`,
    Referer: "",
    Header: { "x-b3-traceid": ["abc"] },
  };
  const Revision = { Name: "shop-00001", Namespace: "team", Service: "shop", Configuration: "shop", PodName: "p", PodIP: "10.0.0.9" };
  const input = { Request: REQUEST, Response: { Code: 200, Size: 13, Latency: 0.0025 }, Revision, TraceID: "t" };
  const lineOf = (data: Record<string, string>) =>
    parseObservability({ "logging.enable-request-log": "TRUE", ...data }).requestLog?.line(input);

  test("upstream's own template gives a line of JSON", () => {
    expect(JSON.parse(lineOf({}) ?? "")).toEqual({
      httpRequest: {
        requestMethod: "GET",
        requestUrl: "/?a=b",
        requestSize: "0",
        status: 200,
        responseSize: "13",
        userAgent: '"curl"',
        remoteIp: "10.0.0.1",
        serverIp: "10.0.0.9",
        referer: "",
        latency: "0.0025s",
        protocol: "HTTP/1.1",
      },
      traceId: "t",
    });
  });
  test("header fields by Go's spelling of their names; one that was not sent is an empty list", () => {
    const template = `{{index .Request.Header "X-B3-Traceid"}} {{index .Request.Header "X-Other"}}\n`;
    expect(lineOf({ "logging.request-log-template": template })).toBe("[abc] []");
    const { requestLog } = parseObservability({ "logging.enable-request-log": "true", "logging.request-log-template": template });
    expect(requestLog?.fields).toEqual(["x-b3-traceid", "x-other"]);
  });
  test("one that fails on a request says so in its place", () => {
    expect(lineOf({ "logging.request-log-template": '{{index .Request.Header "X-Other" 0}}' })).toBe(
      "Invalid request log template: method: GET, response code: 200, latency: 0.0025, url: /?a=b",
    );
  });
  test.each<[Record<string, string>, string]>([
    [
      { "logging.request-log-template": "" },
      '"logging.enable-request-log" was set to true, but no "logging.request-log-template" was specified',
    ],
    [{ "logging.request-log-template": "{{.Request.Method" }, "template: requestLog:1: an open action"],
    [{ "logging.request-log-template": "{{.Request.TLS}}" }, "template: requestLog:1: no field .Request.TLS"],
    [{ "logging.enable-probe-request-log": "x" }, 'failed to parse "logging.enable-probe-request-log"'],
  ])("refused: %j", (data, message) => expect(() => lineOf(data)).toThrow(message));
});

describe("what the client is told", () => {
  // TestPodSpecValidation of k8s_validation_test.go, the rows of warnings.
  const INSECURE = "Kubernetes default value is insecure, Knative may default this to secure in a future release: ";
  const SECURE = { allowPrivilegeEscalation: false, runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } };
  test.each<[string, object | undefined, object | undefined, string | undefined]>([
    [
      "insecure security context default struct",
      undefined,
      undefined,
      `${INSECURE}C.allowPrivilegeEscalation, C.capabilities, C.runAsNonRoot, C.seccompProfile`,
    ],
    [
      "insecure security context default values",
      { capabilities: {} },
      { seccompProfile: {} },
      `${INSECURE}C.allowPrivilegeEscalation, C.capabilities.drop, C.runAsNonRoot, C.seccompProfile.type`,
    ],
    [
      "explicitly dangerous security context values",
      { allowPrivilegeEscalation: true, runAsNonRoot: false, capabilities: { drop: [] }, seccompProfile: { type: "Unconfined" } },
      undefined,
      undefined,
    ],
    [
      "explicitly dangerous pod security context values",
      undefined,
      { runAsNonRoot: true, seccompProfile: { type: "Unconfined" } },
      `${INSECURE}C.allowPrivilegeEscalation, C.capabilities`,
    ],
    [
      "misspelled drop all doesn't drop ALL",
      { ...SECURE, capabilities: { drop: ["all"] } },
      undefined,
      "invalid value: all: C.capabilities.drop\nMust be spelled as 'ALL'",
    ],
  ])("%s", (_, securityContext, pod, warning) => {
    const warnings: string[] = [];
    const object = service(pod ? { securityContext: pod } : {}, securityContext ? { securityContext } : {});
    const features = parseFeatures({ "kubernetes.podspec-securitycontext": "Enabled" });
    admitted(object, { features }, { warn: (text) => warnings.push(text) });
    expect(warnings.map((text) => text.replaceAll("spec.template.spec.containers[0].securityContext", "C"))).toEqual(
      warning === undefined ? [] : [warning],
    );
  });

  test("the checksum of an example is upstream's", () => {
    expect(exampleChecksum("\n a: b\r\n\n c: d \n")).toBe(exampleChecksum("a: b\n c: d"));
    // crc32 of `a\\nb`, the two characters backslash and n between the letters.
    expect(exampleChecksum("a\nb")).toBe("9fbadef3");
  });

  test("only ConfigMaps of Knative's namespace are checked", () => {
    const map = (namespace: string) => ({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "config-gc", namespace },
      data: { a: "b" },
    });
    const configCheck = () => {
      throw new Error("asked");
    };
    expect(() => admit(ConfigMaps, map("default"), { user: "ann", configCheck })).not.toThrow();
    expect(() => admit(ConfigMaps, map("knative-serving"), { user: "ann", configCheck })).toThrow("asked");
  });
});
