import type { Release, StartRelease } from "@ebb/api";
import { checkRules } from "../compile/check-rules.ts";
import { versionName } from "../compile/names.ts";
import { largestShare } from "../compile/traffic.ts";
import { getPlace, type Place } from "../apps/store.ts";
import type { Deps } from "../deploy/context.ts";
import type { OperationEngine } from "../operations/engine.ts";
import type { AppFacts } from "../deploy/views.ts";
import type { Database } from "../database/database.ts";
import { refuse } from "../errors.ts";
import type { RunMemory } from "../operations/run.ts";
import { continueOperation, toOperation, UNFINISHED, type OperationRow } from "../operations/store.ts";
import { DEFAULT_GUARD } from "../releases/guard.ts";
import type { ReleaseRequest } from "../releases/run-release.ts";
import { TIMEOUTS } from "../operations/timeouts.ts";
import { usable } from "./facts.ts";

const STEPS = [5, 25, 50, 100];
const PAUSE = 300;
const HOUR = 3_600_000;
/** For what goes by itself: the pauses, and the requests that it may have to wait for. */
const SLACK = TIMEOUTS.release;
const LONGEST = 7 * 24 * HOUR;
const SHOWN = 20;

/** What is asked, checked, and how long it may take. Throws `release_running`, `invalid_release`, `invalid_rule`, `version_not_found`, `version_not_ready`. */
export async function releaseRequest(
  { db }: Deps,
  facts: AppFacts,
  body: StartRelease,
): Promise<{ request: ReleaseRequest; timeout: number }> {
  await refuseDuringRelease(db, { app: facts.place.app, env: facts.place.env });
  const { steps = STEPS, pauseSeconds = PAUSE, guard, when } = body;
  const number = usable(facts, body.version);
  if (steps.at(-1) !== 100 || steps.some((percent, index) => percent <= (steps[index - 1] ?? 0))) {
    throw refuse("invalid_release", `The steps ${steps.join(", ")} do not grow to 100`, { hint: "Write them as 5,25,50,100." });
  }
  if (!facts.shares.some((share) => share.number !== number && share.percent > 0)) {
    throw refuse("invalid_release", `${body.version} of ${facts.app.name} has all of the traffic already`, {
      hint: "Deploy the new version with --no-traffic, then release it.",
    });
  }
  const rules = when ? checkRules([{ version: body.version, when }]) : [];
  const request: ReleaseRequest = {
    number,
    steps,
    pauseSeconds,
    guard: { ...DEFAULT_GUARD, ...guard },
    ...(rules[0] ? { when: rules[0].when } : {}),
  };
  const timeout = pauseSeconds === null ? LONGEST : Math.min(LONGEST, (steps.length - 1) * pauseSeconds * 1000 + SLACK);
  return { request, timeout };
}

/** Newest first. */
export async function listReleases({ db, clock }: Deps, { app, env }: Place): Promise<Release[]> {
  await getPlace(db, { app, env });
  const rows = await db
    .selectFrom("operations")
    .selectAll()
    .where("app", "=", app)
    .where("env", "=", env)
    .where("kind", "=", "release")
    .orderBy("seq", "desc")
    .limit(SHOWN)
    .execute();
  return rows.map((row) => viewRelease(row, clock.now()));
}

/** The one that has not ended. */
export function findRunning(db: Database, { app, env }: Place): Promise<OperationRow | undefined> {
  return db
    .selectFrom("operations")
    .selectAll()
    .where("app", "=", app)
    .where("env", "=", env)
    .where("kind", "=", "release")
    .where("state", "in", UNFINISHED)
    .orderBy("seq")
    .executeTakeFirst();
}

/** Throws `no_release_running`. */
async function getRunning(db: Database, place: Place): Promise<OperationRow> {
  const row = await findRunning(db, place);
  if (row) return row;
  throw refuse("no_release_running", `No release of ${place.app} is running in ${place.env}`, { hint: "Start one with: ebb release." });
}

export async function refuseDuringRelease(db: Database, place: Place): Promise<void> {
  const row = await findRunning(db, place);
  if (!row) return;
  throw refuse("release_running", `A release of ${place.app} is running in ${place.env} (operation ${row.id})`, {
    hint: "Let it end, end it with `ebb release abort`, or take everything back with `ebb rollback`.",
  });
}

/** Lets it leave the step that it is in. Throws `no_release_running`. */
export async function continueRelease({ db, clock }: Deps, place: Place): Promise<Release> {
  const row = await getRunning(db, place);
  const { release } = JSON.parse(row.state_json) as RunMemory;
  if (!release) throw refuse("no_release_running", `The release of ${place.app} has not begun yet`, { hint: "Try again in a moment." });
  return viewRelease(await continueOperation(db, row.id, release.step + 1), clock.now());
}

/** Throws `no_release_running`, and `operation_not_cancellable` at its last step. */
export async function abortRelease({ deps, engine }: { deps: Deps; engine: OperationEngine }, place: Place): Promise<Release> {
  return viewRelease(await engine.cancel((await getRunning(deps.db, place)).id), deps.clock.now());
}

/** The version that had most of the traffic before a release that has not ended. */
export function beforeRelease(row: OperationRow, facts: AppFacts): number {
  const { before } = JSON.parse(row.state_json) as RunMemory;
  const largest = largestShare(before ?? facts.shares);
  if (largest !== undefined) return largest;
  throw refuse("nothing_to_roll_back", `Nothing served before the release of ${row.app}`, {
    hint: "Name the version that you want: --to.",
  });
}

function viewRelease(row: OperationRow, now: number): Release {
  const { number, steps, pauseSeconds, guard } = JSON.parse(row.request_json) as ReleaseRequest;
  const { release } = JSON.parse(row.state_json) as RunMemory;
  return {
    operation: toOperation(row, now),
    version: versionName(number),
    steps: [...steps],
    step: release?.step ?? null,
    pauseSeconds,
    guard,
    since: release ? new Date(release.since).toISOString() : null,
  };
}
