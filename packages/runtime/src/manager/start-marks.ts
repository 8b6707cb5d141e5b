import type { Idle, StartPhases } from "../port.ts";

/** Moments of one start, monotonic milliseconds. */
export interface StartMarks {
  from: Idle;
  ordered: number;
  /** Its turn among others that start. */
  turn: number;
  /** What the driver took before it was about to start the program; a length. */
  sandbox: number;
  running: number;
  /** The last probe that it did not answer, or when it ran. */
  unanswered: number;
}

export function phasesOf({ ordered, turn, sandbox, running, unanswered }: StartMarks, ready: number): StartPhases {
  return {
    queued: turn - ordered,
    sandbox,
    launch: running - turn - sandbox,
    boot: unanswered - running,
    seen: ready - unanswered,
  };
}
