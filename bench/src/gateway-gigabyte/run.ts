import { execFile } from "node:child_process";
import { truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { systemClock } from "@ebb/base";
import type { Benchmark } from "../main.ts";
import { startGateway } from "../peers/gateway.ts";
import { startOrigin } from "../peers/nginx.ts";
import { OTHER_CORE, program, residentKiB, Stage, type Server } from "../peers/processes.ts";

const GIB = 1024 ** 3;
const MOST_MIB = 32;
const LOOK_MS = 20;

export const benchmark: Benchmark = {
  summary: `${MOST_MIB} MiB divided by the most that the gateway's memory grows by while a body of 1 GiB passes, down and up, whichever took more`,
  goal: 1,
  run,
};

function run(): Promise<number> {
  return Stage.run(async (stage) => {
    const file = join(stage.folder, "gigabyte");
    await writeFile(file, "x");
    await truncate(file, GIB);
    const source = await startOrigin(stage, GIB);
    const sink = await stage.startNode(OTHER_CORE, "sink", [join(import.meta.dirname, "../peers/sink-process.ts")]);
    const down = await transfer(await startGateway(stage, source.port), "download", []);
    const up = await transfer(await startGateway(stage, sink.port), "upload", ["-T", file, "-H", "Expect:"]);
    return MOST_MIB / Math.max(1, down, up);
  });
}

/** MiB more than before, at the most. The first transfer is not counted: what the process takes for having worked at all is not the body's. */
async function transfer(gateway: Server, direction: "download" | "upload", options: readonly string[]): Promise<number> {
  await curl(gateway, direction, options);
  const before = await residentKiB(gateway.pid);
  let most = before;
  const looks = systemClock.every(LOOK_MS, () => void residentKiB(gateway.pid).then((now) => (most = Math.max(most, now))));
  const { bytes, speed } = await curl(gateway, direction, options).finally(() => looks.cancel());
  if (bytes !== GIB) throw new Error(`${bytes} bytes of ${GIB} came through`);
  const grown = (most - before) / 1024;
  console.log(
    `  ${direction} of 1 GiB: ${(speed / 1e9).toFixed(2)} GB/s, ${grown.toFixed(1)} MiB more than the ${(before / 1024).toFixed(0)} MiB before`,
  );
  return grown;
}

async function curl(
  { port }: Server,
  direction: "download" | "upload",
  options: readonly string[],
): Promise<{ bytes: number; speed: number }> {
  const asked = ["-sS", "-f", "-o", "/dev/null", "-H", "Host: bench.test", ...options, "-w", `%{size_${direction}} %{speed_${direction}}`];
  const command = ["-c", OTHER_CORE, program("curl", "curl"), ...asked, `http://127.0.0.1:${port}/bench`];
  const { stdout } = await promisify(execFile)("taskset", command);
  const [bytes = Number.NaN, speed = Number.NaN] = stdout.split(" ").map(Number);
  return { bytes, speed };
}
