import { ALL_KINDS, schemaOf } from "@ebb/kube";
import { describe, expect, test } from "vitest";
import { connectKubectl, findKubectl } from "./testing/kubectl.ts";
import { startServer } from "./testing/server.ts";

const labels = { app: "shop" };
const selector = { matchLabels: labels };
const containers = [{ name: "web", image: "example.com/web:1", ports: [{ containerPort: 80 }] }];
const template = { metadata: { labels }, spec: { containers } };
const once = { spec: { containers: [{ name: "c", image: "i" }], restartPolicy: "Never" } };
const backend = { service: { name: "shop", port: { number: 80 } } };
const named = (apiVersion: string, kind: string, fields: object) => ({ apiVersion, kind, metadata: { name: "shop" }, ...fields });

/** What one chart of an application brings. */
const APP = [
  named("v1", "Service", { spec: { selector: labels, ports: [{ port: 80 }] } }),
  named("apps/v1", "Deployment", { spec: { replicas: 2, selector, template } }),
  named("apps/v1", "StatefulSet", { spec: { serviceName: "shop", replicas: 2, selector, template } }),
  named("apps/v1", "DaemonSet", { spec: { selector, template } }),
  named("batch/v1", "Job", { spec: { template: once } }),
  named("batch/v1", "CronJob", { spec: { schedule: "0 3 * * *", timeZone: "Asia/Shanghai", jobTemplate: { spec: { template: once } } } }),
  named("policy/v1", "PodDisruptionBudget", { spec: { minAvailable: "50%", selector } }),
  named("networking.k8s.io/v1", "NetworkPolicy", { spec: { podSelector: selector, ingress: [{ from: [{ podSelector: {} }] }] } }),
  named("networking.k8s.io/v1", "Ingress", {
    spec: {
      ingressClassName: "nginx",
      rules: [{ host: "shop.example.com", http: { paths: [{ path: "/", pathType: "Prefix", backend }] } }],
      tls: [{ hosts: ["shop.example.com"], secretName: "tls" }],
    },
  }),
  named("networking.k8s.io/v1", "IngressClass", { spec: { controller: "example.com/ingress" } }),
  named("scheduling.k8s.io/v1", "PriorityClass", { value: 7 }),
  named("node.k8s.io/v1", "RuntimeClass", { handler: "runc" }),
];

describe.skipIf(!findKubectl())("the kinds of a whole application", () => {
  test("apply takes all of it, says what nothing acts on, and changes nothing the second time", async () => {
    const { kubectl, both, file } = await connectKubectl();
    const path = await file("app.json", ...APP);
    const first = await both("apply", "-f", path);
    expect(first.stdout.match(/ created$/gm)).toHaveLength(APP.length);
    expect(first.stderr).toContain("Warning: CronJob is stored, but nothing acts on it: no Job is made at its times.");
    const silent = ["PodDisruptionBudget"];
    expect(first.stderr.match(/^Warning: /gm)).toHaveLength(APP.length - silent.length);
    expect((await kubectl("apply", "-f", path)).match(/ unchanged$/gm)).toHaveLength(APP.length);
    expect(await kubectl("diff", "-f", path)).toBe("");

    const shown = await kubectl("get", "sts,ds,job,cj,pdb,netpol,ing,ingressclass,pc,runtimeclass,rc", "-o", "wide");
    const rows = shown.split("\n").map((line) => line.replaceAll(/ {3,}/g, " | ").replace(/ \| \d+s\b/, " | AGE"));
    expect(rows).toEqual(
      expect.arrayContaining([
        "statefulset.apps/shop | 0/2 | AGE | web | example.com/web:1",
        expect.stringMatching(/^daemonset.apps\/shop \| 0 \| .* \| <none> \| AGE \| web \| example.com\/web:1 \| app=shop$/),
        expect.stringMatching(/^job.batch\/shop \| Pending \| 0\/1 \| AGE/),
        expect.stringMatching(/^cronjob.batch\/shop \| 0 3 \* \* \* \| Asia\/Shanghai \| False \| 0 \| <none> \| AGE/),
        "poddisruptionbudget.policy/shop | 50% | N/A | 0 | AGE",
        "networkpolicy.networking.k8s.io/shop | app=shop | AGE",
        expect.stringMatching(/^ingress.networking.k8s.io\/shop \| nginx \| shop.example.com \| (\| )?80, 443 \| AGE$/),
        "ingressclass.networking.k8s.io/shop | example.com/ingress | <none> | AGE",
        "priorityclass.scheduling.k8s.io/shop | 7 | false | AGE | PreemptLowerPriority",
      ]),
    );
  }, 30_000);

  test("create sends them as protobuf, scale and strategic patches act on what is stored, describe and explain read it", async () => {
    const { kubectl, server, file } = await connectKubectl();
    await kubectl("create", "job", "j", "--image=i", "--", "true");
    await kubectl("create", "cronjob", "c", "--image=i", "--schedule=@daily");
    await kubectl("create", "ingress", "i", "--rule=a.example.com/x*=web:80,tls=t", "--class=nginx");
    await kubectl("create", "poddisruptionbudget", "p", "--selector=app=a", "--max-unavailable=0");
    await kubectl("create", "priorityclass", "low", "--value=0", "--preemption-policy=Never");
    const read = async (path: string) => (await server.call("GET", path)).body;
    expect(await read("/apis/batch/v1/namespaces/default/jobs/j")).toMatchObject({
      spec: { template: { spec: { restartPolicy: "Never", containers: [{ command: ["true"] }] } } },
    });
    expect((await read("/apis/networking.k8s.io/v1/namespaces/default/ingresses/i")).spec).toEqual({
      ingressClassName: "nginx",
      rules: [
        {
          host: "a.example.com",
          http: { paths: [{ path: "/x", pathType: "Prefix", backend: { service: { name: "web", port: { number: 80 } } } }] },
        },
      ],
      tls: [{ hosts: ["a.example.com"], secretName: "t" }],
    });
    expect((await read("/apis/policy/v1/namespaces/default/poddisruptionbudgets/p")).spec).toMatchObject({ maxUnavailable: 0 });
    expect(await read("/apis/scheduling.k8s.io/v1/priorityclasses/low")).toMatchObject({ value: 0, preemptionPolicy: "Never" });

    const set = named("apps/v1", "StatefulSet", { spec: { serviceName: "shop", selector, template } });
    await kubectl("apply", "--server-side", "-f", await file("s.json", set));
    await kubectl("scale", "statefulset", "shop", "--replicas=3");
    await kubectl("set", "image", "statefulset/shop", "web=example.com/web:2");
    expect(await read("/apis/apps/v1/namespaces/default/statefulsets/shop")).toMatchObject({
      spec: {
        replicas: 3,
        template: { spec: { containers: [{ name: "web", image: "example.com/web:2", ports: [{ containerPort: 80 }] }] } },
      },
    });
    expect(await kubectl("describe", "ingress", "i")).toContain("web:80");
    expect(await kubectl("explain", "networkpolicy.spec.ingress.from.ipBlock.cidr")).toContain("FIELD: cidr <string>");
  }, 30_000);
});

test("every kind of Kubernetes that is served has a schema of its own", async () => {
  const without = ALL_KINDS.filter((kind) => kind.builtIn && schemaOf(kind).properties === undefined).map(
    ({ group, kind }) => `${group}/${kind}`,
  );
  expect(without).toEqual([]);
  const { call } = await startServer();
  const reply = await call("POST", "/apis/policy/v1/namespaces/default/poddisruptionbudgets?fieldValidation=Strict", {
    body: named("policy/v1", "PodDisruptionBudget", { spec: { minAvalable: 1 } }),
  });
  expect(reply.body.message).toBe('strict decoding error: unknown field "spec.minAvalable"');
});

test("a StatefulSet with claims can be written back as it was read, also where unknown fields are refused", async () => {
  const { call } = await startServer();
  const path = "/apis/apps/v1/namespaces/default/statefulsets";
  const claims = [{ metadata: { name: "d" }, spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } } }];
  const set = named("apps/v1", "StatefulSet", { spec: { serviceName: "shop", selector, template, volumeClaimTemplates: claims } });
  const { body } = await call("POST", path, { body: set });
  expect(body.spec.volumeClaimTemplates[0]).toMatchObject({ apiVersion: "v1", kind: "PersistentVolumeClaim" });
  expect((await call("PUT", `${path}/shop?fieldValidation=Strict&fieldManager=other`, { body })).body).toEqual(body);
});
