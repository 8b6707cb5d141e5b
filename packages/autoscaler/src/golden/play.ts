import { RevisionScaler } from "../revision-scaler.ts";
import { BEGIN, type RandomTrace, type Step } from "./random-trace.ts";

/** What is compared of a decision: wanted by the metrics, panicking, room for a burst, wanted within bounds and with sleep, Active of the PodAutoscaler. */
export interface Decided {
  recommended: number;
  panicking: boolean;
  excessBurstCapacity: number;
  desired: number;
  phase: string;
}

/** Plays a trace against the scaler. `instances` is what becomes of the count that a decision wants: the same, unless the trace has to go on otherwise. */
export function play(trace: RandomTrace, decisions: number, instances: (index: number, wanted: number) => number): Decided[] {
  const { scaling, instances: running, activationTimeout } = trace.start;
  const decided: Decided[] = [];
  const scaler = new RevisionScaler(scaling, BEGIN, { instances: running, ready: running });
  const decide = (step: Step): number => {
    if (step.type === "configure") scaler.configure(step.scaling, step.at);
    else if (step.type === "record") scaler.record(step.at, step);
    if (step.type !== "tick" && step.type !== "wake") return 0;
    const { at: now, ready } = step;
    const inputs = { now, wallTime: now, ready, reachable: trace.reachable, initialized: trace.initialized, activationTimeout };
    const { recommended, mode, excessBurstCapacity, desired } =
      step.type === "wake" ? scaler.wake(inputs) : scaler.decide(inputs, decided.length === 0 ? "start" : "tick");
    decided.push({ recommended, panicking: mode === "panic", excessBurstCapacity, desired, phase: scaler.activity.phase });
    return instances(decided.length - 1, desired);
  };
  while (decided.length < decisions) trace.second(decide);
  return decided.slice(0, decisions);
}
