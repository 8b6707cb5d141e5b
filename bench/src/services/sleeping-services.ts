import { eachAtOnce } from "@ebb/base";
import type { KubeApi, WatchEvent } from "../peers/kube-api.ts";

const PATH = "/apis/serving.knative.dev/v1/namespaces/default/services";

const nameOf = (index: number) => `asleep-${String(index).padStart(5, "0")}`;

function manifest(index: number, change: number): unknown {
  return {
    apiVersion: "serving.knative.dev/v1",
    kind: "Service",
    metadata: { name: nameOf(index) },
    spec: {
      template: {
        metadata: { annotations: { "autoscaling.knative.dev/initial-scale": "0" } },
        spec: {
          // By digest: nothing asks a registry. Nobody starts it.
          containers: [{ image: `registry.test/asleep@sha256:${"0".repeat(64)}`, env: [{ name: "CHANGE", value: String(change) }] }],
        },
      },
    },
  };
}

interface List {
  items: unknown[];
  metadata: { resourceVersion: string; continue?: string };
}

/** Returns the list's revision; throws unless there are so many Services. */
export async function listAll(api: KubeApi, count: number): Promise<string> {
  const { items, metadata } = (await api.call("GET", PATH)) as List;
  if (items.length !== count) throw new Error(`${items.length} Services in the list, not ${count}`);
  return metadata.resourceVersion;
}

/** As an informer of client-go begins: all there is as events, then the bookmark. */
export async function startWatch(api: KubeApi, count: number): Promise<void> {
  let seen = 0;
  const done = Promise.withResolvers<void>();
  const query = "watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
  const stop = await api.watch(`${PATH}?${query}`, ({ type, object }) => {
    if (type === "ADDED") seen++;
    else if (object.metadata.annotations?.["k8s.io/initial-events-end"] === "true") done.resolve();
  });
  await done.promise;
  stop();
  if (seen !== count) throw new Error(`${seen} Services by watch, not ${count}`);
}

/** Creates those from `from` up to `to`, `creators` at a time; seconds until the last was accepted, and until the last was Ready. */
export async function createServices(
  api: KubeApi,
  { from, to, creators }: { from: number; to: number; creators: number },
): Promise<{ created: number; ready: number }> {
  const follower = await ReadyFollower.start(api, from);
  const began = performance.now();
  const seconds = () => (performance.now() - began) / 1000;
  const wanted = Array.from({ length: to - from }, (_, i) => from + i);
  await eachAtOnce(wanted, creators, (index) => api.call("POST", PATH, manifest(index, 0)));
  const created = seconds();
  for (const index of wanted) await follower.ready(index, 1);
  follower.stop();
  return { created, ready: seconds() };
}

/** Knows by a watch which generation of each Service is Ready. */
export class ReadyFollower {
  readonly #api: KubeApi;
  readonly #ready = new Map<string, number>();
  readonly #waiting = new Map<string, { generation: number; resolve: () => void }>();
  #changes = 0;
  #stop = (): void => {};

  private constructor(api: KubeApi) {
    this.#api = api;
  }

  static async start(api: KubeApi, count: number): Promise<ReadyFollower> {
    const follower = new ReadyFollower(api);
    const version = await listAll(api, count);
    follower.#stop = await api.watch(`${PATH}?watch=true&resourceVersion=${version}`, (event) => follower.#saw(event));
    return follower;
  }

  stop(): void {
    this.#stop();
  }

  /** Resolves once this generation, or a later one, is Ready. */
  ready(index: number, generation: number): Promise<void> {
    const name = nameOf(index);
    if ((this.#ready.get(name) ?? 0) >= generation) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.set(name, { generation, resolve }));
  }

  /** Gives a Service another template; resolves once its new Revision is Ready and routed. */
  async change(index: number): Promise<void> {
    const patch = manifest(index, Date.now() + this.#changes++);
    const answer = (await this.#api.call(
      "PATCH",
      `${PATH}/${nameOf(index)}`,
      patch,
      "application/merge-patch+json",
    )) as WatchEvent["object"];
    await this.ready(index, answer.metadata.generation ?? 0);
  }

  #saw({ object }: WatchEvent): void {
    const { metadata, status } = object;
    const { name, generation = 0 } = metadata;
    const ready = status?.conditions?.find(({ type }) => type === "Ready")?.status === "True";
    if (!ready || status?.observedGeneration !== generation) return;
    this.#ready.set(name, generation);
    const waiting = this.#waiting.get(name);
    if (!waiting || waiting.generation > generation) return;
    this.#waiting.delete(name);
    waiting.resolve();
  }
}
