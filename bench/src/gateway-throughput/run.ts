import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Benchmark } from "../main.ts";
import { loadOnce } from "./load.ts";

const NGINX = ["/usr/sbin/nginx", "/usr/bin/nginx"].find((path) => existsSync(path));
const ROUNDS = 5;
const SECONDS = 2;
const CONNECTIONS = 32;

const PEER = NGINX ? "nginx" : "node:http";
/** Of Linux's /proc/PID/stat, on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100;

export const benchmark: Benchmark = {
  summary: `processor time per request (13-byte answers, ${CONNECTIONS} connections), ${NGINX ? "nginx's" : "that of a proxy on node:http"} divided by the gateway's`,
  // Against nginx: what a proxy on documented socket APIs should reach. Against node:http: what its own parser should gain.
  goal: NGINX ? 0.65 : 2,
  run,
};

interface Proxy {
  port: number;
  pid: number;
}

/**
 * Processor time, as it depends least on what else the machine does; requests a second are printed beside it. The proxies take turns
 * within each round, and the median of the rounds' ratios counts.
 */
async function run(): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), "ebb-bench-"));
  const children: ChildProcess[] = [];
  try {
    const { port: upstream } = await startNode("upstream.ts", [], children);
    const gateway = await startNode("gateway.ts", [`${upstream}`, folder], children);
    const peer = NGINX
      ? await startNginx(NGINX, upstream, folder, children)
      : await startNode("node-http-proxy.ts", [`${upstream}`], children);
    for (const proxy of [gateway, peer]) await measure(proxy, 2);
    const ratios: number[] = [];
    for (let round = 1; round <= ROUNDS; round++) {
      const peerFirst = round % 2 === 0 ? await measure(peer, SECONDS) : undefined;
      const ours = await measure(gateway, SECONDS);
      const theirs = peerFirst ?? (await measure(peer, SECONDS));
      const ratio = theirs.cpu / ours.cpu;
      ratios.push(ratio);
      console.log(`round ${round}: gateway ${show(ours)}, ${PEER} ${show(theirs)}, ratio ${ratio.toFixed(2)}`);
    }
    return ratios.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? 0;
  } finally {
    for (const child of children) await stop(child);
    await rm(folder, { recursive: true, force: true });
  }
}

interface Measurement {
  /** Microseconds of processor time per request. */
  cpu: number;
  rate: number;
}

async function measure({ port, pid }: Proxy, seconds: number): Promise<Measurement> {
  const before = await cpuSeconds(pid);
  const rate = await loadOnce({ port, connections: CONNECTIONS, seconds });
  return { rate, cpu: (((await cpuSeconds(pid)) - before) * 1e6) / (rate * seconds) };
}

function show({ cpu, rate }: Measurement): string {
  return `${cpu.toFixed(1)} µs (${Math.round(rate)}/s)`;
}

/** User and system time of all threads (proc(5): fields 14 and 15, counted from behind the name in parentheses). */
async function cpuSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGTERM");
  await once(child, "exit");
}

/** Starts one of this folder's programs on the first core; it prints the port it listens on. */
async function startNode(program: string, args: string[], children: ChildProcess[]): Promise<Proxy> {
  const core = program === "upstream.ts" ? "1" : "0";
  const child = spawn(...pinned(core, process.execPath, [join(import.meta.dirname, program), ...args]), {
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  return { port: Number(line.toString()), pid: child.pid ?? 0 };
}

/** The proxies share one core, the instance and this load generator the other, where the machine has two and `taskset`. */
function pinned(core: string, command: string, args: string[]): [string, string[]] {
  const usable = spawnSync("taskset", ["-c", core, "true"]).status === 0;
  return usable ? ["taskset", ["-c", core, command, ...args]] : [command, args];
}

async function startNginx(nginx: string, upstream: number, folder: string, children: ChildProcess[]): Promise<Proxy> {
  const port = await freePort();
  const config = `daemon off; master_process off; pid ${folder}/nginx.pid; error_log /dev/null;
events { worker_connections 1024; }
http { access_log off; client_body_temp_path ${folder}; proxy_temp_path ${folder}; fastcgi_temp_path ${folder}; uwsgi_temp_path ${folder}; scgi_temp_path ${folder};
  keepalive_requests 1000000000;
  upstream app { server 127.0.0.1:${upstream}; keepalive 256; keepalive_requests 1000000000; }
  server { listen 127.0.0.1:${port}; location / { proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host; } } }`;
  await writeFile(join(folder, "nginx.conf"), config);
  const child = spawn(...pinned("0", nginx, ["-c", join(folder, "nginx.conf"), "-p", folder]), { stdio: "inherit" });
  children.push(child);
  for (let tries = 0; tries < 100; tries++) {
    const answer = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: "close" } }).catch(() => undefined);
    if (answer) return { port, pid: child.pid ?? 0 };
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("nginx did not start");
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
