import { assertNever } from "@ebb/base";
import type { Bounds, Recommendation, ZeroVerdict } from "./decide.ts";
import type { Cause } from "./journal.ts";
import type { RevisionScaling } from "./revision-scaling.ts";

export interface ReasonInputs {
  scaling: RevisionScaling;
  seen: { stable: number; panic: number; ready: number; reachable: boolean };
  recommendation: Recommendation;
  bounds: Bounds;
  bounded: number;
  zero?: ZeroVerdict;
  initialized: boolean;
}

const seconds = (milliseconds: number) => `${Math.ceil(milliseconds / 1000)} s`;
const figure = (value: number) => String(Math.round(value * 100) / 100);

/** Why the count is what it is, most decisive cause first; the reason is one sentence for the journal. */
export function explain(inputs: ReasonInputs): { cause: Cause; reason: string } {
  const { scaling, recommendation, bounds, bounded, zero } = inputs;
  const { desired, heldBy } = recommendation;
  if (zero) return { cause: zero.why, reason: explainZero(inputs, zero) };
  if (bounded > desired && !inputs.initialized && bounds.min > scaling.min) {
    return { cause: "initial-scale", reason: `initial scale ${bounds.min} until the revision has once been ready` };
  }
  if (bounded > desired) return { cause: "min-scale", reason: `at least ${bounds.min} (min-scale); the traffic alone needs ${desired}` };
  if (bounded < desired) return { cause: "max-scale", reason: `at most ${bounds.max} (max-scale); the traffic would need ${desired}` };
  return { cause: heldBy ?? "traffic", reason: `${load(inputs)}${heldBy ? HELD[heldBy] : ""}` };
}

function load({ scaling, seen, recommendation }: ReasonInputs): string {
  const panic = recommendation.mode === "panic";
  const unit = scaling.metric === "rps" ? "requests a second" : "requests at once";
  const value = panic ? seen.panic : seen.stable;
  const over = seconds(panic ? scaling.panicWindow : scaling.stableWindow);
  return `${figure(value)} ${unit} on average over ${over}, aiming at ${figure(scaling.target)} per instance${panic ? ", in panic mode" : ""}`;
}

const HELD: Readonly<Record<NonNullable<Recommendation["heldBy"]>, string>> = {
  panic: ": never fewer while it panics",
  "scale-down-delay": ": held up by scale-down-delay",
  "scale-down-rate": ": no faster down than the scale-down rate",
  "scale-up-rate": ": no faster up than the scale-up rate",
  "activation-scale": ": raised to activation-scale",
};

function explainZero({ scaling, seen }: ReasonInputs, zero: ZeroVerdict): string {
  const idle = `no traffic for ${seconds(scaling.stableWindow)}`;
  switch (zero.why) {
    case "idle":
      return seen.reachable ? `${idle}: asleep` : `${idle} and no route leads here: asleep`;
    case "retention":
      return `${idle}; the last instance is kept for another ${seconds(zero.again ?? 0)} (scale-to-zero-pod-retention-period)`;
    case "window-not-over":
      return `no traffic, but it has not been active for a whole window yet: another ${seconds(zero.again ?? 0)}`;
    case "activating":
      return "starting: no instance is ready yet";
    case "activation-timeout":
      return "no instance became ready in time: given up until the next request";
    case "scale-to-zero-disabled":
      return `${idle}, but scale to zero is disabled (enable-scale-to-zero)`;
    default:
      return assertNever(zero.why);
  }
}
