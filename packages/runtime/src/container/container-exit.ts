import type Docker from "dockerode";
import type { InstanceExit } from "../port.ts";
import { wasOomKilled } from "./kernel-oom.ts";

/** A shell's way of saying "ended by signal N" is 128 + N. */
const SIGNALS: Record<number, string> = { 134: "SIGABRT", 137: "SIGKILL", 139: "SIGSEGV", 143: "SIGTERM" };

/** How a container ended; `evicted` says why we ended it. */
export function exitOf(id: string, { Id, State }: Docker.ContainerInspectInfo, evicted?: string): InstanceExit {
  const { ExitCode: code, OOMKilled: oom } = State;
  return exitOfCode(id, Id, { code, oom, finishedAt: Date.parse(State.FinishedAt), evicted });
}

/** @param container the engine's id of it. */
export function exitOfCode(
  id: string,
  container: string,
  { code, finishedAt, oom = false, evicted }: { code: number; finishedAt: number; oom?: boolean; evicted?: string | undefined },
): InstanceExit {
  const signal = SIGNALS[code];
  const reason = oom || (signal === "SIGKILL" && wasOomKilled(container)) ? "OOMKilled" : code === 0 ? "Completed" : "Error";
  const why: Pick<InstanceExit, "reason" | "message"> = evicted === undefined ? { reason } : { reason: "Evicted", message: evicted };
  return { id, exitCode: code, ...(signal === undefined ? {} : { signal }), ...why, finishedAt };
}
