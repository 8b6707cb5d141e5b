import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { tempDir } from "@ebb/testkit";
import { onTestFinished } from "vitest";
import type { GatewayState } from "./gateway-process.ts";

export interface ChildGateway {
  port: number;
  /** What it holds after a collection of garbage. */
  state(): Promise<GatewayState>;
  openFiles(): number;
}

export interface ChildGatewayOptions {
  origin: number;
  workers?: number;
  /** Requests that the instance takes at once; 0, the default, is no limit. */
  concurrency?: number;
  /** Seconds that an answer may take to begin, and may pause. */
  patience?: number;
  openFiles?: number;
}

/** A gateway in a process of its own before the instance on `origin`; ends with the test. */
export async function startChildGateway(options: ChildGatewayOptions): Promise<ChildGateway> {
  const { origin, workers = 1, concurrency = 0, patience = 30, openFiles = 4096 } = options;
  const folder = await tempDir("ebb-stress-");
  const program = [process.execPath, "--expose-gc", join(import.meta.dirname, "gateway-process.ts")];
  const args = [folder.path, `${origin}`, `${workers}`, `${concurrency}`, `${patience}`];
  const child = spawn("/bin/sh", ["-c", `ulimit -n ${openFiles}; exec "$@"`, "sh", ...program, ...args], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const ended = once(child, "exit");
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await ended;
    await folder.remove();
  });
  const message = async () => {
    const [value] = (await Promise.race([
      once(child, "message"),
      ended.then(() => Promise.reject(new Error("the gateway has ended"))),
    ])) as [unknown];
    return value;
  };
  const port = (await message()) as number;
  return {
    port,
    state: async () => {
      const told = message();
      child.send("state");
      return (await told) as GatewayState;
    },
    openFiles: () => readdirSync(`/proc/${child.pid}/fd`).length,
  };
}
