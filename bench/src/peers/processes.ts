import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, chmod } from "node:fs/promises";
import { connect, createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A program that the machine has not and that may not be installed: the benchmark is left out, saying so. */
export class Missing extends Error {}

/** A server under load. */
export interface Server {
  name: string;
  port: number;
  pid: number;
}

/** The core of the proxies that are compared, and that of what loads them and answers them. */
export const PROXY_CORE = "0";
export const OTHER_CORE = "1";

/** What one benchmark starts: a folder of its own and processes, all gone when `run` ends. */
export class Stage {
  readonly folder: string;
  readonly #children: ChildProcess[] = [];

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async run<T>(work: (stage: Stage) => Promise<T>): Promise<T> {
    const folder = await mkdtemp(join(tmpdir(), "ebb-bench-"));
    // nginx gives up root's rights, and must still read what is here.
    await chmod(folder, 0o755);
    const stage = new Stage(folder);
    try {
      return await work(stage);
    } finally {
      for (const child of stage.#children) await stop(child);
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** Starts a program on one core, its output as a pipe. */
  start(core: string, command: string, args: readonly string[]): ChildProcess {
    const child = spawn("taskset", ["-c", core, command, ...args], { stdio: ["ignore", "pipe", "inherit"] });
    this.#children.push(child);
    return child;
  }

  /** Starts one of Ebb's own programs; it prints the port that it listens on. */
  async startNode(core: string, name: string, args: readonly string[]): Promise<Server> {
    const child = this.start(core, process.execPath, args);
    if (!child.stdout) throw new Error(`${name} has no output`);
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    return { name, port: Number(line.toString()), pid: child.pid ?? 0 };
  }

  /** Resolves with a server once it listens. */
  async startServer(core: string, name: string, server: { command: string; args: readonly string[]; port: number }): Promise<Server> {
    const child = this.start(core, server.command, server.args);
    await listening(server.port);
    return { name, port: server.port, pid: child.pid ?? 0 };
  }
}

/** The program's path. Debian's package is installed when root may; otherwise throws Missing. */
export function program(name: string, debianPackage: string): string {
  const found = () => ["/usr/sbin", "/usr/bin"].map((folder) => join(folder, name)).find((path) => existsSync(path));
  if (!found() && process.getuid?.() === 0 && existsSync("/usr/bin/apt-get")) {
    console.log(`installing ${debianPackage}`);
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    spawnSync("apt-get", ["install", "-y", "-qq", "--no-install-recommends", debianPackage], { stdio: "ignore", env });
  }
  const path = found();
  if (!path) throw new Missing(`${name} is not there: apt-get install ${debianPackage}`);
  return path;
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** Of Linux's /proc/PID/stat, on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100;

/** User and system time of all threads, seconds (proc(5): fields 14 and 15, counted from behind the name in parentheses). */
export async function cpuSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

export async function residentKiB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]);
}

async function listening(port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const socket = connect({ port, host: "127.0.0.1" });
    const connected = await new Promise<boolean>((resolve) => {
      socket.once("connect", () => resolve(true));
      socket.once("error", () => resolve(false));
    });
    socket.destroy();
    if (connected) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`nothing listens on port ${port}`);
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}
