import { once } from "node:events";
import { Agent, createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { systemClock } from "@ebb/base";
import type { Benchmark } from "../main.ts";
import { startSteeredGateway } from "../peers/gateway.ts";
import { percentile } from "../peers/percentile.ts";
import { residentKiB, Stage, type Server } from "../peers/processes.ts";

const SECONDS = 60;
const WARM_UP_SECONDS = 5;
const CONCURRENCY = 4;
const SERVICE_MS = 10;
/** Knative's queue: ten times the concurrency of each instance. */
const ROOM = CONCURRENCY + 10 * CONCURRENCY;
const MOST_MIB = 64;

interface Outcomes {
  /** Milliseconds. */
  served: number[];
  refused: number[];
  others: Map<string, number>;
}

export const benchmark: Benchmark = {
  summary: `${SECONDS} s of twice the requests that there is room for: ${MOST_MIB} MiB divided by what the gateway's memory grows by; nothing but 200 and quick 503`,
  goal: 1,
  run,
};

/** Throws when something else than 200 or 503 came, or when a refusal took half as long as an answer. */
function run(): Promise<number> {
  return Stage.run(async (stage) => {
    const origin = createServer((_request, response) => void systemClock.after(SERVICE_MS, () => response.end("ok"))).listen(
      0,
      "127.0.0.1",
    );
    await once(origin, "listening");
    const { server, client } = await startSteeredGateway(stage);
    const limits = { containerConcurrency: CONCURRENCY, timeoutSeconds: 300, responseStartTimeoutSeconds: 300, idleTimeoutSeconds: 60 };
    const endpoints = [{ id: "bench-1", host: "127.0.0.1", port: (origin.address() as AddressInfo).port }];
    const splits = [{ revision: "ns/bench", percent: 100 }];
    await client.putBackend({ key: "ns/bench", protocol: "http1", ...limits, endpoints });
    await client.putRoute({ key: "ns/bench", hash: "1", hosts: [{ host: "bench.test", visibility: "external", splits, setHeaders: {} }] });
    try {
      await overload(server, WARM_UP_SECONDS);
      const before = await residentKiB(server.pid);
      const outcomes = await overload(server, SECONDS);
      const grown = ((await residentKiB(server.pid)) - before) / 1024;
      report(outcomes, grown);
      return MOST_MIB / Math.max(1, grown);
    } finally {
      await client.stop();
      origin.closeAllConnections();
      origin.close();
    }
  });
}

function report({ served, refused, others }: Outcomes, grown: number): void {
  for (const times of [served, refused]) times.sort((a, b) => a - b);
  const figures = (times: number[]) =>
    `${times.length}, median ${percentile(times, 0.5).toFixed(1)} ms, 99th percentile ${percentile(times, 0.99).toFixed(1)} ms`;
  console.log(
    `  ${2 * ROOM} clients, room for ${ROOM}, ${SECONDS} s: served ${figures(served)}; refused ${figures(refused)}; ${grown.toFixed(1)} MiB more`,
  );
  if (others.size > 0) throw new Error(`something else came: ${[...others].map(([what, count]) => `${what} (${count} times)`).join(", ")}`);
  if (refused.length === 0) throw new Error("nothing was refused: there was no overload");
  if (percentile(refused, 0.5) > percentile(served, 0.5) / 2) throw new Error("refusals take more than half as long as answers");
}

/** Each client asks again as soon as it has its answer, whichever that is. */
async function overload({ port }: Server, seconds: number): Promise<Outcomes> {
  const outcomes: Outcomes = { served: [], refused: [], others: new Map() };
  const agent = new Agent({ keepAlive: true, maxSockets: 2 * ROOM });
  const end = performance.now() + seconds * 1000;
  const clientLoop = async () => {
    for (let began = performance.now(); began < end; began = performance.now()) {
      const status = await ask(port, agent).catch((error: unknown) => String(error));
      const took = performance.now() - began;
      if (status === 200) outcomes.served.push(took);
      else if (status === 503) outcomes.refused.push(took);
      else outcomes.others.set(`${status}`, (outcomes.others.get(`${status}`) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: 2 * ROOM }, clientLoop));
  agent.destroy();
  return outcomes;
}

function ask(port: number, agent: Agent): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port, agent, headers: { host: "bench.test" } }, (response) => {
      response.resume();
      response.once("end", () => resolve(response.statusCode ?? 0));
      response.once("error", reject);
    });
    sent.once("error", reject);
    sent.end();
  });
}
