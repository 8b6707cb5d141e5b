import { sleep, systemClock } from "@ebb/base";
import { startEbb, type EbbServer } from "@ebb/testkit";
import type { Benchmark } from "../main.ts";
import { connectKubeApi, type KubeApi } from "../peers/kube-api.ts";
import { percentile } from "../peers/percentile.ts";
import { residentKiB } from "../peers/processes.ts";
import { createServices, listAll, ReadyFollower, startWatch } from "./sleeping-services.ts";

const SIZES = [1000, 5000];
const CREATORS = 32;
/** Changes of one Service at a time, at each size and at the smallest. */
const CHANGES = 200;
const FEW = 50;
/** Whose memory is counted: the supervisor's is the same with any number of Services. */
const PROCESSES = ["gateway", "cluster", "platform"] as const;
/** Milliseconds from a start until memory is looked at. */
const SETTLED = 10_000;
/** What issue and documentation promise of the largest size. */
const GOALS = { startSeconds: 10, kibEach: 40, changeRatio: 0.8 };

export const benchmark: Benchmark = {
  summary: `${SIZES.join(" and ")} Knative Services asleep: create, list, watch, change one, memory, start; the worst of start ≤ ${GOALS.startSeconds} s, memory ≤ ${GOALS.kibEach} KiB each, a change as fast as among ${FEW}`,
  goal: 1,
  run,
};

async function run(): Promise<number> {
  const ebb = await startEbb({ args: ["--no-containers"] });
  try {
    return await measure(ebb);
  } finally {
    await ebb.dispose();
  }
}

async function measure(ebb: EbbServer): Promise<number> {
  let api = await connectKubeApi(ebb.urls.kubeconfig, CREATORS + 2);
  /** Seconds from nothing to a server that has listed all Services. */
  const restart = async (count: number) => {
    api.close();
    await ebb.stop();
    const began = performance.now();
    await ebb.start();
    api = await connectKubeApi(ebb.urls.kubeconfig, CREATORS + 2);
    await listAll(api, count);
    return (performance.now() - began) / 1000;
  };

  await allowSleepingFromBirth(api);
  await createServices(api, { from: 0, to: FEW, creators: CREATORS });
  const emptyStart = await restart(FEW);
  await sleep(systemClock, SETTLED);
  const empty = await resident(ebb);
  console.log(`  ${FEW} Services: start ${emptyStart.toFixed(1)} s, ${(sum(empty) / 1024).toFixed(0)} MiB`);
  const few = await changes(api, FEW);

  let figure = Number.POSITIVE_INFINITY;
  let count = FEW;
  for (const size of SIZES) {
    const burst = await createServices(api, { from: count, to: size, creators: CREATORS });
    count = size;
    console.log(`  ${size} Services: created in ${burst.created.toFixed(1)} s, the last one Ready after ${burst.ready.toFixed(1)} s`);
    const start = await restart(size);
    // The cluster gives back what its start took some seconds after it.
    await sleep(systemClock, SETTLED);
    const each = (await resident(ebb)).map((kib, process) => (kib - (empty[process] ?? 0)) / (size - FEW));
    const kibEach = sum(each);
    const list = await timed(() => listAll(api, size));
    const watch = await timed(() => startWatch(api, size));
    console.log(
      `    start ${start.toFixed(1)} s, ${kibEach.toFixed(1)} KiB each (${PROCESSES.map((name, i) => `${name} ${each[i]?.toFixed(1)}`).join(", ")}), list ${list.toFixed(0)} ms, watch in step after ${watch.toFixed(0)} ms`,
    );
    const many = await changes(api, size);
    console.log(`    a change takes ${(many / few).toFixed(2)} × of what it takes among ${FEW}`);
    figure = Math.min(GOALS.startSeconds / start, GOALS.kibEach / kibEach, few / many / GOALS.changeRatio);
  }
  api.close();
  return figure;
}

/** Without it a Knative starts one instance of each new Revision before that is Ready. */
async function allowSleepingFromBirth(api: KubeApi): Promise<void> {
  const path = "/api/v1/namespaces/knative-serving/configmaps/config-autoscaler";
  await api.call("PATCH", path, { data: { "allow-zero-initial-scale": "true" } }, "application/merge-patch+json");
}

/** KiB of each of PROCESSES. */
function resident(ebb: EbbServer): Promise<number[]> {
  return Promise.all(PROCESSES.map(async (name) => residentKiB(await ebb.pid(name))));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

/** A new template for one Service after the other; the median of the milliseconds until each is Ready. */
async function changes(api: KubeApi, count: number): Promise<number> {
  const follower = await ReadyFollower.start(api, count);
  const took: number[] = [];
  for (let i = 0; i < CHANGES; i++) took.push(await timed(() => follower.change(i % FEW)));
  follower.stop();
  took.sort((a, b) => a - b);
  const p50 = percentile(took, 0.5);
  console.log(`    ${CHANGES} changes among ${count}: p50 ${p50.toFixed(1)} ms, p99 ${percentile(took, 0.99).toFixed(1)} ms`);
  return p50;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}
