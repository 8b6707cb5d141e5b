import { execFile } from "node:child_process";
import { copyFile, chmod } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { systemRandom } from "@ebb/base";
import type { Condition, KubeObject, Pod } from "@ebb/kube";
import { eventually, httpRequest, ownClusterAddress, startEbb, tempDir, type HttpAnswer } from "@ebb/testkit";
import {
  ApiException,
  CoreV1Api,
  CustomObjectsApi,
  KubeConfig,
  KubernetesObjectApi,
  PatchStrategy,
  setHeaderOptions,
  Watch,
} from "@kubernetes/client-node";

const run = promisify(execFile);
/** A first instance may have to be pulled; Ebb itself takes a second. */
const PATIENCE = 60_000;

interface Change {
  apiVersion: string;
  kind: string;
  metadata: { name: string };
  [field: string]: unknown;
}

export interface Watched {
  /** Of the kind, under the namespace: `apis/serving.knative.dev/v1`. */
  group: string;
  plural: string;
  /** Of one object; without it, of all. */
  name?: string;
  seconds: number;
  /** Another than the run's. */
  namespace?: string;
}

interface Named {
  apiVersion: string;
  kind: string;
  name: string;
  /** Another than the run's. */
  namespace?: string;
}

interface PatchOperation {
  op: "add" | "replace" | "remove";
  path: string;
  value?: unknown;
}

interface Selectors {
  label?: string;
  field?: string;
  /** Another than the run's. */
  namespace?: string;
}

export interface WatchedChange {
  type: string;
  object: KubeObject;
}

/** A cluster with Knative Serving, by nothing but its API and its way in. */
export interface Target {
  /** Of the application in this folder. */
  image: string;
  /** A namespace of this run. */
  namespace: string;
  /** Another. */
  elsewhere: string;
  create<T extends KubeObject>(object: T, namespace?: string): Promise<T>;
  /** PUT, of what was read before. */
  replace<T extends KubeObject>(object: T): Promise<T>;
  /** Merge patch. */
  patch<T extends KubeObject>(change: Change): Promise<T>;
  /** JSON patch (RFC 6902) of a core Service or an object of Knative Serving. */
  edit(of: Named, operations: PatchOperation[]): Promise<void>;
  find<T extends KubeObject>(of: Named): Promise<T | undefined>;
  /** `foreground`: it goes after all that it owns. */
  remove(of: { apiVersion: string; kind: string; name: string }, propagation?: "Foreground" | "Background"): Promise<void>;
  /** By an object's `status.url`, through the ingress. */
  get(url: string, options?: { path?: string; headers?: Record<string, string>; port?: number }): Promise<HttpAnswer>;
  /** What a shell command prints inside an instance that serves that URL. */
  shell(url: string, command: string, headers?: Record<string, string>): Promise<string>;
  /** Objects of the namespace, by selectors as clients write them. */
  list<T extends KubeObject>(of: { apiVersion: string; kind: string }, selectors?: Selectors): Promise<T[]>;
  /** Changes of the object from now on, until `until` holds or `seconds` have passed, which ends the watch on the server's side. */
  watch(of: Watched, until: (change: WatchedChange) => boolean): Promise<WatchedChange[]>;
  /** Pods of a Revision. */
  pods(revision: string): Promise<Pod[]>;
  log(pod: string, container: string): Promise<string>;
  /** Merges data into a ConfigMap of `knative-serving` until what it gives is called. */
  configure(map: string, data: Record<string, string>): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

/** Why there is nothing to test against, or undefined. */
export function unfit(): string | undefined {
  if (process.env["EBB_CONFORMANCE_KUBECONFIG"]) return undefined;
  return existsSync("/usr/bin/podman") && existsSync("/bin/busybox") && process.getuid?.() === 0
    ? undefined
    : "needs EBB_CONFORMANCE_KUBECONFIG, or root, Podman and busybox-static";
}

/**
 * The cluster of EBB_CONFORMANCE_KUBECONFIG, with EBB_CONFORMANCE_INGRESS (`host:port`) as its way in and EBB_CONFORMANCE_IMAGE, which was
 * built from this folder and a static `busybox` and pushed to where the cluster finds it. By default an Ebb of its own, and all of that made here.
 */
export async function connect(): Promise<Target> {
  const { EBB_CONFORMANCE_KUBECONFIG: path, EBB_CONFORMANCE_INGRESS: ingress, EBB_CONFORMANCE_IMAGE: image } = process.env;
  if (!path) return connectOwn();
  if (!ingress || !image)
    throw new Error("EBB_CONFORMANCE_KUBECONFIG needs EBB_CONFORMANCE_INGRESS=host:port and EBB_CONFORMANCE_IMAGE, too");
  const [host = "", port = "80"] = ingress.split(":");
  return open({ path, address: { host, port: Number(port) }, image, end: () => Promise.resolve() });
}

async function connectOwn(): Promise<Target> {
  const image = `localhost/ebb-conformance:${process.pid}`;
  const folder = await tempDir();
  for (const file of ["Containerfile", "run", "server"]) await copyFile(join(import.meta.dirname, file), join(folder.path, file));
  for (const file of ["run", "server"]) await chmod(join(folder.path, file), 0o755);
  await copyFile("/bin/busybox", join(folder.path, "busybox"));
  await run("podman", ["build", "-q", "-t", image, folder.path]);
  const clean = async () => {
    await run("podman", ["rmi", "-f", image]).catch(() => undefined);
    await folder.remove();
  };
  const cluster = ownClusterAddress();
  const ebb = await startEbb({ args: ["--cluster-address", cluster.address] }).catch(async (error: unknown) => {
    await cluster.free();
    await clean();
    throw error;
  });
  const end = async () => {
    await ebb.dispose();
    await cluster.free();
    await clean();
  };
  return open({ path: ebb.urls.kubeconfig, address: ebb.gateway, image, end });
}

interface Place {
  path: string;
  address: { host: string; port: number };
  image: string;
  end(): Promise<void>;
}

async function open({ path, address, image, end }: Place): Promise<Target> {
  const config = new KubeConfig();
  config.loadFromFile(path);
  const api = KubernetesObjectApi.makeApiClient(config);
  const core = config.makeApiClient(CoreV1Api);
  const namespace = `conformance-${systemRandom.suffix(5)}`;
  const elsewhere = `${namespace}-alt`;
  for (const name of [namespace, elsewhere]) await api.create({ apiVersion: "v1", kind: "Namespace", metadata: { name } });
  const header = (of: Named) => ({
    apiVersion: of.apiVersion,
    kind: of.kind,
    metadata: { name: of.name, namespace: of.namespace ?? namespace },
  });
  const list = async <T extends KubeObject>(
    { apiVersion, kind }: { apiVersion: string; kind: string },
    { label, field, namespace: where = namespace }: Selectors = {},
  ) => {
    const { items } = await api.list(apiVersion, kind, where, undefined, undefined, undefined, field, label);
    return items as unknown as T[];
  };
  const get: Target["get"] = (url, { path: at = "/", headers = {}, port = address.port } = {}) =>
    httpRequest({ ...address, port }, { host: new URL(url).host, path: at, headers, timeout: 30_000 });
  return {
    image,
    namespace,
    elsewhere,
    get,
    async create<T extends KubeObject>(object: T, into = namespace) {
      const body: object = { ...object, metadata: { ...object.metadata, namespace: into } };
      return (await api.create(body)) as unknown as T;
    },
    async replace<T extends KubeObject>(object: T) {
      const body: object = { ...object };
      return (await api.replace(body)) as unknown as T;
    },
    async patch<T extends KubeObject>(change: Change) {
      const body = { ...change, metadata: { ...change.metadata, namespace } };
      return (await api.patch(body, undefined, undefined, undefined, undefined, PatchStrategy.MergePatch)) as unknown as T;
    },
    async edit({ apiVersion, kind, name }, body) {
      const asJsonPatch = setHeaderOptions("Content-Type", PatchStrategy.JsonPatch);
      const [group = "", version = ""] = apiVersion.split("/");
      const custom = { group, version, plural: `${kind.toLowerCase()}s`, namespace, name, body };
      if (apiVersion === "v1") await core.patchNamespacedService({ name, namespace, body }, asJsonPatch);
      else await config.makeApiClient(CustomObjectsApi).patchNamespacedCustomObject(custom, asJsonPatch);
    },
    async find<T extends KubeObject>(of: Named) {
      try {
        return (await api.read(header(of))) as unknown as T;
      } catch (error) {
        if (error instanceof ApiException && error.code === 404) return undefined;
        throw error;
      }
    },
    async remove(of, propagation) {
      await api.delete(header(of), undefined, undefined, undefined, undefined, propagation);
    },
    async shell(url, command, headers = {}) {
      const answer = await get(url, { path: `/cgi-bin/run?${encodeURIComponent(command)}`, headers });
      if (answer.status !== 200) throw new Error(`${command}: ${answer.status} ${answer.body}`);
      return answer.body.trim();
    },
    list,
    async watch({ group, plural, name, seconds, namespace: where = namespace }, until) {
      const seen: WatchedChange[] = [];
      const query = { ...(name === undefined ? {} : { fieldSelector: `metadata.name=${name}` }), timeoutSeconds: seconds };
      const ended = Promise.withResolvers<void>();
      const each = (type: string, object: KubeObject) => {
        seen.push({ type, object });
        if (until({ type, object })) ended.resolve();
      };
      // An answer that ends says so without an error.
      const end = (error: unknown) => (error instanceof Error ? ended.reject(error) : ended.resolve());
      const request = await new Watch(config).watch(`/${group}/namespaces/${where}/${plural}`, query, each, end);
      await ended.promise.finally(() => request.abort());
      return seen;
    },
    pods: (revision) => list<Pod>({ apiVersion: "v1", kind: "Pod" }, { label: `serving.knative.dev/revision=${revision}` }),
    log: (name, container) => core.readNamespacedPodLog({ namespace, name, container }),
    async configure(name, data) {
      const patch = (values: Record<string, string | null>) =>
        api.patch(
          { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "knative-serving" }, data: values },
          undefined,
          undefined,
          undefined,
          undefined,
          PatchStrategy.MergePatch,
        );
      const before = await core.readNamespacedConfigMap({ name, namespace: "knative-serving" });
      await patch(data);
      return async () => void (await patch(Object.fromEntries(Object.keys(data).map((key) => [key, before.data?.[key] ?? null]))));
    },
    async close() {
      for (const name of [namespace, elsewhere]) await api.delete({ apiVersion: "v1", kind: "Namespace", metadata: { name } });
      await end();
    },
  };
}

export function conditionOf(object: KubeObject | undefined, type = "Ready"): Condition | undefined {
  return (object?.status as { conditions?: Condition[] } | undefined)?.conditions?.find((entry) => entry.type === type);
}

/** The object once its controller has seen its last change and `type` has that status. */
export function settled<T extends KubeObject>(
  target: Target,
  of: { apiVersion: string; kind: string; name: string },
  { type = "Ready", status = "True" }: { type?: string; status?: "True" | "False" } = {},
): Promise<T> {
  return eventually(async () => {
    const object = await target.find<T>(of);
    const seen = (object?.status as { observedGeneration?: number } | undefined)?.observedGeneration;
    return seen === object?.metadata.generation && conditionOf(object, type)?.status === status ? object : undefined;
  }, PATIENCE);
}

/** What the API answered when it refused. */
export async function refusal(request: Promise<unknown>): Promise<{ code: number; message: string }> {
  try {
    await request;
  } catch (error) {
    if (!(error instanceof ApiException)) throw error;
    const { message } = JSON.parse(String(error.body)) as { message: string };
    return { code: error.code, message };
  }
  throw new Error("the API accepted what it must refuse");
}
