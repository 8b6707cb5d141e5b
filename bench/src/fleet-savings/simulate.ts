import type { PatchEnvironment, Schedule } from "@ebb/api";
import { parseAutoscalerConfig, replay, revisionScaling, type Outcome, type StartTimes } from "@ebb/autoscaler";
import { nextChange, lastChange, policiesOf, scalingIn } from "@ebb/platform";
import { Seeded } from "./random.ts";
import { arrivals, ENVIRONMENTS, shapes, type AppShape, type EnvironmentName } from "./trace.ts";

/** How environments are run. */
export interface Plan {
  name: string;
  /** What differs from the templates. */
  settings: Partial<Record<EnvironmentName, PatchEnvironment>>;
  /** What is kept of an app in prod that nobody asks. */
  prodIdle: "cold" | "frozen";
}

export interface Totals {
  instanceSeconds: number;
  /** Frozen meanwhile. */
  keptSeconds: number;
  /** Times that a request found nothing in prod, by what it found instead. */
  prodStarts: Record<keyof StartTimes, number>;
  prodRequests: number;
  /** Requests in prod that waited for an instance, and how long together. */
  prodWaited: number;
  prodWaitingSeconds: number;
  prodLongestWakeSeconds: number;
}

export interface FleetOptions {
  apps: number;
  days: number;
  plans: readonly Plan[];
  starts: StartTimes;
  seed: number;
}

/** A Monday, in a zone whose days are UTC's. */
const MONDAY = Date.UTC(2026, 10, 23) / 1000;
const DAY = 86_400;

/**
 * A week of a fleet: each app in each environment has requests of its own, and the scaler decides on a clock of its own about its instances, within what
 * the environment's policies and schedule say. The platform's and the autoscaler's own code; only requests and instances are models.
 */
export function simulate({ apps, days, plans, starts, seed }: FleetOptions): Totals[] {
  const totals = plans.map(nothing);
  const seconds = days * DAY;
  shapes(apps, seed).forEach((app, index) => {
    for (const environment of ENVIRONMENTS) {
      const random = new Seeded(seed + 1 + index * ENVIRONMENTS.length + ENVIRONMENTS.indexOf(environment));
      const requests = arrivals(app, environment, seconds, random);
      const known = new Map<string, Outcome[]>();
      plans.forEach((plan, at) => {
        const segments = segmentsOf(plan, environment, seconds);
        const idle = environment === "prod" ? plan.prodIdle : "cold";
        const key = JSON.stringify([segments, idle]);
        const outcomes = known.get(key) ?? segments.flatMap((segment) => played({ app, requests, segment, idle, starts }));
        known.set(key, outcomes);
        const total = totals[at];
        if (!total) return;
        for (const outcome of outcomes) add(total, outcome, environment === "prod");
        if (environment === "prod") for (const count of requests.values()) total.prodRequests += count;
      });
    }
  });
  return totals;
}

interface Segment {
  from: number;
  until: number;
  min: number;
}

/** The week cut where the schedule lets the environment sleep or wakes it. */
function segmentsOf(plan: Plan, environment: EnvironmentName, seconds: number): Segment[] {
  const policies = policiesOf({ template: environment, settings_json: JSON.stringify(plan.settings[environment] ?? {}) });
  const { min } = scalingIn(policies, { min: 0, max: 0 });
  const { schedule } = policies;
  if (!schedule || min === 0) return [{ from: 0, until: seconds, min }];
  const segments: Segment[] = [];
  for (let from = 0; from < seconds;) {
    const at = (MONDAY + from) * 1000;
    const next = nextChange(schedule, at);
    const until = Math.min(seconds, next ? next.at / 1000 - MONDAY : seconds);
    segments.push({ from, until, min: lastChange(schedule, at)?.to === "sleep" ? 0 : min });
    from = until;
  }
  return segments;
}

interface Played {
  app: AppShape;
  requests: ReadonlyMap<number, number>;
  segment: Segment;
  idle: Plan["prodIdle"];
  starts: StartTimes;
}

/** The scaler's memory is a minute: so long after the last request it is as it was before the first. */
const QUIET = 180;

/** The outcomes of a segment. Where instances are kept and nobody asks, nothing happens: that time is not played but counted. */
function played({ requests, segment, ...how }: Played): Outcome[] {
  const { from, until, min } = segment;
  const seconds = [...requests.keys()].filter((second) => second >= from && second < until).sort((a, b) => a - b);
  if (min === 0) return [playedOnce({ ...how, requests, seconds, segment })];
  const outcomes: Outcome[] = [];
  let counted = from;
  for (let at = 0; at < seconds.length;) {
    let end = at;
    while (end + 1 < seconds.length && (seconds[end + 1] ?? 0) - (seconds[end] ?? 0) < QUIET) end++;
    const part = { min, from: seconds[at] ?? from, until: Math.min(until, (seconds[end] ?? from) + QUIET) };
    outcomes.push(
      quiet(min * (part.from - counted), min),
      playedOnce({ ...how, requests, seconds: seconds.slice(at, end + 1), segment: part }),
    );
    counted = part.until;
    at = end + 1;
  }
  return [...outcomes, quiet(min * (until - counted), min)];
}

function quiet(instanceSeconds: number, peak: number): Outcome {
  return {
    instanceSeconds,
    keptSeconds: 0,
    peak,
    starts: { cold: 0, prepared: 0, frozen: 0 },
    waited: 0,
    waitingSeconds: 0,
    longestWakeSeconds: 0,
  };
}

function playedOnce({ app, requests, seconds, segment, idle, starts }: Played & { seconds: readonly number[] }): Outcome {
  const policy = { min: segment.min, idle };
  const scaling = revisionScaling(parseAutoscalerConfig({}), { annotations: {}, containerConcurrency: 0, policy });
  const load = seconds.map((second) => {
    const count = requests.get(second) ?? 0;
    return { second: MONDAY + second, requests: count, work: count * app.service };
  });
  const run = replay({ scaling, containerConcurrency: 0, starts, load, from: MONDAY + segment.from, until: MONDAY + segment.until });
  for (;;) {
    const step = run.next();
    if (step.done) return step.value;
  }
}

function nothing(): Totals {
  return {
    instanceSeconds: 0,
    keptSeconds: 0,
    prodStarts: { cold: 0, prepared: 0, frozen: 0 },
    prodRequests: 0,
    prodWaited: 0,
    prodWaitingSeconds: 0,
    prodLongestWakeSeconds: 0,
  };
}

function add(total: Totals, outcome: Outcome, prod: boolean): void {
  total.instanceSeconds += outcome.instanceSeconds;
  total.keptSeconds += outcome.keptSeconds;
  if (!prod) return;
  total.prodStarts.cold += outcome.starts.cold;
  total.prodStarts.prepared += outcome.starts.prepared;
  total.prodStarts.frozen += outcome.starts.frozen;
  total.prodWaited += outcome.waited;
  total.prodWaitingSeconds += outcome.waitingSeconds;
  total.prodLongestWakeSeconds = Math.max(total.prodLongestWakeSeconds, outcome.longestWakeSeconds);
}

const NIGHTS: Schedule = { timeZone: "UTC", sleep: ["0 20 * * 1-5"], wake: ["0 7 * * 1-5"], onRequest: "wake" };
const KEPT: PatchEnvironment = { warm: true, schedule: NIGHTS };

/** From what a team without scaling to zero could do, to what Ebb can. */
export const PLANS: readonly Plan[] = [
  {
    name: "all keep one, but test, stable and staging sleep by schedule",
    settings: { test: KEPT, stable: KEPT, staging: KEPT },
    prodIdle: "cold",
  },
  { name: "the templates: prod keeps one, the others sleep when idle", settings: {}, prodIdle: "cold" },
  { name: "prod sleeps as well, frozen", settings: { prod: { warm: false } }, prodIdle: "frozen" },
  { name: "prod sleeps as well, cold", settings: { prod: { warm: false } }, prodIdle: "cold" },
];
