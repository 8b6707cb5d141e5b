import { assertNever, type Said } from "@ebb/base";
import type { Bounds, ZeroVerdict } from "./decide.ts";
import type { Cause } from "./journal.ts";
import type { RevisionScaling } from "./revision-scaling.ts";
import type { Ballot, Vote } from "./strategies/ballot.ts";
import { reasonOf, say, type Reason } from "./words.ts";

export interface ReasonInputs {
  scaling: RevisionScaling;
  reachable: boolean;
  ballot: Ballot;
  bounds: Bounds;
  bounded: number;
  zero?: ZeroVerdict;
  initialized: boolean;
}

const seconds = (milliseconds: number) => Math.ceil(milliseconds / 1000);

/** Why the count is what it is, most decisive cause first; the reason is one sentence for the journal. */
export function explain(inputs: ReasonInputs): { cause: Cause } & Reason {
  const { scaling, ballot, bounds, bounded, zero } = inputs;
  const { winner, votes } = ballot;
  if (zero) return { cause: zero.why, ...reasonOf(explainZero(inputs, zero)) };
  if (bounded > winner.desired && !inputs.initialized && bounds.min > scaling.min) {
    return { cause: "initial-scale", ...reasonOf(say("bounds.initial", { min: bounds.min })) };
  }
  if (bounded > winner.desired)
    return { cause: "min-scale", ...joined(say("bounds.min", { min: bounds.min }), asks(ballot, "vote.alone")) };
  if (bounded < winner.desired)
    return { cause: "max-scale", ...joined(say("bounds.max", { max: bounds.max }), asks(ballot, "vote.alone-more")) };
  const others = votes.filter((vote) => vote !== winner).map((vote) => `${vote.strategy} ${vote.desired}`);
  const rest = others.length > 0 ? [say("vote.others", { others: others.join(", ") })] : [];
  if (!byTraffic(ballot)) return { cause: "strategy", ...joined(say("vote.of", { strategy: winner.strategy }), winner, ...rest) };
  const heldBy = ballot.recommendation?.heldBy;
  return { cause: heldBy ?? "traffic", ...joined(winner, ...(heldBy ? [say(`held.${heldBy}`)] : []), ...rest) };
}

/** What the winner asks for; by what, unless it is the traffic and nothing else was asked. */
function asks(ballot: Ballot, alone: "vote.alone" | "vote.alone-more"): Reason {
  const { winner, votes } = ballot;
  if (votes.length === 1 && byTraffic(ballot)) return reasonOf(say(alone, { count: winner.desired }));
  return joined(say("vote.of", { strategy: winner.strategy }), winner, say("vote.asks", { count: winner.desired }));
}

function joined(...parts: readonly (Said | Pick<Vote, "reason" | "why">)[]): Reason {
  const reasons = parts.map((part) => ("words" in part ? reasonOf(part) : part));
  return { reason: reasons.map(({ reason }) => reason).join(""), why: reasons.flatMap(({ why = [] }) => why) };
}

/** Whether requests by Knative's algorithm decided. */
function byTraffic({ winner, recommendation, metric }: Ballot): boolean {
  return recommendation !== undefined && winner.strategy === metric;
}

function explainZero({ scaling, reachable }: ReasonInputs, zero: ZeroVerdict): Said {
  const window = seconds(scaling.stableWindow);
  const left = seconds(zero.again ?? 0);
  switch (zero.why) {
    case "idle":
      return say(reachable ? "zero.asleep" : "zero.unreachable", { window });
    case "retention":
      return say("zero.retention", { window, seconds: left });
    case "session":
      return say("zero.session", { window });
    case "window-not-over":
      return say("zero.window-not-over", { seconds: left });
    case "activating":
      return say("zero.activating");
    case "activation-timeout":
      return say("zero.activation-timeout");
    case "scale-to-zero-disabled":
      return say("zero.disabled", { window });
    default:
      return assertNever(zero.why);
  }
}
