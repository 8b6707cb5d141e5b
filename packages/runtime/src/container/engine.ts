import { spawn, type ChildProcess } from "node:child_process";
import { accessSync, closeSync, constants, existsSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type Docker from "dockerode";
import { sleep, type Clock, type Logger } from "@ebb/base";
import { isAlive } from "../child-lives.ts";
import { podmanInfo, type PodmanInfo } from "./podman-api.ts";

/** A container engine that answers on its Docker-compatible socket. */
export interface Engine {
  docker: Docker;
  socketPath: string;
  name: "podman" | "docker";
  version: string;
  /** Containers have no address that this machine can reach: their ports are published on loopback. */
  rootless: boolean;
  /** It can hold a container to so much memory: some kernels have the controller switched off, and a user's engine often has none. */
  limitsMemory: boolean;
  /** As it told of itself when it was found, if it is one. */
  podman?: PodmanInfo;
  /** The process of the service that was started for it just now; it is the caller's to end, or to leave running. */
  servicePid?: number;
}

export interface EngineOptions {
  /** Where Ebb's own Podman service listens, if it has to start one; without it none is started. */
  ownSocket?: string;
  /** Looked at before the usual places. */
  socketPath?: string;
  clock: Clock;
  log: Logger;
  env?: NodeJS.ProcessEnv;
}

const PODMAN = ["/usr/bin/podman", "/usr/local/bin/podman"];
/** Sized against a machine on which many others work: without an engine, Ebb runs no image until it is started again. */
const START_DEADLINE = 30_000;
const ANSWER_DEADLINE = 5000;

/**
 * Finds an engine: the socket given, $DOCKER_HOST, Podman's and Docker's usual sockets. Where Podman is installed but serves no socket, a
 * service of Ebb's own is started, which goes on when Ebb ends. Undefined when there is none.
 */
export async function findEngine(options: EngineOptions): Promise<Engine | undefined> {
  const candidates = socketCandidates(options);
  for (const path of candidates) {
    const engine = await connectEngine(path);
    if (engine) return engine;
  }
  const podman = PODMAN.find((path) => existsSync(path));
  if (options.ownSocket === undefined || podman === undefined) return undefined;
  const service = startPodmanService(podman, options.ownSocket);
  const { clock, log } = options;
  const end = clock.monotonic() + START_DEADLINE;
  while (clock.monotonic() < end && isAlive(service)) {
    const engine = await connectEngine(options.ownSocket);
    if (engine) return { ...engine, ...(service.pid !== undefined && { servicePid: service.pid }) };
    await sleep(clock, 50);
  }
  log.warn({ socket: options.ownSocket }, "podman is installed, but its service does not answer: no containers");
  return undefined;
}

function socketCandidates({ socketPath, ownSocket, env = process.env }: EngineOptions): string[] {
  const host = env["DOCKER_HOST"];
  const runtimeDir = env["XDG_RUNTIME_DIR"];
  const all = [
    socketPath,
    host?.startsWith("unix://") ? host.slice("unix://".length) : undefined,
    ownSocket,
    "/run/podman/podman.sock",
    runtimeDir && join(runtimeDir, "podman/podman.sock"),
    "/var/run/docker.sock",
    runtimeDir && join(runtimeDir, "docker.sock"),
  ];
  return all.filter((path): path is string => path !== undefined && path !== "" && existsSync(path));
}

async function connectEngine(socketPath: string): Promise<Engine | undefined> {
  // Some two hundred modules, which are for nothing where there is no engine.
  const { default: Docker } = await import("dockerode");
  const told =
    (await askPodman(socketPath, ANSWER_DEADLINE)) ?? (await askOther(socketPath, new Docker({ socketPath, timeout: ANSWER_DEADLINE })));
  // Without a time limit from here on: pulls and waits take as long as they take, and are aborted by their callers.
  return told && { docker: new Docker({ socketPath }), socketPath, ...told };
}

type Told = Omit<Engine, "docker" | "socketPath">;

async function askPodman(socketPath: string, timeout: number): Promise<Told | undefined> {
  try {
    const podman = await podmanInfo(socketPath, timeout);
    const { rootless } = podman.host.security;
    const limitsMemory = podman.host.cgroupControllers?.includes("memory") === true && !rootless;
    return { name: "podman", version: podman.version.Version, rootless, limitsMemory, podman };
  } catch {
    return undefined;
  }
}

/** Podman answers as Docker does, too. Taken for one because it was slow to say what it is, it would lack until the next start what only Podman is used for. */
async function askOther(socketPath: string, docker: Docker): Promise<Told | undefined> {
  try {
    const { Components } = (await docker.version()) as { Components?: { Name: string }[] };
    if (Components?.some(({ Name }) => Name.startsWith("Podman"))) return await askPodman(socketPath, START_DEADLINE);
    const info = (await docker.info()) as { ServerVersion: string; SecurityOptions?: string[]; MemoryLimit?: boolean };
    const rootless = (info.SecurityOptions ?? []).some((option) => option.includes("rootless"));
    return { name: "docker", version: info.ServerVersion, rootless, limitsMemory: info.MemoryLimit === true && !rootless };
  } catch {
    return undefined;
  }
}

function startPodmanService(podman: string, socket: string): ChildProcess {
  const log = openSync(`${socket}.log`, "a", 0o600);
  const child = spawn(podman, [...runtimeFlags(), "system", "service", "--time=0", `unix://${socket}`], {
    detached: true,
    stdio: ["ignore", log, log],
  });
  closeSync(log);
  child.on("error", () => undefined);
  if (child.pid !== undefined) writeFileSync(pidFile(socket), `${child.pid}\n`, { mode: 0o600 });
  child.unref();
  return child;
}

function pidFile(socket: string): string {
  return `${socket}.pid`;
}

/** Ends the service that `findEngine` started for this socket, if it runs. Containers go on; the next `findEngine` starts another. */
export function stopOwnEngine(socket: string): void {
  try {
    const pid = Number(readFileSync(pidFile(socket), "utf8"));
    // The number may be another process's by now.
    if (!readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(socket)) return;
    process.kill(pid, "SIGTERM");
  } catch {
    // None was started, or it has ended.
  }
}

/** crun refuses hybrid hierarchies (cgroup v1 controllers beside a v2 mount); runc takes them. */
function runtimeFlags(): string[] {
  const hybrid = existsSync("/sys/fs/cgroup/unified") && !existsSync("/sys/fs/cgroup/cgroup.controllers");
  return hybrid && executable("runc") ? ["--runtime", "runc"] : [];
}

function executable(name: string): boolean {
  return ["/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin"].some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
