import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { eventually } from "@ebb/testkit";
import { answering } from "./by-hand.ts";
import { firstByte } from "./first-byte.ts";
import { percentile } from "./percentile.ts";
import { cpuSeconds, freePort, Missing } from "./processes.ts";

/** Milliseconds without anything of ours, before what takes milliseconds is measured: what the last one has left to be done is done. */
const CALM = 500;

export const calm = () => sleep(CALM);

/** A Node.js server that is kept as Ebb keeps one, by nothing but the kernel: what a wake takes on this machine, today, without a gateway. */
export interface KeptByHand {
  /** Milliseconds until the first byte, by a connection of its own. */
  wake(): Promise<number>;
  end(): Promise<void>;
}

/** `node server.js` that has answered once, and is off the CPU whenever nobody asks. Throws Missing where there is no freezer to write to. */
export async function frozenByHand(folder: string): Promise<KeptByHand> {
  const port = await freePort();
  const group = makeGroup();
  const child = start(folder, port, []);
  const end = async () => {
    group.freeze(false);
    await killed(child);
    await eventually(() => remove(group.folder));
  };
  try {
    writeFileSync(join(group.folder, "cgroup.procs"), String(child.pid));
    await answering(port, child);
    group.freeze(true);
  } catch (error) {
    await end();
    throw error;
  }
  return {
    async wake() {
      const began = performance.now();
      group.freeze(false);
      await firstByte({ host: "127.0.0.1", port, name: "localhost" });
      const took = performance.now() - began;
      group.freeze(true);
      return took;
    },
    end,
  };
}

/** `node server.js` that has booted up to the program's first line, by the gate that an Ebb has in its data folder; asked each millisecond. It wakes once. */
export async function preparedByHand(folder: string, dataDir: string): Promise<KeptByHand> {
  const port = await freePort();
  const gate = join(dataDir, "instances/.gate.mjs");
  const child = start(folder, port, ["--import", gate], join(folder, "nobody-listens"));
  try {
    await eventually(() => isStill(child.pid ?? 0), 30_000);
  } catch (error) {
    await killed(child);
    throw error;
  }
  return {
    async wake() {
      const began = performance.now();
      (child.stdio[3] as Writable).write("go\n");
      await answering(port, child);
      return performance.now() - began;
    },
    end: () => killed(child),
  };
}

/** Prints what the two took: a slow day meets both. */
export function compareByHand(ours: readonly number[], byHand: readonly number[]): void {
  const figures = [ours, byHand].map((times) => {
    const sorted = times.toSorted((a, b) => a - b);
    return { p50: percentile(sorted, 0.5), p99: percentile(sorted, 0.99), least: sorted[0] ?? Number.NaN };
  });
  const show = ({ p50, p99, least }: { p50: number; p99: number; least: number }) =>
    `p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)}, the least ${least.toFixed(2)}`;
  const [a, b] = figures;
  if (!a || !b) return;
  console.log(`  ${ours.length} wakes: ${show(a)}`);
  console.log(`  ${byHand.length} by hand, without a gateway: ${show(b)}; by hand / ours ${(b.p50 / a.p50).toFixed(2)}`);
}

function start(folder: string, port: number, options: readonly string[], gate?: string): ChildProcess {
  return spawn(process.execPath, [...options, "server.js"], {
    cwd: folder,
    env: { PATH: "/usr/bin:/bin", PORT: `${port}`, ...(gate === undefined ? {} : { EBB_GATE: gate }) },
    stdio: ["ignore", "ignore", "ignore", "pipe"],
  });
}

async function killed(child: ChildProcess): Promise<void> {
  child.kill("SIGKILL");
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
}

/** It has used a processor, and for a while none: it waits. */
async function isStill(pid: number): Promise<boolean> {
  const before = await cpuSeconds(pid);
  await sleep(CALM);
  return before > 0 && before === (await cpuSeconds(pid));
}

let groups = 0;

/** A control group of the kernel's freezer. */
function makeGroup(): { folder: string; freeze(frozen: boolean): void } {
  const unified = existsSync("/sys/fs/cgroup/cgroup.controllers");
  const folder = join("/sys/fs/cgroup", unified ? "" : "freezer", `ebb-bench-${process.pid}-${groups++}`);
  try {
    mkdirSync(folder);
  } catch (cause) {
    throw new Missing("the kernel's freezer is not there, or not ours to write to", { cause });
  }
  const [file, on, off] = unified ? ["cgroup.freeze", "1", "0"] : ["freezer.state", "FROZEN", "THAWED"];
  return { folder, freeze: (frozen) => writeFileSync(join(folder, file), frozen ? on : off) };
}

/** Whether it is gone, which it is soon after its last process. */
function remove(folder: string): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch {
    return !existsSync(folder);
  }
}
