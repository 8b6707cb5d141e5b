import type { ConfigMap, Container, Revision, Secret } from "@ebb/kube";
import { INSTANCE_VALUES } from "@ebb/runtime";
import { describe, expect, test } from "vitest";
import { revision } from "../testing.ts";
import type { Sources } from "./environment.ts";
import { makeWorkload } from "./workload.ts";

const base64 = (text: string) => Buffer.from(text).toString("base64");
const secret: Secret = {
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name: "keys" },
  data: { token: base64("t0p"), "not a name": base64("x") },
};
const map: ConfigMap = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "settings" }, data: { color: "blue" } };
const SOURCES: Sources = {
  secret: (namespace, name) => (namespace === "team" && name === "keys" ? secret : undefined),
  configMap: (namespace, name) => (namespace === "team" && name === "settings" ? map : undefined),
  claim: () => undefined,
};

function make(container: Partial<Container>, spec: Partial<Revision["spec"]> = {}) {
  const described = revision(1, undefined, { spec: { containers: [{ image: "app", ...container }], ...spec } });
  return makeWorkload(described, SOURCES, { bundlesRoot: "/data/bundles", gatewayUrl: "http://127.0.0.1:8092" });
}
function template(container: Partial<Container>, spec?: Partial<Revision["spec"]>) {
  const made = make(container, spec);
  if ("problem" in made) throw new Error(made.problem.message);
  return made.workload.template;
}
const problem = (container: Partial<Container>, spec?: Partial<Revision["spec"]>) => {
  const made = make(container, spec);
  return "problem" in made ? made.problem : undefined;
};

describe("makeWorkload", () => {
  test("an image is an image; a bundle is found by its digest", () => {
    expect(template({ image: "ghcr.io/a/b:1" }).artifact).toEqual({ kind: "image", reference: "ghcr.io/a/b:1" });
    const digest = "ab".repeat(32);
    expect(template({ image: `bundle.ebb.local/shop@sha256:${digest}` }).artifact).toEqual({
      kind: "bundle",
      digest,
      path: `/data/bundles/sha256/${digest}`,
    });
  });

  test("a bundle without a digest, or with a path for one, is refused", () => {
    expect(problem({ image: "bundle.ebb.local/shop:latest" })?.reason).toBe("ContainerMissing");
    expect(problem({ image: "bundle.ebb.local/shop@sha256:../../../../etc" })?.reason).toBe("ContainerMissing");
  });

  test("where a program says why it ended, and what stands in for that: Knative's defaults, or what is asked for", () => {
    const said = (container: Partial<Container>) => template(container).terminationMessage;
    expect(said({})).toBeUndefined();
    expect(said({ terminationMessagePolicy: "FallbackToLogsOnError" })).toBeUndefined();
    expect(said({ terminationMessagePath: "/last", terminationMessagePolicy: "File" })).toEqual({ path: "/last", policy: "File" });
    const init = { name: "setup", image: "setup" };
    expect(template({}, { initContainers: [init] }).parts?.[0]?.terminationMessage).toEqual({ policy: "File" });
  });

  test("what its programs share; the machine's network is refused, in words", () => {
    const shared = (spec: Partial<Revision["spec"]>) => template({}, spec).namespaces;
    expect(shared({})).toBeUndefined();
    expect(shared({ shareProcessNamespace: true })).toEqual({ processes: "shared" });
    expect(shared({ hostPID: true, hostIPC: true })).toEqual({ processes: "host", ipc: "host" });
    expect(problem({}, { hostPID: true, shareProcessNamespace: true })?.message).toContain("cannot both be enabled");
    expect(problem({}, { hostNetwork: true })?.reason).toBe("HostNetworkNotSupported");
  });

  test("the environment has Knative's variables, which nobody can replace, and the way to other applications", () => {
    expect(template({ env: [{ name: "K_SERVICE", value: "mine" }] }).env).toEqual({
      K_SERVICE: "shop",
      K_CONFIGURATION: "shop",
      K_REVISION: "shop-00001",
      EBB_GATEWAY_URL: "http://127.0.0.1:8092",
    });
  });

  test("an instance finds the API where its sort can reach it, as its ServiceAccount unless it does not want to", () => {
    const apiAddress = (sort: string) => (sort === "image" ? { host: "169.254.20.10", port: 443 } : undefined);
    const made = (image: string, spec: Partial<Revision["spec"]> = {}) => {
      const described = revision(1, undefined, { spec: { containers: [{ image }], ...spec } });
      const result = makeWorkload(described, SOURCES, { bundlesRoot: "/b", apiAddress });
      if ("problem" in result) throw new Error(result.problem.message);
      return result.workload.template;
    };
    expect(made("app")).toMatchObject({
      identity: { namespace: "team", account: "default" },
      env: { KUBERNETES_SERVICE_HOST: "169.254.20.10", KUBERNETES_SERVICE_PORT: "443" },
    });
    expect(made("app", { serviceAccountName: "robot" }).identity).toEqual({ namespace: "team", account: "robot" });
    expect(made("app", { automountServiceAccountToken: true }).identity).toMatchObject({ asked: true });
    const refused = made("app", { automountServiceAccountToken: false });
    expect([refused.identity, refused.env["KUBERNETES_SERVICE_HOST"]]).toEqual([undefined, "169.254.20.10"]);
    const bundle = made(`bundle.ebb.local/shop@sha256:${"ab".repeat(32)}`);
    expect([bundle.identity, bundle.env["KUBERNETES_SERVICE_HOST"]]).toEqual([undefined, undefined]);
  });

  test("values come from Secrets and ConfigMaps, envFrom first, and $(VAR) knows what was defined before", () => {
    const { env, command, args } = template({
      envFrom: [{ secretRef: { name: "keys" }, prefix: "S_" }, { configMapRef: { name: "settings" } }],
      env: [
        { name: "TOKEN", valueFrom: { secretKeyRef: { name: "keys", key: "token" } } },
        { name: "URL", value: "http://$(TOKEN)/$(LATER)/$$(TOKEN)" },
        { name: "LATER", value: "1" },
        { name: "color", value: "red" },
        { name: "NS", valueFrom: { fieldRef: { fieldPath: "metadata.namespace" } } },
      ],
      command: ["run", "$(LATER)"],
      args: ["$(TOKEN)", "$(NOBODY)"],
    });
    expect(env).toMatchObject({ S_token: "t0p", TOKEN: "t0p", URL: "http://t0p/$(LATER)/$(TOKEN)", color: "red", NS: "team" });
    expect(Object.keys(env)).not.toContain("S_not a name");
    expect({ command, args }).toEqual({ command: ["run", "1"], args: ["t0p", "$(NOBODY)"] });
  });

  test.each<[string, Partial<Container>, string]>([
    ["a missing Secret", { envFrom: [{ secretRef: { name: "gone" } }] }, 'secret "gone" not found'],
    [
      "a missing ConfigMap",
      { env: [{ name: "A", valueFrom: { configMapKeyRef: { name: "gone", key: "a" } } }] },
      'configmap "gone" not found',
    ],
    [
      "a missing key",
      { env: [{ name: "A", valueFrom: { secretKeyRef: { name: "keys", key: "a" } } }] },
      "couldn't find key a in Secret team/keys",
    ],
    [
      "an unknown field",
      { env: [{ name: "A", valueFrom: { fieldRef: { fieldPath: "spec.restartPolicy" } } }] },
      'env[A].valueFrom.fieldRef.fieldPath: Unsupported value: "spec.restartPolicy": supported values: "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"',
    ],
    [
      "another container that is not there",
      { env: [{ name: "A", valueFrom: { resourceFieldRef: { containerName: "b", resource: "limits.cpu" } } }] },
      "container b not found",
    ],
  ])("%s is told", (_, container, message) => {
    expect(problem(container)).toEqual({ reason: "CreateContainerConfigError", message });
  });

  test("the downward API: what all instances share is filled in, what each has of its own is left to it", () => {
    const fields = ["spec.nodeName", "spec.serviceAccountName", "status.hostIP", "metadata.labels['app']"];
    const own = { name: "metadata.name", uid: "metadata.uid", ip: "status.podIP" };
    const { env, args } = template({
      name: "main",
      resources: { limits: { cpu: "1500m", memory: "64Mi" } },
      env: [
        ...fields.map((fieldPath, index) => ({ name: `F${index}`, valueFrom: { fieldRef: { fieldPath } } })),
        ...Object.entries(own).map(([name, fieldPath]) => ({ name, valueFrom: { fieldRef: { fieldPath } } })),
        { name: "CPU", valueFrom: { resourceFieldRef: { resource: "limits.cpu" } } },
        { name: "MEMORY", valueFrom: { resourceFieldRef: { containerName: "main", resource: "requests.memory", divisor: "1Mi" } } },
        { name: "ME", value: "$(name)@$(ip)" },
      ],
      args: ["--id=$(uid)"],
    });
    const { id, uid, address } = INSTANCE_VALUES;
    expect(env).toMatchObject({ F0: "ebb", F1: "default", F2: "127.0.0.1", F3: "shop-00001", CPU: "2", MEMORY: "64" });
    expect(env).toMatchObject({ name: id, uid, ip: address, ME: `${id}@${address}` });
    expect(args).toEqual([`--id=${uid}`]);
  });

  test("what is optional may be missing", () => {
    const { env } = template({
      envFrom: [{ secretRef: { name: "gone", optional: true } }],
      env: [{ name: "A", valueFrom: { secretKeyRef: { name: "keys", key: "a", optional: true } } }],
    });
    expect(env).not.toHaveProperty("A");
  });

  test("port, protocol, limits, grace", () => {
    const made = template(
      { ports: [{ name: "h2c", containerPort: 9000 }], resources: { limits: { cpu: "500m", memory: "64Mi" }, requests: { cpu: "4" } } },
      { timeoutSeconds: 30 },
    );
    expect(made).toMatchObject({
      port: 9000,
      protocol: "h2c",
      resources: { cpuMillis: 500, memoryBytes: 67_108_864, cpuRequestMillis: 4000 },
      terminationGraceSeconds: 30,
    });
    // As Go's clients write a port that has but a name.
    expect(template({ ports: [{ name: "h2c", containerPort: 0 }] })).toMatchObject({ port: 8080, protocol: "h2c" });
    expect(template({})).toMatchObject({ port: 8080, protocol: "http1", resources: {}, terminationGraceSeconds: 300 });
  });

  test("readiness is Knative's aggressive TCP probe unless told otherwise", () => {
    expect(template({}).readiness).toMatchObject({ tcp: {}, periodSeconds: 0 });
    expect(template({ readinessProbe: { tcpSocket: { port: 0 }, successThreshold: 1 } }).readiness).toMatchObject({
      tcp: {},
      periodSeconds: 0,
    });
    const http = { httpGet: { path: "/ok", port: 9001, httpHeaders: [{ name: "X", value: "1" }] }, periodSeconds: 5, timeoutSeconds: 2 };
    expect(template({ readinessProbe: http }).readiness).toEqual({
      http: { path: "/ok", port: 9001, headers: { X: "1" } },
      initialDelaySeconds: 0,
      periodSeconds: 5,
      timeoutSeconds: 2,
      successThreshold: 1,
      failureThreshold: 3,
    });
  });

  test.each<[scheme: string | undefined, http: object]>([
    [undefined, {}],
    ["http", {}],
    ["HTTPS", { tls: true }],
    ["https", { tls: true }],
  ])("a probe's scheme %s", (scheme, more) => {
    const httpGet = { path: "/ok", ...(scheme === undefined ? {} : { scheme }) };
    expect(template({ readinessProbe: { httpGet } }).readiness?.http).toEqual({ path: "/ok", headers: {}, ...more });
  });

  test("liveness and startup probes are only there when asked for", () => {
    expect(template({})).not.toHaveProperty("liveness");
    const livenessProbe = { httpGet: { path: "/" } };
    expect(template({ livenessProbe }).liveness).toMatchObject({ periodSeconds: 10, initialDelaySeconds: 0 });
    expect(template({ startupProbe: { tcpSocket: {}, periodSeconds: 5, failureThreshold: 12 } }).startup).toMatchObject({
      periodSeconds: 5,
      failureThreshold: 12,
    });
  });

  test("containers beside the one that serves, and those before it, are its parts, each with what is its own", () => {
    const made = template(
      {},
      {
        volumes: [{ name: "shared", emptyDir: {} }],
        initContainers: [{ name: "first", image: "setup", args: ["$(A)"], env: [{ name: "A", value: "1" }] }],
        containers: [
          {
            name: "log",
            image: "fluent",
            volumeMounts: [{ name: "shared", mountPath: "/in" }],
            readinessProbe: { tcpSocket: { port: 99 } },
          },
          { name: "app", image: "app", ports: [{ containerPort: 8888 }], resources: { limits: { memory: "1Mi" } } },
        ],
      },
    );
    expect(made).toMatchObject({
      artifact: { reference: "app" },
      port: 8888,
      resources: { memoryBytes: 2 ** 20 },
      volumes: [{ name: "shared" }],
    });
    const [first, log] = made.parts ?? [];
    expect(first).toEqual({
      name: "first",
      role: "init",
      terminationMessage: { policy: "File" },
      artifact: { kind: "image", reference: "setup" },
      args: ["1"],
      env: { A: "1", EBB_GATEWAY_URL: "http://127.0.0.1:8092" },
      resources: {},
    });
    expect(log).toMatchObject({
      name: "log",
      role: "sidecar",
      env: { K_REVISION: "shop-00001" },
      readiness: { tcp: { port: 99 } },
      mounts: [{ volume: "shared", path: "/in" }],
    });
    expect(log?.env).not.toHaveProperty("PORT");
  });

  test("what cannot be run says so", () => {
    const bundle = `bundle.ebb.local/shop@sha256:${"ab".repeat(32)}`;
    expect(problem({ image: bundle, volumeMounts: [{ name: "v", mountPath: "/v" }] })?.reason).toBe("VolumesNotSupported");
    const serving = { image: "a", ports: [{ containerPort: 1 }] };
    expect(problem({}, { containers: [{ ...serving, image: bundle }, { image: "b" }] })?.reason).toBe("MultiContainerNotSupported");
    expect(problem({}, { containers: [serving, { name: "b", image: bundle }] })?.reason).toBe("MultiContainerNotSupported");
    const missing = { name: "b", image: "b", envFrom: [{ secretRef: { name: "none" } }] };
    expect(problem({}, { containers: [serving, missing] })?.message).toBe('secret "none" not found');
  });

  test("instances carry the Revision's labels but those that change while it lives", () => {
    const described = revision(1, undefined, { labels: { team: "a", "serving.knative.dev/routingState": "active" } });
    const made = makeWorkload(described, SOURCES, { bundlesRoot: "/b" });
    expect("workload" in made ? made.workload.template.labels : {}).toEqual({
      team: "a",
      app: "shop-00001",
      "serving.knative.dev/configuration": "shop",
      "serving.knative.dev/configurationGeneration": "1",
      "serving.knative.dev/service": "shop",
      "serving.knative.dev/revision": "shop-00001",
      "serving.knative.dev/revisionUID": "revision-1",
    });
  });
});
