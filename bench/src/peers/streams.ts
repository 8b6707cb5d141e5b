import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { startGateway } from "./gateway.ts";
import { startHaproxy } from "./haproxy.ts";
import { startNginxProxy } from "./nginx.ts";
import { cpuSeconds, OTHER_CORE, Stage, type Server } from "./processes.ts";
import { rounds } from "./rounds.ts";

const ROUNDS = 5;
const SECONDS = 2;

interface Streamed {
  /** Messages a second. */
  rate: number;
  /** Messages for each second of the proxy's processor time. */
  perCpu: number;
}

/**
 * Messages for each second of processor time, ours to the peer's: nginx for events, HAProxy otherwise. The rate alone would tell of the load generator and the instance, which are
 * slower than either proxy; it is printed beside.
 */
export function streams(kind: "events" | "websocket" | "grpc", connections: number): Promise<number> {
  return Stage.run(async (stage) => {
    const origin = await stage.startNode(OTHER_CORE, "origin", [join(import.meta.dirname, "stream-origin-process.ts"), kind]);
    const http2 = kind === "grpc";
    // Through HAProxy twenty open streams of events hung here, for a reason not found.
    const peer = kind === "events" ? await startNginxProxy(stage, origin.port) : await startHaproxy(stage, origin.port, http2);
    const ebb = await startGateway(stage, origin.port, 1000, http2 ? "h2c" : "http1");
    const measure = async ({ port, pid, name }: Server): Promise<Streamed> => {
      const args = ["-c", OTHER_CORE, process.execPath, join(import.meta.dirname, "stream-load-process.ts")];
      const before = await cpuSeconds(pid);
      const { stdout } = await promisify(execFile)("taskset", [...args, kind, `${port}`, `${connections}`, `${SECONDS}`]);
      const count = Number(stdout);
      if (!(count > 0)) throw new Error(`nothing came through ${name}`);
      return { rate: count / SECONDS, perCpu: count / ((await cpuSeconds(pid)) - before) };
    };
    return rounds(ROUNDS, {
      ours: () => measure(ebb),
      theirs: () => measure(peer),
      ratio: (ours, theirs) => ours.perCpu / theirs.perCpu,
      show: ({ rate, perCpu }) => `${Math.round(rate)}/s ${(1e6 / perCpu).toFixed(1)} µs cpu`,
    });
  });
}
