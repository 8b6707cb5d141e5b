import { spawn } from "node:child_process";
import { once } from "node:events";
import { eventually } from "@ebb/testkit";
import { describe, expect, test } from "vitest";
import { connectKubectl as connect, findKubectl, KUBECTL } from "./testing/kubectl.ts";
import { configMap, ksvc } from "./testing/server.ts";

describe.skipIf(!findKubectl())("kubectl", () => {
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
    expect(await fails("debug", "p", "--image=i")).toContain(
      'ephemeral containers are disabled for this cluster (error from server: "no container can be added to an instance: look into it with kubectl exec")',
    );
    expect(await kubectl("get", "pods")).toMatch(/p\s+0\/1\s+Pending\s+0/);
    await kubectl("wait", "pod/p", "--for=condition=PodScheduled=false", "--timeout=20s");
    expect(await kubectl("describe", "pod", "p")).toMatch(/QoS Class:\s+BestEffort/);
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

  test("top shows what Pods and the Node use", async () => {
    const used = { cores: 0.25, memoryBytes: 512 * 1024 * 1024, windowMs: 15_000 };
    const measure = {
      pods: async (pods: readonly { name: string }[]) => new Map(pods.map(({ name }) => [name, used])),
      nodes: async (names: readonly string[]) => new Map(names.map((name) => [name, used])),
    };
    const { kubectl, server } = await connect({ measure });
    const capacity = { cpu: "2", memory: "2Gi" };
    const node = { apiVersion: "v1", kind: "Node", metadata: { name: "ebb" }, status: { capacity, allocatable: capacity } };
    await server.call("POST", "/api/v1/nodes", { body: node });
    await server.call("PUT", "/api/v1/nodes/ebb/status", { body: node });
    const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "p" }, spec: { containers: [{ name: "c", image: "i" }] } };
    await server.call("POST", "/api/v1/namespaces/default/pods", { body: pod });
    expect(await kubectl("top", "node")).toMatch(/ebb\s+250m\s+12%\s+512Mi\s+25%/);
    expect(await kubectl("top", "pod", "--containers")).toMatch(/p\s+c\s+250m\s+512Mi/);
    expect(await kubectl("get", "pods.metrics.k8s.io")).toMatch(/NAME\s+CPU\s+MEMORY\s+WINDOW\np\s+250000000n\s+524288Ki\s+15s/);
    expect(await kubectl("get", "pods", "-o", "name")).toBe("pod/p");
    expect(await kubectl("explain", "podmetrics.containers")).toContain("usage");
  });

  test("explain says what Kubernetes' documentation says, by the names of its types", async () => {
    const { kubectl } = await connect();
    const pod = await kubectl("explain", "pod");
    expect(pod).toContain("Pod is a collection of containers that can run on a host.");
    expect(pod).toMatch(/spec\t<PodSpec>\n\s+PodSpec is a description of a pod\./);
    expect(await kubectl("explain", "deploy.spec.template.spec.containers.image")).toContain("Container image name.");
    expect(await kubectl("explain", "deploy.spec.replicas")).toContain("FIELD: replicas <integer>");
    expect(await kubectl("explain", "pod", "--recursive")).toMatch(/limits\t<map\[string\]Quantity>/);
    expect(await kubectl("explain", "ksvc.metadata.labels")).toContain("Map of string keys and values");
  });

  test("autoscale speaks autoscaling/v1, and get and describe v2", async () => {
    const { kubectl, file } = await connect();
    await kubectl("apply", "-f", await file("d.json", deployment(1, "i")));
    expect(await kubectl("autoscale", "deploy/d", "--min=2", "--max=3", "--cpu-percent=70")).toContain("autoscaled");
    expect(await kubectl("get", "hpa")).toMatch(/d\s+Deployment\/d\s+cpu: <unknown>\/70%\s+2\s+3\s+0/);
    expect(
      await kubectl("get", "horizontalpodautoscalers.v1.autoscaling", "d", "-o", "jsonpath={.spec.targetCPUUtilizationPercentage}"),
    ).toBe("70");
    expect(await kubectl("describe", "hpa", "d")).toContain("resource cpu on pods  (as a percentage of request):  <unknown> / 70%");
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

  const deployment = (replicas: number, image: string) => ({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "d" },
    spec: {
      replicas,
      selector: { matchLabels: { app: "d" } },
      template: { metadata: { labels: { app: "d" } }, spec: { containers: [{ name: "c", image, ports: [{ containerPort: 80 }] }] } },
    },
  });

  test("apply --server-side: owns, refuses what another owns, takes it by force, and takes over from apply without it", async () => {
    const { kubectl, fails, file } = await connect();
    const apply = async (object: object, ...flags: string[]) => ["apply", "--server-side", "-f", await file("x.json", object), ...flags];
    expect(await kubectl(...(await apply(deployment(1, "a"))))).toBe("deployment.apps/d serverside-applied");
    const refused = await fails(...(await apply(deployment(2, "a"), "--field-manager=other")));
    expect(refused).toContain('Apply failed with 1 conflict: conflict with "kubectl": .spec.replicas');
    await kubectl(...(await apply(deployment(2, "a"), "--field-manager=other", "--force-conflicts")));
    const shown = await kubectl("get", "deploy", "d", "-o", "yaml", "--show-managed-fields");
    expect(shown).toContain('k:{"containerPort":80,"protocol":"TCP"}');
    expect(shown).toMatch(/manager: other\n\s+operation: Apply/);
    expect(await kubectl("get", "deploy", "d", "-o", "yaml")).not.toContain("managedFields");

    await kubectl("apply", "-f", await file("s.json", ksvc("s", { timeoutSeconds: 9 })));
    await kubectl("apply", "--server-side", "-f", await file("s.json", ksvc("s", { timeoutSeconds: 8 })));
    const managers = "jsonpath={range .metadata.managedFields[*]}{.manager} {.operation}{'\\n'}{end}";
    expect(await kubectl("get", "ksvc", "s", "--show-managed-fields", "-o", managers)).toMatch(/^kubectl Apply$/m);
    await kubectl("apply", "--server-side", "-f", await file("s.json", ksvc("s")));
    expect(await kubectl("get", "ksvc", "s", "-o", "jsonpath={.spec.template.spec.timeoutSeconds}")).toBe("300");
  });

  test("apply takes out what another strategy, or another source of a volume, leaves behind", async () => {
    const { kubectl, file } = await connect();
    const apply = async (strategy: object, volume: object) => {
      const { spec, ...rest } = deployment(1, "a") as { spec: { template: { spec: object } } };
      const pod = { ...spec.template.spec, volumes: [{ name: "v", ...volume }] };
      const template = { ...spec.template, spec: pod };
      await kubectl("apply", "-f", await file("x.json", { ...rest, spec: { ...spec, strategy, template } }));
      return kubectl("get", "deploy", "d", "-o", "jsonpath={.spec.strategy} {.spec.template.spec.volumes}");
    };
    expect(await apply({ type: "RollingUpdate" }, { emptyDir: {} })).toContain("maxSurge");
    const after = await apply({ type: "Recreate" }, { hostPath: { path: "/data" } });
    expect(after).toMatch(
      /^{"type":"Recreate"} \[{"hostPath":{"path":"\/data".*"name":"v"}\]$|^{"type":"Recreate"} \[{"name":"v","hostPath":{"path":"\/data".*}\]$/,
    );
  });

  test("diff shows what an apply would change, on either side, and changes nothing", async () => {
    const { kubectl, differs, file } = await connect();
    const path = await file("x.json", deployment(1, "a"));
    await kubectl("apply", "-f", path);
    expect(await kubectl("diff", "-f", path)).toBe("");
    const changed = await file("y.json", deployment(3, "b"));
    expect(await differs("diff", "-f", changed)).toMatch(/-  replicas: 1\n\+  replicas: 3/);
    expect(await differs("diff", "--server-side", "--force-conflicts", "-f", changed)).toMatch(/-\s+- image: a\n\+\s+- image: b/);
    await kubectl("apply", "-f", await file("s.json", ksvc("s")));
    expect(await differs("diff", "-f", await file("s.json", ksvc("s", { timeoutSeconds: 7 })))).toMatch(/\+\s+timeoutSeconds: 7/);
    expect(await kubectl("get", "deploy", "d", "-o", "jsonpath={.spec.replicas}")).toBe("1");
  });

  test("edit, scale, set image, label by strategic patch; describe and explain of kinds of either sort", async () => {
    const { kubectl, edit, file } = await connect();
    await kubectl("apply", "-f", await file("d.json", deployment(1, "a")), "-f", await file("s.json", ksvc("s")));
    await kubectl("apply", "-f", await file("m.json", configMap("m", { key: "before" })));
    expect(await edit("sed -i s/before/after/", "configmap", "m")).toBe("configmap/m edited");
    expect(await edit("sed -i s/timeoutSeconds:.300/timeoutSeconds:\\ 12/", "ksvc", "s")).toBe("service.serving.knative.dev/s edited");
    expect(await kubectl("get", "cm", "m", "-o", "jsonpath={.data.key}")).toBe("after");
    expect(await kubectl("get", "ksvc", "s", "-o", "jsonpath={.spec.template.spec.timeoutSeconds}")).toBe("12");
    expect(await kubectl("scale", "deployment", "d", "--replicas=4", "--current-replicas=1")).toBe("deployment.apps/d scaled");
    await kubectl("set", "image", "deployment/d", "c=b");
    const spec =
      "jsonpath={.spec.replicas} {.spec.template.spec.containers[*].image} {.spec.template.spec.containers[*].ports[*].containerPort}";
    expect(await kubectl("get", "deploy", "d", "-o", spec)).toBe("4 b 80");
    expect(await kubectl("describe", "deployment", "d")).toMatch(/Replicas:\s+4 desired/);
    expect(await kubectl("explain", "deployment.spec.strategy")).toContain("rollingUpdate");
    expect(await kubectl("explain", "pod.spec.containers.resources", "--recursive")).toContain("<map[string]Quantity>");
    expect(await kubectl("api-resources", "--api-group=apps", "--no-headers")).toMatch(
      /^deployments\s+deploy\s+apps\/v1\s+true\s+Deployment$/m,
    );
    expect(await kubectl("delete", "deploy/d", "cm/m", "ksvc/s", "--wait")).toContain('configmap "m" deleted');
  });
});
