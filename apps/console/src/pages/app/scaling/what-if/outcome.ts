import type { ScalingStrategy, WhatIf } from "@ebb/api";
import type { PolicyWords } from "../../../../i18n/policy-words.ts";
import { strategySays, type Speech } from "../policy/scaling-says.ts";

export interface OutcomeRow {
  key: keyof PolicyWords["whatIf"]["rows"];
  inForce: string;
  asked: string;
  /** Empty for a setting. */
  difference: string;
}

type Side = WhatIf["asked"];

/** Settings and what came of them, side by side. */
export function outcomeRows({ inForce, asked }: Pick<WhatIf, "inForce" | "asked">, speech: Speech): OutcomeRow[] {
  const { words, format } = speech;
  const { whatIf } = words;
  const setting = (key: OutcomeRow["key"], say: (policy: Side["policy"]) => string): OutcomeRow => ({
    key,
    inForce: say(inForce.policy),
    asked: say(asked.policy),
    difference: "",
  });
  const figure = (
    key: OutcomeRow["key"],
    of: (outcome: Side["outcome"]) => number,
    say = (value: number) => format.number(Math.round(value)),
  ) => {
    const [before, after] = [of(inForce.outcome), of(asked.outcome)];
    return { key, inForce: say(before), asked: say(after), difference: differenceSays(before, after, { say, same: whatIf.same }) };
  };
  const time = (seconds: number) => format.duration(seconds * 1000);
  // Strategies have targets of their own, but for the one that a version has by itself.
  const aims = ({ strategies }: Side["policy"]) => strategies.some((each) => aimsAsVersion(each));
  return [
    setting("strategies", ({ strategies }) => strategies.map((each) => strategySays(each, speech)).join("; ")),
    ...([inForce, asked].some(({ policy }) => aims(policy))
      ? [
          setting("target", (policy) =>
            aims(policy) ? whatIf[policy.metric === "rps" ? "aSecond" : "atOnce"](format.decimal(policy.target)) : whatIf.ofStrategies,
          ),
        ]
      : []),
    setting("bounds", ({ min, max }) => `${format.number(min)} – ${max === 0 ? "∞" : format.number(max)}`),
    setting("window", ({ windowSeconds }) => format.span(windowSeconds)),
    setting("idle", ({ idle }) => whatIf.kept[idle]),
    figure("instanceSeconds", ({ instanceSeconds }) => instanceSeconds),
    figure("keptSeconds", ({ keptSeconds }) => keptSeconds),
    figure("peak", ({ peak }) => peak),
    figure("cold", ({ starts }) => starts.cold),
    figure("prepared", ({ starts }) => starts.prepared),
    figure("frozen", ({ starts }) => starts.frozen),
    figure("waited", ({ waited }) => waited),
    figure("waitingSeconds", ({ waitingSeconds }) => waitingSeconds, time),
    figure("longestWakeSeconds", ({ longestWakeSeconds }) => longestWakeSeconds, time),
  ];
}

const aimsAsVersion = (strategy: ScalingStrategy) =>
  (strategy.type === "concurrency" || strategy.type === "rps") && strategy.target === undefined;

/** As it is shown: what rounds to the same is the same. */
function differenceSays(before: number, after: number, { say, same }: { say: (value: number) => string; same: string }): string {
  if (say(before) === say(after)) return same;
  return `${after > before ? "+" : "−"}${say(Math.abs(after - before))}`;
}

/** What it would have come to, in words: what it costs, and what that is worth. */
export function outcomeSays(
  { inForce: { outcome: before }, asked: { outcome: after } }: Pick<WhatIf, "inForce" | "asked">,
  { words, format }: Speech,
): string[] {
  const { says } = words.whatIf;
  const change = before.instanceSeconds === 0 ? 0 : Math.round((after.instanceSeconds / before.instanceSeconds - 1) * 100);
  const costs =
    before.instanceSeconds === 0 && after.instanceSeconds > 0
      ? says.costsFromNothing(format.duration(after.instanceSeconds * 1000))
      : change === 0
        ? says.costsSame
        : says.costs(format.percent(Math.abs(change)), change > 0);
  const starts = after.starts.cold - before.starts.cold;
  const waits = after.waited - before.waited;
  const waiting = after.waitingSeconds - before.waitingSeconds;
  return [
    costs,
    starts === 0 ? says.startsSame : says.starts(format.number(Math.abs(starts)), starts > 0),
    (waits === 0 ? says.waitsSame : says.waits(format.number(Math.abs(waits)), waits > 0)) +
      // Below a millisecond nobody waits.
      (Math.abs(waiting) < 0.001 ? "" : says.waiting(format.duration(Math.abs(waiting) * 1000), waiting > 0)),
  ];
}
