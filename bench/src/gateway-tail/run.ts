import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Benchmark } from "../main.ts";
import { startGateway } from "../peers/gateway.ts";
import { startHaproxy } from "../peers/haproxy.ts";
import { startOrigin } from "../peers/nginx.ts";
import { OTHER_CORE, Stage, type Server } from "../peers/processes.ts";
import { rounds } from "../peers/rounds.ts";
import { wrk } from "../peers/wrk.ts";

const PROGRAM = join(import.meta.dirname, "../peers/load-process.ts");

export const benchmark: Benchmark = {
  summary: "99th percentile at half of the saturating load (open loop, 64 connections), HAProxy's divided by the gateway's",
  goal: 1 / 1.3,
  run,
};

interface Times {
  p50: number;
  p99: number;
}

function run(): Promise<number> {
  return Stage.run(async (stage) => {
    const origin = await startOrigin(stage, 13);
    const haproxy = await startHaproxy(stage, origin.port);
    const ebb = await startGateway(stage, origin.port, 1000);
    const load = { connections: 64, seconds: 2 };
    // The same rate for both: half of what the slower of the two can do, and what the load generator's core can.
    const rate = Math.round(Math.min((await wrk(ebb, load)).rate, (await wrk(haproxy, load)).rate) / 4);
    console.log(`${rate} requests a second`);
    const measure = async ({ port }: Server) => {
      const args = ["-c", OTHER_CORE, process.execPath, PROGRAM, `${port}`, `${rate}`, "64", "3"];
      const { stdout } = await promisify(execFile)("taskset", args);
      return JSON.parse(stdout) as Times;
    };
    return rounds(7, {
      ours: () => measure(ebb),
      theirs: () => measure(haproxy),
      ratio: (ours, theirs) => theirs.p99 / ours.p99,
      show: ({ p50, p99 }: Times) => `p50 ${p50.toFixed(2)} ms p99 ${p99.toFixed(2)} ms`,
    });
  });
}
