import { assertNever } from "@ebb/base";
import type { Bounds, Recommendation, ZeroVerdict } from "./decide.ts";
import type { Cause } from "./journal.ts";
import type { RevisionScaling } from "./revision-scaling.ts";
import type { Ballot } from "./strategies/ballot.ts";

export interface ReasonInputs {
  scaling: RevisionScaling;
  reachable: boolean;
  ballot: Ballot;
  bounds: Bounds;
  bounded: number;
  zero?: ZeroVerdict;
  initialized: boolean;
}

const seconds = (milliseconds: number) => `${Math.ceil(milliseconds / 1000)} s`;

/** Why the count is what it is, most decisive cause first; the reason is one sentence for the journal. */
export function explain(inputs: ReasonInputs): { cause: Cause; reason: string } {
  const { scaling, ballot, bounds, bounded, zero } = inputs;
  const { winner, votes } = ballot;
  if (zero) return { cause: zero.why, reason: explainZero(inputs, zero) };
  const asks = `${votes.length > 1 || !byTraffic(ballot) ? `${winner.strategy}: ${winner.reason} asks for` : "the traffic alone needs"} ${winner.desired}`;
  if (bounded > winner.desired && !inputs.initialized && bounds.min > scaling.min) {
    return { cause: "initial-scale", reason: `initial scale ${bounds.min} until the revision has once been ready` };
  }
  if (bounded > winner.desired) return { cause: "min-scale", reason: `at least ${bounds.min} (min-scale); ${asks}` };
  if (bounded < winner.desired)
    return { cause: "max-scale", reason: `at most ${bounds.max} (max-scale); ${asks.replace("alone needs", "would need")}` };
  const others = votes.filter((vote) => vote !== winner).map((vote) => `${vote.strategy} ${vote.desired}`);
  const rest = others.length > 0 ? ` (the largest vote; ${others.join(", ")})` : "";
  if (!byTraffic(ballot)) return { cause: "strategy", reason: `${winner.strategy}: ${winner.reason}${rest}` };
  const heldBy = ballot.recommendation?.heldBy;
  return { cause: heldBy ?? "traffic", reason: `${winner.reason}${heldBy ? HELD[heldBy] : ""}${rest}` };
}

/** Whether requests by Knative's algorithm decided. */
function byTraffic({ winner, recommendation, metric }: Ballot): boolean {
  return recommendation !== undefined && winner.strategy === metric;
}

const HELD: Readonly<Record<NonNullable<Recommendation["heldBy"]>, string>> = {
  panic: ": never fewer while it panics",
  "scale-down-delay": ": held up by scale-down-delay",
  "scale-down-rate": ": no faster down than the scale-down rate",
  "scale-up-rate": ": no faster up than the scale-up rate",
  "activation-scale": ": raised to activation-scale",
};

function explainZero({ scaling, reachable }: ReasonInputs, zero: ZeroVerdict): string {
  const idle = `no traffic for ${seconds(scaling.stableWindow)}`;
  switch (zero.why) {
    case "idle":
      return reachable ? `${idle}: asleep` : `${idle} and no route leads here: asleep`;
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
