import type Docker from "dockerode";
import type { InstanceExit, InstanceSpec, RunningInstance } from "../port.ts";
import { ContainerFreezer } from "./freezer.ts";

export interface Known {
  spec: InstanceSpec;
  /** The engine's id of it. */
  container: string;
  startedAt: number;
  /** Of its main process, on this machine. */
  pid?: number;
  exit?: InstanceExit;
  /** Initialised, but not started: where it will answer. */
  prepared?: RunningInstance["address"];
  /** It was let go past the engine: resolves when the engine knows, or when it has ended and `exit` says how. */
  telling?: Promise<void>;
  /** `stop` was asked for: its end is no exit. */
  stopping: boolean;
  /** Why it is ended by us, and starts again with empty volumes. */
  evicted?: string | undefined;
}

export function knownOf(
  { spec, startedAt, pid, prepared, address }: RunningInstance,
  { Id }: Pick<Docker.ContainerInspectInfo, "Id">,
): Known {
  const place = { ...(pid === undefined ? {} : { pid }), ...(prepared === true ? { prepared: address } : {}) };
  return { spec, container: Id, startedAt, stopping: false, ...place };
}

export function placeOf(pid: number): Pick<RunningInstance, "pid" | "frozen"> {
  if (!pid) return {};
  return { pid, ...(ContainerFreezer.of(pid)?.isFrozen() && { frozen: true }) };
}
