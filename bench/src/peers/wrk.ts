import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { cpuSeconds, OTHER_CORE, program, type Server } from "./processes.ts";

export interface Load {
  connections: number;
  seconds: number;
}

export interface Measurement {
  /** Answers a second. */
  rate: number;
  /** Microseconds of processor time per request. */
  cpu: number;
  /** Median time of a request, microseconds. */
  p50: number;
}

/** Of each request; varied-heads.lua says what differs. */
const HEADERS = [
  "Host: bench.test",
  "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
  "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
  "Accept-Language: en-US,en;q=0.5",
  "Accept-Encoding: gzip, deflate, br",
];
const UNITS: Readonly<Record<string, number>> = { us: 1, ms: 1e3, s: 1e6 };

/** A closed loop on kept connections, from one core. Throws when anything but a good answer came. */
export async function wrk({ port, pid, name }: Server, { connections, seconds }: Load): Promise<Measurement> {
  const path = program("wrk", "wrk");
  const headers = HEADERS.flatMap((header) => ["-H", header]);
  const args = [
    "-c",
    OTHER_CORE,
    path,
    "-t1",
    `-c${connections}`,
    `-d${seconds}s`,
    ...headers,
    "--latency",
    "-s",
    join(import.meta.dirname, "varied-heads.lua"),
    `http://127.0.0.1:${port}`,
  ];
  const before = await cpuSeconds(pid);
  const { stdout } = await promisify(execFile)("taskset", args);
  const after = await cpuSeconds(pid);
  if (/Non-2xx|Socket errors/.test(stdout)) throw new Error(`${name} answered wrongly:\n${stdout}`);
  const requests = Number(/(\d+) requests in/.exec(stdout)?.[1]);
  const [, value, unit = "us"] = /50%\s+([\d.]+)(us|ms|s)/.exec(stdout) ?? [];
  return {
    rate: Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]),
    cpu: ((after - before) * 1e6) / requests,
    p50: Number(value) * (UNITS[unit] ?? 1),
  };
}
