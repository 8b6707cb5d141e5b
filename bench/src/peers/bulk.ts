import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { startGateway } from "./gateway.ts";
import { startNginxProxy, startOrigin } from "./nginx.ts";
import { OTHER_CORE, program, Stage, type Server } from "./processes.ts";
import { rounds } from "./rounds.ts";

const BYTES = 300 * 1024 * 1024;

/** Bytes a second of one transfer of 300 MiB, the gateway's divided by nginx's. */
export function bulk(direction: "down" | "up"): Promise<number> {
  return Stage.run(async (stage) => {
    const curl = program("curl", "curl");
    const origin =
      direction === "down"
        ? await startOrigin(stage, BYTES)
        : await stage.startNode(OTHER_CORE, "sink", [join(import.meta.dirname, "sink-process.ts")]);
    const nginx = await startNginxProxy(stage, origin.port);
    const ebb = await startGateway(stage, origin.port);
    const file = join(stage.folder, "body");
    if (direction === "up") await writeFile(file, Buffer.alloc(BYTES, "x"));
    const upload = direction === "up" ? ["-T", file, "-H", "Expect:"] : [];
    const measure = async ({ port }: Server) => {
      const options = ["-sS", "-f", "-o", "/dev/null", "-H", "Host: bench.test", ...upload, "-w", `%{speed_${direction}load}`];
      const { stdout } = await promisify(execFile)("taskset", ["-c", OTHER_CORE, curl, ...options, `http://127.0.0.1:${port}/bench`]);
      return Number(stdout);
    };
    return rounds(7, {
      ours: () => measure(ebb),
      theirs: () => measure(nginx),
      ratio: (ours, theirs) => ours / theirs,
      show: (rate) => `${(rate / 1e9).toFixed(2)} GB/s`,
    });
  });
}
