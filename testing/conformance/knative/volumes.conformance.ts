import type { ConfigMap, KnativeService, PersistentVolumeClaim, Revision, Secret, Volume } from "@ebb/kube";
import { eventually } from "@ebb/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeService, named } from "./objects.ts";
import { conditionOf, settled, type Target } from "./target.ts";

const base64 = (text: string) => Buffer.from(text).toString("base64");
const configMap = (name: string, data: Record<string, string>): ConfigMap => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name },
  data,
});

/** Volumes of a Revision, as Knative lets them in and Kubernetes mounts them. */
export function describeVolumes(target: () => Target): void {
  let url: string;
  const sh = (command: string) => target().shell(url, command);

  const VOLUMES: Volume[] = [
    { name: "config", configMap: { name: "volume-config" } },
    {
      name: "secret",
      secret: { secretName: "volume-secret", defaultMode: 0o440, items: [{ key: "token", path: "deep/token", mode: 0o444 }] },
    },
    {
      name: "all",
      projected: {
        sources: [
          { configMap: { name: "volume-config", items: [{ key: "color", path: "color" }] } },
          { secret: { name: "volume-none", optional: true } },
          { serviceAccountToken: { path: "token", audience: "someone-else" } },
          { downwardAPI: { items: [{ path: "name", fieldRef: { fieldPath: "metadata.name" } }] } },
        ],
      },
    },
    { name: "cache", emptyDir: { sizeLimit: "10Mi" } },
    { name: "memory", emptyDir: { medium: "Memory" } },
  ];

  beforeAll(async () => {
    await target().create(configMap("volume-config", { color: "blue", size: "9" }));
    const secret: Secret = { apiVersion: "v1", kind: "Secret", metadata: { name: "volume-secret" }, data: { token: base64("t0p") } };
    await target().create(secret);
    await target().create(
      makeService(target(), "volumes", {
        spec: { volumes: VOLUMES },
        container: {
          securityContext: { runAsUser: 65_532, runAsNonRoot: true },
          volumeMounts: [
            { name: "config", mountPath: "/etc/config" },
            { name: "config", mountPath: "/etc/color", subPath: "color" },
            { name: "secret", mountPath: "/etc/secret" },
            { name: "all", mountPath: "/etc/all" },
            { name: "cache", mountPath: "/cache" },
            { name: "memory", mountPath: "/memory" },
          ],
        },
      }),
    );
    url = (await settled<KnativeService>(target(), named("Service", "volumes"))).status?.url ?? "";
  });
  afterAll(() => target().remove(named("Service", "volumes")));

  test("what is in a claim outlives its instances, can be written by a user of its fsGroup, and goes with the claim", async () => {
    const restore = await target().configure("config-features", {
      "kubernetes.podspec-persistent-volume-claim": "enabled",
      "kubernetes.podspec-persistent-volume-write": "enabled",
      "kubernetes.podspec-securitycontext": "enabled",
    });
    const claim = { apiVersion: "v1", kind: "PersistentVolumeClaim", name: "data" };
    await target().create<PersistentVolumeClaim>({
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { name: "data" },
      spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
    });
    const make = (name: string) =>
      makeService(target(), name, {
        spec: {
          securityContext: { fsGroup: 4321 },
          volumes: [{ name: "data", persistentVolumeClaim: { claimName: "data" } }],
        },
        container: {
          securityContext: { runAsUser: 65_532, runAsGroup: 65_532 },
          volumeMounts: [{ name: "data", mountPath: "/data", readOnly: false }],
        },
      });
    const of = async (name: string) => (await settled<KnativeService>(target(), named("Service", name))).status?.url ?? "";
    try {
      await target().create(make("writes"));
      expect(await target().shell(await of("writes"), "echo kept > /data/file; stat -c '%g' /data/file; id -G")).toMatch(
        /^4321\n.*\b4321\b/,
      );
      await target().create(make("reads"));
      expect(await target().shell(await of("reads"), "cat /data/file")).toBe("kept");
      await target().remove(claim);
      // It is in use: it stays until nobody has it.
      expect(await target().find<PersistentVolumeClaim>(claim)).toMatchObject({ status: { phase: "Bound", capacity: { storage: "1Gi" } } });
    } finally {
      for (const name of ["writes", "reads"])
        if (await target().find(named("Service", name))) await target().remove(named("Service", name));
      await target()
        .remove(claim)
        .catch(() => undefined);
      await restore();
    }
    await eventually(async () => (await target().find(claim)) === undefined, 60_000);
  });

  test("ConfigMaps and Secrets are files, read by a user who is not root, and written by nobody", async () => {
    expect(await sh("cat /etc/config/color /etc/config/size /etc/color /etc/secret/deep/token")).toBe("blue9bluet0p");
    expect(await sh("stat -L -c %a /etc/secret/deep/token; echo x > /etc/config/x")).toMatch(/^444\n.*Read-only file system/);
  });

  test("several sources are one folder; a token of the ServiceAccount is for its audience", async () => {
    const [files, token = ""] = (await sh("ls /etc/all | tr '\\n' ' '; echo; cat /etc/all/token")).split("\n");
    expect(files?.trim()).toBe("color name token");
    const claims = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as { aud: string | string[]; sub: string };
    expect([[claims.aud].flat(), claims.sub]).toEqual([["someone-else"], `system:serviceaccount:${target().namespace}:default`]);
    expect(await sh("cat /etc/all/name")).toMatch(/^volumes-00001-deployment-/);
  });

  test("an emptyDir can be written, on the disk and in memory", async () => {
    expect(await sh("for d in /cache /memory; do echo hello > $d/file && cat $d/file; done")).toBe("hello\nhello");
    expect(await sh("stat -f -c %T /memory")).toBe("tmpfs");
  });

  test("what changes in a ConfigMap reaches instances that run, but not the parts of it that they mount", async () => {
    await target().patch({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "volume-config" },
      data: { color: "green", size: null, more: "yes" },
    });
    // The kubelet takes up to a minute and a half.
    await eventually(async () => (await sh("cat /etc/config/color /etc/all/color")) === "greengreen", 100_000);
    expect(await sh("ls /etc/config | tr '\\n' ' '; cat /etc/color")).toBe("color more blue");
  });

  describe("a source that is not there", () => {
    afterAll(() => target().remove(named("Service", "waits")));

    test("keeps the Revision from being ready until it is", async () => {
      await target().create(
        makeService(target(), "waits", {
          spec: { volumes: [{ name: "late", configMap: { name: "volume-late" } }] },
          container: { volumeMounts: [{ name: "late", mountPath: "/late" }] },
        }),
      );
      await eventually(async () => conditionOf(await target().find<Revision>(named("Revision", "waits-00001")), "ResourcesAvailable"));
      const ready = conditionOf(await target().find<KnativeService>(named("Service", "waits")));
      expect(ready?.status).not.toBe("True");
      await target().create(configMap("volume-late", { hello: "there" }));
      const service = await settled<KnativeService>(target(), named("Service", "waits"));
      expect(await target().shell(service.status?.url ?? "", "cat /late/hello")).toBe("there");
    });
  });
}
