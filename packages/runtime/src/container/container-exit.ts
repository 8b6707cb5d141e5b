import type Docker from "dockerode";
import type { InstanceExit } from "../port.ts";
import { wasOomKilled } from "./kernel-oom.ts";

/** A shell's way of saying "ended by signal N" is 128 + N. */
const SIGNALS: Record<number, string> = { 134: "SIGABRT", 137: "SIGKILL", 139: "SIGSEGV", 143: "SIGTERM" };

/** How a container ended; `evicted` says why we ended it. */
export function exitOf(id: string, { Id, State }: Docker.ContainerInspectInfo, evicted?: string): InstanceExit {
  const signal = SIGNALS[State.ExitCode];
  const reason = State.OOMKilled || (signal === "SIGKILL" && wasOomKilled(Id)) ? "OOMKilled" : State.ExitCode === 0 ? "Completed" : "Error";
  const why: Pick<InstanceExit, "reason" | "message"> = evicted === undefined ? { reason } : { reason: "Evicted", message: evicted };
  return { id, exitCode: State.ExitCode, ...(signal === undefined ? {} : { signal }), ...why, finishedAt: Date.parse(State.FinishedAt) };
}
