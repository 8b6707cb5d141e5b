import { startEbb } from "@ebb/testkit";
import type { Benchmark } from "../main.ts";
import { EtcdClient, startEtcd } from "../peers/etcd.ts";
import { KubeWriter } from "../peers/kube-writer.ts";
import { percentile } from "../peers/percentile.ts";
import { Stage } from "../peers/processes.ts";
import { rounds } from "../peers/rounds.ts";

const SECONDS = 3;
const ROUNDS = 5;
const VALUE_BYTES = 1024;

export const benchmark: Benchmark = {
  summary:
    "durable writes a second of 1 KiB ConfigMaps through Ebb's Kubernetes API against puts into etcd, 1, 10 and 100 clients; the worst ratio",
  goal: 1,
  run,
};

interface Writes {
  perSecond: number;
  /** Milliseconds. */
  p50: number;
  p99: number;
}
/** Writes a new object of its own with each call. */
type Write = (name: string) => Promise<unknown>;

function run(): Promise<number> {
  return Stage.run(async (stage) => {
    const etcd = await startEtcd(stage);
    const ebb = await startEbb({ args: ["--no-containers"] });
    try {
      const worst: number[] = [];
      // From many to one: the code that a single client waits for is compiled by then, as in a server that runs.
      for (const clients of [100, 10, 1]) {
        console.log(`  ${clients} ${clients === 1 ? "client" : "clients"}`);
        worst.push(await compare(clients, ebb.urls.kubeconfig, etcd.port));
      }
      return Math.min(...worst);
    } finally {
      await ebb.dispose();
    }
  });
}

async function compare(clients: number, kubeconfig: string, etcdPort: number): Promise<number> {
  const writers = await Promise.all(Array.from({ length: clients }, () => KubeWriter.open(kubeconfig)));
  const etcds = await Promise.all(Array.from({ length: clients }, () => EtcdClient.open(etcdPort)));
  const value = Buffer.alloc(VALUE_BYTES, "v");
  const data = { value: value.toString() };
  const mapOf = (name: string) => JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data });
  const ours = writers.map((writer) => (name: string) => writer.post("/api/v1/namespaces/default/configmaps", mapOf(name)));
  const theirs = etcds.map((client) => (name: string) => client.put(`/registry/configmaps/default/${name}`, value));
  let run = 0;
  const measure = (writers: Write[]) => () => writeFor(`c${clients}-${run++}`, writers);
  try {
    return await rounds(ROUNDS, {
      ours: measure(ours),
      theirs: measure(theirs),
      ratio: (a, b) => a.perSecond / b.perSecond,
      show: ({ perSecond, p50, p99 }) => `${perSecond.toFixed(0)}/s p50 ${p50.toFixed(2)} p99 ${p99.toFixed(2)} ms`,
    });
  } finally {
    for (const writer of writers) writer.close();
    for (const client of etcds) client.close();
  }
}

async function writeFor(prefix: string, writers: readonly Write[]): Promise<Writes> {
  const took: number[] = [];
  const began = performance.now();
  const until = began + SECONDS * 1000;
  await Promise.all(
    writers.map(async (write, writer) => {
      for (let i = 0, now = performance.now(); now < until; i++) {
        await write(`${prefix}-${writer}-${i}`);
        const after = performance.now();
        took.push(after - now);
        now = after;
      }
    }),
  );
  const seconds = (performance.now() - began) / 1000;
  took.sort((a, b) => a - b);
  return { perSecond: took.length / seconds, p50: percentile(took, 0.5), p99: percentile(took, 0.99) };
}
