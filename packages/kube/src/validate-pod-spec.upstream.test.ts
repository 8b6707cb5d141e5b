import { describe, expect, test } from "vitest";
import { formatFieldErrors } from "./field-error.ts";
import { parseFeatures } from "./serving-config/features.ts";
import type { RevisionSpec } from "./serving.ts";
import { validatePodSpec } from "./validate-pod-spec.ts";

/** The tables of knative/serving pkg/apis/serving/k8s_validation_test.go on Pods and volumes, row by row; `undefined` is no complaint. */
type Flags = Record<string, string>;
type Row = [name: string, parts: object, message: string | undefined, flags?: Flags];

function said(spec: object, flags: Flags = {}): string | undefined {
  return formatFieldErrors(validatePodSpec(spec as RevisionSpec, parseFeatures(flags))) || undefined;
}

const box = (...mounts: object[]) => ({ image: "busybox", volumeMounts: mounts });
const serving = { name: "container-a", image: "busybox", ports: [{ containerPort: 8888 }] };
const sidecar = { name: "container-b", image: "helloworld" };
const mount = (name: string, mountPath = "/mount/path") => ({ name, mountPath, readOnly: true });
const secret = (name: string) => ({ name, secret: { secretName: "foo" } });
const support = { name: "install-nodejs-debug-support", image: "busybox" };
const debugging = { name: "debugging-support-files", emptyDir: {} };
const INIT = { "kubernetes.podspec-init-containers": "Enabled" };
const CLAIM = { "kubernetes.podspec-persistent-volume-claim": "Enabled" };
const WRITE = { ...CLAIM, "kubernetes.podspec-persistent-volume-write": "Enabled" };
const claimed = (volumeReadOnly: boolean, readOnly: boolean) => ({
  containers: [box({ name: "foo", mountPath: "/data", readOnly })],
  volumes: [{ name: "foo", persistentVolumeClaim: { claimName: "myclaim", readOnly: volumeReadOnly } }],
});
const UNWRITABLE = "Persistent volume write support is disabled, but found persistent volume claim myclaim that is not read-only: ";
const MANY_PORTS = "more than one container port is set: containers[*].ports\nOnly a single port is allowed across all containers";

describe("a Pod", () => {
  test.each<Row>([
    ["valid", { containers: [box()] }, undefined],
    ["with volume (ok)", { containers: [box(mount("the-name"))], volumes: [secret("the-name")] }, undefined],
    ["with automountServiceAccountToken (ok)", { automountServiceAccountToken: false, containers: [box()] }, undefined],
    [
      "with automountServiceAccountToken = true",
      { automountServiceAccountToken: true, containers: [box()] },
      "must not set the field(s): automountServiceAccountToken",
    ],
    [
      "with volume name collision",
      { containers: [box(mount("the-name"))], volumes: [secret("the-name"), { name: "the-name", configMap: {} }] },
      'duplicate volume name "the-name": volumes[1].name',
    ],
    [
      "with volume mount path collision",
      { containers: [box(mount("the-foo"), mount("the-bar"))], volumes: [secret("the-foo"), secret("the-bar")] },
      'invalid value: "/mount/path" must be unique: containers[0].volumeMounts[1].mountPath',
    ],
    ["missing container", { serviceAccountName: "bob", containers: [] }, "missing field(s): containers"],
    ["extra field", { containers: [box()], terminationGracePeriodSeconds: 5 }, "must not set the field(s): terminationGracePeriodSeconds"],
    [
      "bad service account name",
      { containers: [box()], serviceAccountName: "foo@bar.baz" },
      "invalid value: foo@bar.baz: serviceAccountName\na lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
    ],
    [
      "user container with no mounted volume and init container with mounted volume",
      {
        initContainers: [{ ...support, volumeMounts: [{ name: debugging.name, mountPath: "/dbg" }] }],
        containers: [box()],
        volumes: [debugging],
      },
      undefined,
      INIT,
    ],
    [
      "user and init-containers with multiple volumes and one not mounted",
      {
        initContainers: [support],
        containers: [box({ name: "data", mountPath: "/data" })],
        volumes: [debugging, { name: "data", emptyDir: {} }],
      },
      'volume with name "debugging-support-files" not mounted: volumes[0].name',
      INIT,
    ],
    [
      "init-container name collision",
      { initContainers: [{ name: "the-name", image: "busybox" }], containers: [{ name: "the-name", image: "busybox" }] },
      'duplicate container name "the-name": containers[0].name',
      INIT,
    ],
    [
      "container name collision",
      {
        containers: [
          { ...serving, name: "the-name" },
          { ...sidecar, name: "the-name" },
        ],
      },
      'duplicate container name "the-name": containers[1].name',
    ],
    ["PVC not read-only, mount read-only, write disabled by default", claimed(false, true), UNWRITABLE, CLAIM],
    ["PVC not read-only, mount not read-only, write disabled by default", claimed(false, false), UNWRITABLE, CLAIM],
    [
      "PVC read-only, mount not read-only, write disabled by default",
      claimed(true, false),
      "volume is readOnly but volume mount is not: containers[0].volumeMounts[0].readOnly",
      CLAIM,
    ],
    ["PVC read-only, write disabled by default", claimed(true, true), undefined, CLAIM],
    ["PVC not read-only, write enabled", claimed(false, true), undefined, WRITE],
    ["PVC not read-only, write enabled, and written", claimed(false, false), undefined, WRITE],
  ])("%s", (_, spec, message, flags) => expect(said(spec, flags)).toBe(message));
});

describe("several containers", () => {
  test.each<Row>([
    [
      "flag disabled: more than one container",
      { containers: [serving, sidecar] },
      "multi-container is off, but found 2 containers: ",
      { "multi-container": "Disabled" },
    ],
    ["more than one container with one container port", { containers: [serving, sidecar] }, undefined],
    [
      "probes are not allowed for non serving containers",
      { containers: [serving, { ...sidecar, livenessProbe: { timeoutSeconds: 1 }, readinessProbe: { timeoutSeconds: 1 } }] },
      "must not set the field(s): containers[1].livenessProbe.timeoutSeconds, containers[1].readinessProbe.timeoutSeconds",
    ],
    ["no port", { containers: [{ ...serving, ports: [] }, sidecar] }, "missing field(s): containers[*].ports"],
    ["multiple port", { containers: [serving, { ...sidecar, ports: [{ containerPort: 9999 }] }] }, MANY_PORTS],
    [
      "multiple port for a single container",
      { containers: [{ ...serving, ports: [{ containerPort: 8888 }, { containerPort: 9999 }] }, sidecar] },
      MANY_PORTS,
    ],
    [
      "a probe targeting different container's port",
      { containers: [serving, { ...sidecar, livenessProbe: { httpGet: { port: 9999 } } }] },
      "must not set the field(s): containers[1].livenessProbe",
    ],
    [
      "Volume not mounted",
      { containers: [{ ...serving, volumeMounts: [mount("the-name1")] }, sidecar], volumes: [secret("the-name1"), secret("the-name2")] },
      'volume with name "the-name2" not mounted: volumes[1].name',
    ],
  ])("%s", (_, spec, message, flags) => expect(said(spec, flags)).toBe(message));
});

const source = (volume: object) => ({ containers: [box(mount("foo"), mount("@@@"), mount(""))], volumes: [{ name: "foo", ...volume }] });
const projected = (...sources: object[]) => ({ projected: { sources } });
const downward = (item: object) => projected({ downwardAPI: { items: [item] } });
const NEITHER = "expected exactly one, got neither: ";

describe("a volume", () => {
  test.each<Row>([
    ["just name", {}, `${NEITHER}configMap, emptyDir, projected, secret`],
    ["just name, claims enabled", {}, `${NEITHER}configMap, emptyDir, persistentVolumeClaim, projected, secret`, CLAIM],
    ["secret volume", { secret: { secretName: "foo" } }, undefined],
    ["configMap volume", { configMap: { name: "foo" } }, undefined],
    ["emptyDir volume", { emptyDir: { medium: "Memory", sizeLimit: "400G" } }, undefined],
    ["invalid emptyDir volume", { emptyDir: { medium: "Memory", sizeLimit: "-1" } }, "invalid value: -1: emptyDir.sizeLimit"],
    ["invalid emptyDir medium", { emptyDir: { medium: "Disk" } }, "invalid value: Disk: emptyDir.medium"],
    [
      "emptyDir volume with feature disabled",
      { emptyDir: {} },
      "EmptyDir volume support is disabled, but found EmptyDir volume foo: \nmust not set the field(s): emptyDir",
      { "kubernetes.podspec-volumes-emptydir": "Disabled" },
    ],
    [
      "hostPath volume with feature disabled",
      { hostPath: { path: "/" } },
      "HostPath volume support is disabled, but found HostPath volume foo: \nmust not set the field(s): hostPath",
    ],
    ["valid PVC with PVC feature enabled", { persistentVolumeClaim: { claimName: "myclaim", readOnly: true } }, undefined, CLAIM],
    [
      "valid PVC with PVC feature disabled",
      { persistentVolumeClaim: { claimName: "myclaim", readOnly: false } },
      `Persistent volume claim support is disabled, but found persistent volume claim myclaim: \n${UNWRITABLE}\nmust not set the field(s): persistentVolumeClaim`,
    ],
    [
      "multiple volume source",
      { configMap: { name: "foo" }, ...projected({ secret: { name: "foo", items: [{ key: "foo", path: "bar/baz" }] } }) },
      "expected exactly one, got both: configMap, projected",
    ],
    [
      "multiple projected volumes single source",
      projected({ secret: { name: "foo" }, configMap: { name: "bar", items: [{ key: "foo", path: "bar/baz" }] } }),
      "expected exactly one, got both: projected[0].configMap, projected[0].secret",
    ],
    ["multiple project volume one-per-source", projected({ secret: { name: "foo" } }, { configMap: { name: "bar" } }), undefined],
    [
      "multiple project volume one-per-source (no names)",
      projected({ secret: {} }, { configMap: {} }),
      "missing field(s): projected[0].secret.name, projected[1].configMap.name",
    ],
    [
      "no project volume source",
      projected({}),
      `${NEITHER}projected[0].configMap, projected[0].downwardAPI, projected[0].secret, projected[0].serviceAccountToken`,
    ],
    ["no name", { name: "", secret: { secretName: "foo" } }, "missing field(s): name"],
    ["bad name", { name: "@@@", secret: { secretName: "foo" } }, "invalid value: @@@: name"],
    ["bad name and no source", { name: "@@@" }, `${NEITHER}configMap, emptyDir, projected, secret\ninvalid value: @@@: name`],
    ["secret missing keyToPath values", { secret: { secretName: "foo", items: [{}] } }, "missing field(s): items[0].key, items[0].path"],
    ["configMap missing keyToPath values", { configMap: { name: "foo", items: [{}] } }, "missing field(s): items[0].key, items[0].path"],
    [
      "projection missing keyToPath values",
      projected({ secret: { name: "foo", items: [{}] } }, { configMap: { name: "foo", items: [{}] } }),
      "missing field(s): projected[0].secret.items[0].key, projected[0].secret.items[0].path, projected[1].configMap.items[0].key, projected[1].configMap.items[0].path",
    ],
    ["serviceaccounttoken", projected({ serviceAccountToken: { audience: "api", expirationSeconds: 3600, path: "token" } }), undefined],
    [
      "projection missing serviceaccounttoken values",
      projected({ serviceAccountToken: { audience: "api", expirationSeconds: 3600 } }),
      "missing field(s): projected[0].serviceAccountToken.path",
    ],
    [
      "projection with DownwardAPI no values",
      downward({ path: "labels" }),
      `${NEITHER}projected[0].downwardAPI.items[0].fieldRef, projected[0].downwardAPI.items[0].resourceFieldRef`,
    ],
    [
      "projection with DownwardAPI with both fieldRef and resourceFieldRef",
      downward({ path: "labels", fieldRef: { fieldPath: "metadata.labels" }, resourceFieldRef: { resource: "limits.cpu" } }),
      "Within a single item, cannot set both: projected[0].downwardAPI.items[0].fieldRef, projected[0].downwardAPI.items[0].resourceFieldRef",
    ],
    [
      "projection with DownwardAPI without path",
      downward({ fieldRef: { fieldPath: "metadata.labels" } }),
      "missing field(s): projected[0].downwardAPI.items[0].path",
    ],
  ])("%s", (_, volume, message, flags) => {
    const spec = source(volume);
    const { name } = spec.volumes[0] as { name: string };
    // The volume alone: upstream's table asks for no mounts.
    const text = said({ ...spec, containers: [box(mount(name))] }, flags);
    expect(text?.replaceAll("volumes[0].", "")).toBe(message);
  });
});

const MAX = 2 ** 31 - 1;
describe("the security context of a Pod, behind its feature", () => {
  test.each<Row>([
    [
      "disallowed fields",
      { seLinuxOptions: {}, windowsOptions: {}, sysctls: [] },
      "must not set the field(s): seLinuxOptions, sysctls, windowsOptions",
    ],
    ["too large uid", { runAsUser: MAX + 1 }, `expected 0 <= ${MAX + 1} <= ${MAX}: runAsUser`],
    ["negative uid", { runAsUser: -10 }, `expected 0 <= -10 <= ${MAX}: runAsUser`],
    ["too large gid", { runAsGroup: MAX + 1 }, `expected 0 <= ${MAX + 1} <= ${MAX}: runAsGroup`],
    ["negative fsGroup", { fsGroup: -10 }, `expected 0 <= -10 <= ${MAX}: fsGroup`],
    ["too large supplementalGroups", { supplementalGroups: [MAX + 1] }, `expected 0 <= ${MAX + 1} <= ${MAX}: supplementalGroups[0]`],
    ["negative supplementalGroups", { supplementalGroups: [-10] }, `expected 0 <= -10 <= ${MAX}: supplementalGroups[0]`],
  ])("%s", (_, securityContext, message) => {
    const text = said({ containers: [box()], securityContext }, { "kubernetes.podspec-securitycontext": "Enabled" });
    expect(text?.replaceAll("securityContext.", "")).toBe(message);
  });
  test("an empty one is not allowed either without it", () => {
    expect(said({ containers: [box()], securityContext: {} })).toBe("must not set the field(s): securityContext");
  });
});
