import type { PatchScaling, ScalingPolicy, ScalingStrategy, WhatIf, WhatIfQuery } from "@ebb/api";
import { isStatus } from "@ebb/kube";
import type { Place } from "../apps/store.ts";
import { changed, record } from "../audit/store.ts";
import type { Cluster } from "../cluster/port.ts";
import { revisionName, versionName, versionNumber } from "../compile/names.ts";
import { largestShare } from "../compile/traffic.ts";
import type { Deps } from "../deploy/context.ts";
import { LIVE_POLICY, livePolicy, policyMarks, viewScaling } from "../deploy/live-policy.ts";
import type { AppFacts } from "../deploy/views.ts";
import { checkCron } from "../environments/check-cron.ts";
import { refuse } from "../errors.ts";
import { checkMinQuota } from "../quotas/enforce.ts";
import { claim } from "../revisions/store.ts";
import { revisionsAsked } from "./revisions-asked.ts";

/** Changes the policy of an app in an environment. Throws `nothing_deployed` where it has no version yet, `quota_exceeded` and `invalid_request`. */
export async function patchScaling(
  deps: Pick<Deps, "db" | "clock" | "clusters">,
  { cluster, place, team }: { cluster: Cluster; place: Place; team: string },
  body: PatchScaling,
): Promise<ScalingPolicy> {
  const { db, clock } = deps;
  const service = await cluster.readService(place.app);
  if (!service) {
    throw refuse("nothing_deployed", `Nothing of ${place.app} is deployed in ${place.env}`, {
      hint: "Deploy it first; ebb.yaml has the scaling of its first version.",
    });
  }
  const before = viewScaling(service);
  const { problem, saidProblem: _, ...known } = before;
  const after = { ...known, ...body };
  check(after, body.strategies ?? [], clock.now());
  // Less is always better than what is there, also where a quota that came later allows neither.
  if (after.min !== null && after.min > (before.min ?? 0)) await checkMinQuota(deps, { team, place, min: after.min });
  const text = (value: NonNullable<PatchScaling[keyof PatchScaling]>) => (typeof value === "object" ? JSON.stringify(value) : `${value}`);
  const annotations = Object.fromEntries(
    Object.entries(body).map(([key, value]) => [LIVE_POLICY[key as keyof PatchScaling], value === null ? null : text(value)]),
  );
  // Beside a part that cannot be read nothing counts: what is set is the whole of it.
  const kept = problem === undefined ? livePolicy(service) : {};
  await claim({ db, clock }, "scaling.changed");
  await cluster.markService(place.app, { labels: {}, annotations: policyMarks(service, { ...kept, ...annotations }) });
  await db.transaction().execute(async (transaction) => {
    const object = `app/${place.app}/${place.env}`;
    await record(transaction, clock.now(), { action: "scaling.changed", object, team, ...changed(before, after) });
  });
  return after;
}

/** What a schema does not see. Strategies that are there already are not judged anew: of an older Ebb one may stand that is refused by now. */
function check({ min, max }: ScalingPolicy, strategies: readonly ScalingStrategy[], now: number): void {
  if (min !== null && max !== null && max > 0 && max < min) throw refuse("invalid_request", `max ${max} is less than min ${min}`);
  for (const strategy of strategies) if (strategy.type === "cron") checkWindow(strategy, now);
}

function checkWindow({ start, end, timezone = "UTC" }: { start: string; end: string; timezone?: string }, now: number): void {
  if (start === end) {
    const hint = 'Five fields and a time zone: "0 8 * * 1-5" in "Europe/Berlin".';
    throw refuse("invalid_request", "The window starts and ends at the same time", { hint });
  }
  for (const cron of [start, end]) checkCron(`The window's ${JSON.stringify(cron)} in ${timezone}`, { cron, timeZone: timezone }, now);
}

/** The recorded load of one version against another policy; of the version with the most traffic when none is named. */
export async function whatIf(cluster: Cluster, { app, shares, versions }: AppFacts, asked: WhatIfQuery): Promise<WhatIf> {
  const { version, window, ...rest } = asked;
  const busiest = largestShare(shares) ?? versions[0]?.number;
  const number = version === undefined ? busiest : versionNumber(version);
  if (number === undefined) throw refuse("version_not_found", `${app.name} has no version here yet`, { hint: "Deploy one first." });
  revisionsAsked(cluster, app.name, versionName(number));
  const query = new URLSearchParams(Object.entries(rest).map(([key, value]): [string, string] => [key, String(value)]));
  if (window !== undefined) query.set("window", `${window}s`);
  try {
    const found = await cluster.whatIf(revisionName(app.name, number), query);
    if (found) return { version: versionName(number), ...found };
  } catch (cause) {
    if (isStatus(cause, "BadRequest")) throw refuse("invalid_request", cause.message, { cause });
    if (isStatus(cause, "Conflict")) {
      throw refuse("nothing_recorded", cause.message, { cause, hint: "Ask again when it has had some traffic, or look further back." });
    }
    throw cause;
  }
  throw refuse("what_if_unavailable", "This cluster does not record the load of its versions", { hint: "Ebb's own does." });
}
