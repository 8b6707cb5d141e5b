import type { InstanceExit, InstanceSpec, RunningInstance } from "../port.ts";
import { ContainerFreezer } from "./freezer.ts";

export interface Known {
  spec: InstanceSpec;
  startedAt: number;
  /** Of its main process, on this machine. */
  pid?: number;
  exit?: InstanceExit;
  /** Initialised, but not started: where it will answer. */
  prepared?: RunningInstance["address"];
  /** `stop` was asked for: its end is no exit. */
  stopping: boolean;
  /** Why it is ended by us, and starts again with empty volumes. */
  evicted?: string | undefined;
}

export function knownOf({ spec, startedAt, pid, prepared, address }: RunningInstance): Known {
  return { spec, startedAt, stopping: false, ...(pid === undefined ? {} : { pid }), ...(prepared === true ? { prepared: address } : {}) };
}

export function placeOf(pid: number): Pick<RunningInstance, "pid" | "frozen"> {
  if (!pid) return {};
  return { pid, ...(ContainerFreezer.of(pid)?.isFrozen() && { frozen: true }) };
}
