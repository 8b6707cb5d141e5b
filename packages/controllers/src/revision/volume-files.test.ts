import type { ConfigMap, DownwardFile, Secret, Volume } from "@ebb/kube";
import { describe, expect, test } from "vitest";
import { revision } from "../testing.ts";
import { downwardScope } from "./downward.ts";
import { provideVolumes } from "./provide-volumes.ts";
import { planFiles } from "./volume-files.ts";
import { volumeReferences, volumeSpecs, mountSpecs, volumesProblem } from "./volumes.ts";

const base64 = (text: string) => Buffer.from(text).toString("base64");
const MAP: ConfigMap = {
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "settings" },
  data: { color: "blue", size: "9" },
  binaryData: { icon: base64("png") },
};
const SECRET: Secret = { apiVersion: "v1", kind: "Secret", metadata: { name: "keys" }, data: { token: base64("t0p") } };
const SOURCES = {
  secret: (namespace: string, name: string) => (namespace === "team" && name === "keys" ? SECRET : undefined),
  configMap: (namespace: string, name: string) => (namespace === "team" && name === "settings" ? MAP : undefined),
  claim: () => undefined,
};
const NODE = { cores: 4, memoryBytes: 8 * 2 ** 30 };
const CONTAINER = {
  name: "app",
  image: "app",
  resources: { limits: { cpu: "1500m", memory: "100Mi" }, requests: { cpu: "250m" } },
};
const REVISION = revision(1, undefined, { spec: { containers: [CONTAINER] } });
const SCOPE = { ...downwardScope(REVISION, { id: "shop-1", uid: "the-uid" }, NODE), sources: SOURCES };

function files(volume: Omit<Volume, "name">): Record<string, string> {
  const plan = planFiles({ name: "v", ...volume }, SCOPE);
  if ("missing" in plan) throw new Error(plan.missing);
  const show = Object.entries(plan.files).map(([path, file]): [string, string] => [
    path,
    `${file.mode.toString(8)} ${"content" in file ? Buffer.from(file.content).toString() : JSON.stringify(file.token)}`,
  ]);
  return Object.fromEntries(show);
}
const missing = (volume: Omit<Volume, "name">) => {
  const plan = planFiles({ name: "v", ...volume }, SCOPE);
  return "missing" in plan ? plan.missing : undefined;
};

describe("the files of a volume", () => {
  test.each<[string, Omit<Volume, "name">, Record<string, string>]>([
    ["all keys of a ConfigMap", { configMap: { name: "settings" } }, { color: "644 blue", size: "644 9", icon: "644 png" }],
    ["a Secret, with a mode", { secret: { secretName: "keys", defaultMode: 0o400 } }, { token: "400 t0p" }],
    [
      "items: some keys, elsewhere, with modes of their own",
      {
        configMap: {
          name: "settings",
          items: [
            { key: "color", path: "a/./b" },
            { key: "size", path: "s", mode: 0o600 },
          ],
        },
      },
      { "a/b": "644 blue", s: "600 9" },
    ],
    ["nothing where the source is optional and not there", { secret: { secretName: "none", optional: true } }, {}],
    [
      "no file for a key that is optional and not there",
      { configMap: { name: "settings", optional: true, items: [{ key: "x", path: "x" }] } },
      {},
    ],
    [
      "several sources in one",
      {
        projected: {
          defaultMode: 0o440,
          sources: [
            { configMap: { name: "settings", items: [{ key: "color", path: "color" }] } },
            { secret: { name: "keys" } },
            { serviceAccountToken: { path: "sa/token", audience: "vault", expirationSeconds: 900 } },
            { serviceAccountToken: { path: "own" } },
          ],
        },
      },
      { color: "440 blue", token: "440 t0p", "sa/token": '440 {"seconds":900,"audience":"vault"}', own: '440 {"seconds":3600}' },
    ],
  ])("%s", (_, volume, expected) => expect(files(volume)).toEqual(expected));

  test.each<[Omit<Volume, "name">, string]>([
    [{ configMap: { name: "none" } }, 'configmap "none" not found'],
    [{ secret: { secretName: "none" } }, 'secret "none" not found'],
    [{ configMap: { name: "settings", items: [{ key: "x", path: "x" }] } }, "configmap references non-existent config key: x"],
    [{ secret: { secretName: "keys", items: [{ key: "x", path: "x" }] } }, "references non-existent secret key: x"],
    [{ projected: { sources: [{ secret: { name: "none" } }] } }, 'secret "none" not found'],
    [
      {
        configMap: {
          name: "settings",
          items: [
            { key: "color", path: "a" },
            { key: "size", path: "a/b" },
          ],
        },
      },
      "a/b is below a, which is a file",
    ],
    [
      { projected: { sources: [{ downwardAPI: { items: [{ path: "u", fieldRef: { fieldPath: "status.podIP" } }] } }] } },
      "the field of u is not known here",
    ],
  ])("%j cannot be had: %s", (volume, expected) => expect(missing(volume)).toBe(`MountVolume.SetUp failed for volume "v" : ${expected}`));

  test.each<[Omit<DownwardFile, "path">, string]>([
    [{ fieldRef: { fieldPath: "metadata.name" } }, "shop-1"],
    [{ fieldRef: { fieldPath: "metadata.namespace" } }, "team"],
    [{ fieldRef: { fieldPath: "metadata.uid" } }, "the-uid"],
    [{ resourceFieldRef: { containerName: "app", resource: "limits.ephemeral-storage", divisor: "1Mi" } }, "0"],
    [{ fieldRef: { fieldPath: "metadata.labels['serving.knative.dev/revision']" } }, "shop-00001"],
    [{ fieldRef: { fieldPath: "metadata.annotations['none']" } }, ""],
    [{ resourceFieldRef: { containerName: "app", resource: "limits.cpu" } }, "2"],
    [{ resourceFieldRef: { containerName: "app", resource: "limits.cpu", divisor: "1m" } }, "1500"],
    [{ resourceFieldRef: { containerName: "app", resource: "requests.cpu", divisor: "1m" } }, "250"],
    [{ resourceFieldRef: { containerName: "app", resource: "limits.memory", divisor: "1Mi" } }, "100"],
    [{ resourceFieldRef: { containerName: "app", resource: "requests.memory", divisor: "1Mi" } }, "100"],
  ])("the downward API: %j", (item, expected) => {
    expect(files({ projected: { sources: [{ downwardAPI: { items: [{ path: "f", ...item }] } }] } })).toEqual({ f: `644 ${expected}` });
  });

  test("labels as a whole are lines of quoted values, in order", () => {
    const { f } = files({
      projected: { sources: [{ downwardAPI: { items: [{ path: "f", fieldRef: { fieldPath: "metadata.labels" } }] } }] },
    });
    expect(f).toMatch(/^644 app="shop-00001"\n/);
    expect(f).toContain('\nserving.knative.dev/revision="shop-00001"');
  });

  test("tokens are issued for the instance; one that runs keeps what cannot be had", async () => {
    const volumes = [
      { name: "t", projected: { sources: [{ serviceAccountToken: { path: "token", audience: "vault" } }] } },
      { name: "gone", configMap: { name: "none" } },
    ];
    const spec = { id: "shop-1", volumes: volumeSpecs({ volumes }) };
    const described = revision(1, undefined, { spec: { containers: [CONTAINER], volumes } });
    const issueToken = async (holder: object, token: object) => ({ token: JSON.stringify([holder, token]), renewAfter: 7 });
    const deps = { sources: SOURCES, node: NODE, issueToken };
    const { volumes: given, renewAfter } = await provideVolumes(described, spec, "running", deps);
    expect([Object.keys(given), renewAfter]).toEqual([["t"], 7]);
    expect(Buffer.from(given["t"]?.["token"]?.content ?? []).toString()).toBe(
      '[{"namespace":"team","account":"default","pod":"shop-1"},{"seconds":3600,"audience":"vault"}]',
    );
    await expect(provideVolumes(described, spec, "starting", deps)).rejects.toMatchObject({ code: "FailedMount" });
  });
});

describe("volumes of a PodSpec", () => {
  test("become the runtime's, and are found by what they refer to", () => {
    const volumes: Volume[] = [
      { name: "c", configMap: { name: "settings" } },
      { name: "s", secret: { secretName: "keys" } },
      { name: "p", projected: { sources: [{ secret: { name: "more" } }, { configMap: { name: "settings" } }] } },
      { name: "e", emptyDir: { medium: "Memory", sizeLimit: "1Mi" } },
      { name: "d", emptyDir: {} },
    ];
    expect(volumeReferences({ volumes })).toEqual(["configmap/settings", "secret/keys", "secret/more", "configmap/settings"]);
    expect(volumeSpecs({ volumes }).slice(2)).toEqual([
      { name: "p", kind: "files" },
      { name: "e", kind: "empty", memory: true, sizeBytes: 2 ** 20 },
      { name: "d", kind: "empty" },
    ]);
    const volumeMounts = [
      { name: "c", mountPath: "/c", readOnly: true, subPath: "a/" },
      { name: "e", mountPath: "/e", subPath: "." },
    ];
    expect(mountSpecs({ volumeMounts })).toEqual([
      { volume: "c", path: "/c", subPath: "a", readOnly: true },
      { volume: "e", path: "/e" },
    ]);
  });

  test.each<[Partial<Volume>, string, string | undefined]>([
    [{ configMap: { name: "m", items: [{ key: "k", path: "a/b" }] } }, "a", undefined],
    [
      { configMap: { name: "m", items: [{ key: "k", path: "/etc/x" }] } },
      "",
      'spec.volumes[0].configMap.items[0].path: Invalid value: "/etc/x": must be a relative path',
    ],
    [
      { secret: { secretName: "m", items: [{ key: "k", path: "a/../../x" }] } },
      "",
      `spec.volumes[0].secret.items[0].path: Invalid value: "a/../../x": must not contain '..'`,
    ],
    [
      { projected: { sources: [{ serviceAccountToken: { path: "..token" } }] } },
      "",
      `spec.volumes[0].projected.sources[0].serviceAccountToken.path: Invalid value: "..token": must not start with '..'`,
    ],
    [{ emptyDir: {} }, "../x", `spec.containers[0].volumeMounts[0].subPath: Invalid value: "../x": must not contain '..'`],
    [{ emptyDir: {} }, "/x", `spec.containers[0].volumeMounts[0].subPath: Invalid value: "/x": must be a relative path`],
    [{ hostPath: {} }, "", "spec.volumes[0].hostPath: the embedded cluster has no such volumes"],
  ])("%j with the subPath %j: %s", (volume, subPath, expected) => {
    const spec = {
      volumes: [{ name: "v", ...volume }],
      containers: [{ image: "a", volumeMounts: [{ name: "v", mountPath: "/v", subPath }] }],
    };
    expect(volumesProblem(spec)).toBe(expected);
  });
});
