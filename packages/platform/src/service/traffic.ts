import type { Rollback, SetTraffic } from "@ebb/api";
import { trafficHistory } from "../apps/store.ts";
import { checkRules } from "../compile/check-rules.ts";
import type { Deps, TrafficRequest } from "../deploy/context.ts";
import type { AppFacts } from "../deploy/views.ts";
import { policiesOf } from "../environments/policies.ts";
import { refuse } from "../errors.ts";
import type { OperationEngine } from "../operations/engine.ts";
import { previous, usable } from "./facts.ts";
import { beforeRelease, findRunning, refuseDuringRelease } from "./releases.ts";

/** What is asked, checked. Throws `release_running`, `invalid_traffic`, `invalid_rule`, `version_not_found` and `version_not_ready`. */
export async function trafficRequest(deps: Deps, facts: AppFacts, { targets, rules }: SetTraffic): Promise<TrafficRequest> {
  await refuseDuringRelease(deps.db, placeOf(facts));
  const total = targets.reduce((sum, target) => sum + target.percent, 0);
  if (total !== 100) throw refuse("invalid_traffic", `The percentages add up to ${total}, not to 100`);
  if (new Set(targets.map((target) => target.version)).size < targets.length) throw refuse("invalid_traffic", "A version is named twice");
  const shares = targets.filter(({ percent }) => percent > 0).map(({ version, percent }) => ({ number: usable(facts, version), percent }));
  if (!rules) return { shares };
  for (const { version } of rules) usable(facts, version);
  return { shares, rules: checkRules(rules) };
}

/**
 * All traffic to an earlier version, without rules; a release that is running is ended, and its version is what is left. Nobody's approval is
 * waited for where the version has had all the traffic before, unless the environment wants it. Throws
 * `nothing_to_roll_back`, `version_not_found` and `version_not_ready`.
 */
export async function rollbackRequest(
  { deps, engine }: { deps: Deps; engine: OperationEngine },
  facts: AppFacts,
  { to }: Rollback,
): Promise<{ request: TrafficRequest; putsBack: boolean }> {
  const running = await findRunning(deps.db, placeOf(facts));
  const number = to !== undefined ? usable(facts, to) : running ? beforeRelease(running, facts) : await previous(deps, facts);
  // One that is at its last step ends by itself.
  if (running?.committed === 0) await engine.cancel(running.id);
  // Rules would still lead some away from it.
  const history = await trafficHistory(deps.db, placeOf(facts));
  const servedAll = history.some((shares) => shares.some((share) => share.number === number && share.percent === 100));
  const putsBack = servedAll && !policiesOf(facts.environment).rollbacksWait;
  return { request: { shares: [{ number, percent: 100 }], rules: [] }, putsBack };
}

const placeOf = ({ place }: AppFacts): { app: string; env: string } => ({ app: place.app, env: place.env });
