import { execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import {
  CoreV1Api,
  CustomObjectsApi,
  KubeConfig,
  KubernetesObjectApi,
  makeInformer,
  Watch,
  type V1ConfigMap,
} from "@kubernetes/client-node";
import { eventually } from "@ebb/testkit";
import { describe, expect, onTestFinished, test } from "vitest";
import { ksvc, startServer, type TestServer } from "./testing/server.ts";

describe("@kubernetes/client-node", () => {
  async function connect(): Promise<{ server: TestServer; config: KubeConfig; core: CoreV1Api }> {
    const server = await startServer();
    const config = new KubeConfig();
    config.loadFromString(server.kubeconfig);
    return { server, config, core: config.makeApiClient(CoreV1Api) };
  }
  const map = (name: string, data = {}): V1ConfigMap => ({ apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data });

  test("creates, reads, lists, replaces and deletes core kinds", async () => {
    const { core } = await connect();
    const created = await core.createNamespacedConfigMap({ namespace: "default", body: map("a", { k: "1" }) });
    expect(created.metadata?.creationTimestamp).toBeInstanceOf(Date);
    const replaced = await core.replaceNamespacedConfigMap({
      namespace: "default",
      name: "a",
      body: Object.assign(created, { data: { k: "2" } }),
    });
    expect(replaced.data).toEqual({ k: "2" });
    expect((await core.listNamespacedConfigMap({ namespace: "default" })).items).toHaveLength(1);
    await core.deleteNamespacedConfigMap({ namespace: "default", name: "a" });
    await expect(core.readNamespacedConfigMap({ namespace: "default", name: "a" })).rejects.toMatchObject({ code: 404 });
  });

  test("custom objects: create, patch, the status of a failure", async () => {
    const { config } = await connect();
    const custom = config.makeApiClient(CustomObjectsApi);
    const at = { group: "serving.knative.dev", version: "v1", namespace: "default", plural: "services" };
    await custom.createNamespacedCustomObject({ ...at, body: ksvc("a") });
    const body = [{ op: "add", path: "/metadata/labels", value: { a: "b" } }];
    expect(await custom.patchNamespacedCustomObject({ ...at, name: "a", body })).toMatchObject({ metadata: { labels: { a: "b" } } });
    await expect(custom.createNamespacedCustomObject({ ...at, body: ksvc("a") })).rejects.toMatchObject({
      code: 409,
      body: expect.stringContaining("already exists"),
    });
  });

  test("KubernetesObjectApi finds kinds by discovery", async () => {
    const { config } = await connect();
    const objects = KubernetesObjectApi.makeApiClient(config);
    const service = { ...ksvc("a"), metadata: { name: "a", namespace: "default" } };
    await objects.create(service);
    expect(
      await objects.read({ apiVersion: "serving.knative.dev/v1", kind: "Service", metadata: { name: "a", namespace: "default" } }),
    ).toMatchObject({
      spec: { traffic: [{ latestRevision: true, percent: 100 }] },
    });
  });

  test("an informer follows from what is there to what happens", async () => {
    const { config, core } = await connect();
    await core.createNamespacedConfigMap({ namespace: "default", body: map("a") });
    const informer = makeInformer(config, "/api/v1/namespaces/default/configmaps", () =>
      core.listNamespacedConfigMap({ namespace: "default" }),
    );
    const seen: string[] = [];
    for (const verb of ["add", "update", "delete"] as const) informer.on(verb, (object) => seen.push(`${verb} ${object.metadata?.name}`));
    await informer.start();
    onTestFinished(() => informer.stop());
    await core.createNamespacedConfigMap({ namespace: "default", body: map("b") });
    await core.deleteNamespacedConfigMap({ namespace: "default", name: "a" });
    await eventually(() => seen.includes("delete a"));
    expect(seen).toEqual(["add a", "add b", "delete a"]);
  });

  test("a watch with a selector", async () => {
    const { config, core } = await connect();
    const seen: string[] = [];
    const watch = await new Watch(config).watch(
      "/api/v1/namespaces/default/configmaps",
      { fieldSelector: "metadata.name=b" },
      (phase, object: V1ConfigMap) => seen.push(`${phase} ${object.metadata?.name}`),
      () => undefined,
    );
    onTestFinished(() => watch.abort());
    for (const name of ["a", "b", "c"]) await core.createNamespacedConfigMap({ namespace: "default", body: map(name) });
    await eventually(() => seen.length > 0);
    expect(seen).toEqual(["ADDED b"]);
  });
});

const KUBECTL = "kubectl";

function findKubectl(): boolean {
  try {
    execFileSync(KUBECTL, ["version", "--client"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
const kubectlIsThere = findKubectl();
if (!kubectlIsThere) process.stderr.write("skipped: the tests with kubectl, as there is none on the PATH (Debian has no package of it)\n");

describe.skipIf(!kubectlIsThere)("kubectl", () => {
  async function connect() {
    const server = await startServer({
      podLogs: async function* lines() {
        yield { time: 0, stream: "stdout", text: "hello" };
      },
    });
    const path = join(server.folder, "kubeconfig");
    await writeFile(path, server.kubeconfig);
    const base = ["--kubeconfig", path, "--cache-dir", join(server.folder, "cache")];
    const run = (...args: string[]) => promisify(execFile)(KUBECTL, [...base, ...args], { timeout: 20_000 });
    return {
      server,
      base,
      kubectl: async (...args: string[]) => (await run(...args)).stdout.trim(),
      fails: async (...args: string[]) => String(((await run(...args).catch((error: unknown) => error)) as { stderr?: string }).stderr),
      async file(name: string, object: object) {
        await writeFile(join(server.folder, name), JSON.stringify(object));
        return join(server.folder, name);
      },
    };
  }

  test("the life of a Service: apply, get, describe, label, patch, edit, delete", async () => {
    const { kubectl, file } = await connect();
    const manifest = await file("a.json", ksvc("a"));
    expect(await kubectl("apply", "-f", manifest)).toBe("service.serving.knative.dev/a created");
    await kubectl("apply", "-f", manifest);
    expect(await kubectl("get", "ksvc", "a", "-o", "jsonpath={.metadata.generation}")).toBe("1");
    expect(await kubectl("get", "ksvc")).toMatch(/^NAME\s+URL\s+LATESTCREATED\s+LATESTREADY\s+READY\s+REASON\s+AGE\na\s/);
    expect(await kubectl("describe", "ksvc", "a")).toContain("serving.knative.dev/creator: ann");
    await kubectl("label", "ksvc", "a", "x=y");
    await kubectl("patch", "ksvc", "a", "--type", "merge", "-p", '{"spec":{"template":{"spec":{"timeoutSeconds":9}}}}');
    expect(await kubectl("get", "ksvc", "-l", "x=y", "-o", "jsonpath={.items[0].spec.template.spec.timeoutSeconds}")).toBe("9");
    expect(await kubectl("explain", "ksvc.spec.traffic.percent")).toContain("FIELD: percent");
    expect(await kubectl("delete", "ksvc", "a")).toContain("deleted");
  });

  test("wait sees a condition come; delete waits for finalizers", async () => {
    const { kubectl, file, base, server } = await connect();
    await kubectl("apply", "-f", await file("a.json", ksvc("a", {}, { finalizers: ["x.io/hold"] })));
    const wait = spawn(KUBECTL, [...base, "wait", "ksvc/a", "--for=condition=Ready", "--timeout=20s"]);
    const waited = once(wait, "exit");
    const path = "/apis/serving.knative.dev/v1/namespaces/default/services/a";
    const { body } = await server.call("GET", path);
    await server.call("PUT", `${path}/status`, { body: { ...body, status: { conditions: [{ type: "Ready", status: "True" }] } } });
    expect(await waited).toEqual([0, null]);
    const deletion = spawn(KUBECTL, [...base, "delete", "ksvc", "a"]);
    const deleted = once(deletion, "exit");
    await eventually(async () => (await server.call("GET", path)).body.metadata.deletionTimestamp);
    await server.call("PATCH", path, { type: "application/merge-patch+json", body: { metadata: { finalizers: null } } });
    expect(await deleted).toEqual([0, null]);
  });

  test("logs, namespaces, core kinds, and refusals in Knative's words", async () => {
    const { kubectl, fails, file } = await connect();
    const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "p" }, spec: { containers: [{ name: "c", image: "i" }] } };
    await kubectl("apply", "-f", await file("pod.json", pod));
    expect(await kubectl("logs", "p")).toBe("hello");
    expect(await kubectl("get", "pods")).toMatch(/p\s+0\/1\s+Pending\s+0/);
    await kubectl("apply", "-f", await file("ns.json", { apiVersion: "v1", kind: "Namespace", metadata: { name: "n" } }));
    await kubectl(
      "apply",
      "-n",
      "n",
      "-f",
      await file("cm.json", { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "m" }, data: { a: "b" } }),
    );
    await kubectl("delete", "namespace", "n");
    expect(await kubectl("get", "configmaps", "-n", "n", "-o", "name")).toBe("");
    expect(await fails("apply", "-f", await file("bad.json", ksvc("b", { timeoutSeconds: 601 })))).toContain(
      "validation failed: expected 0 <= 601 <= 600: spec.template.spec.timeoutSeconds",
    );
    expect(await fails("apply", "-f", await file("typo.json", ksvc("b", { timeout: 1 })))).toContain(
      'unknown field "spec.template.spec.timeout"',
    );
    expect(await kubectl("auth", "whoami", "-o", "jsonpath={.status.userInfo.username}")).toBe("ann");
  });

  test("create sends protobuf for Kubernetes' own kinds", async () => {
    const { kubectl, server } = await connect();
    await kubectl("create", "namespace", "n");
    await kubectl("create", "configmap", "m", "-n", "n", "--from-literal=a=b");
    await kubectl("create", "secret", "generic", "s", "-n", "n", "--from-literal=p=w");
    await kubectl("create", "serviceaccount", "robot", "-n", "n");
    await kubectl("create", "service", "clusterip", "c", "-n", "n", "--tcp=80:8080");
    await kubectl("create", "deployment", "d", "-n", "n", "--image=example.com/app", "--replicas=0", "--port=8080");
    const { body: map } = await server.call("GET", "/api/v1/namespaces/n/configmaps/m");
    expect(map).toMatchObject({ data: { a: "b" }, metadata: { name: "m", namespace: "n" } });
    expect((await server.call("GET", "/api/v1/namespaces/n/secrets/s")).body).toMatchObject({ data: { p: "dw==" }, type: "Opaque" });
    const { body: service } = await server.call("GET", "/api/v1/namespaces/n/services/c");
    expect(service.spec).toMatchObject({
      ports: [{ name: "80-8080", port: 80, protocol: "TCP", targetPort: 8080 }],
      selector: { app: "c" },
      type: "ClusterIP",
    });
    const { body: deployment } = await server.call("GET", "/apis/apps/v1/namespaces/n/deployments/d");
    expect(deployment.spec).toMatchObject({
      replicas: 0,
      selector: { matchLabels: { app: "d" } },
      template: { metadata: { labels: { app: "d" } }, spec: { containers: [{ name: "app", ports: [{ containerPort: 8080 }] }] } },
    });
  });
});
