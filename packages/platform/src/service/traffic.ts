import type { SetTraffic } from "@ebb/api";
import { checkRules } from "../compile/check-rules.ts";
import type { TrafficRequest } from "../deploy/context.ts";
import type { AppFacts } from "../deploy/views.ts";
import { refuse } from "../errors.ts";
import { usable } from "./facts.ts";

/** What is asked, checked. Throws `invalid_traffic`, `invalid_rule`, `version_not_found` and `version_not_ready`. */
export function trafficRequest(facts: AppFacts, { targets, rules }: SetTraffic): TrafficRequest {
  const total = targets.reduce((sum, target) => sum + target.percent, 0);
  if (total !== 100) throw refuse("invalid_traffic", `The percentages add up to ${total}, not to 100`);
  if (new Set(targets.map((target) => target.version)).size < targets.length) throw refuse("invalid_traffic", "A version is named twice");
  const shares = targets.filter(({ percent }) => percent > 0).map(({ version, percent }) => ({ number: usable(facts, version), percent }));
  if (!rules) return { shares };
  for (const { version } of rules) usable(facts, version);
  return { shares, rules: checkRules(rules) };
}
