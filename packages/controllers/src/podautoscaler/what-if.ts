import {
  policyOf,
  POLICY_ANNOTATIONS,
  replay,
  revisionScaling,
  type AutoscalerConfig,
  type LoadRecord,
  type Outcome,
  type Policy,
  type RevisionScaling,
  type StartTimes,
} from "@ebb/autoscaler";
import { codeOf, sleep, type Clock, type Said, type SaidCode } from "@ebb/base";
import { badRequest, parseDuration, StatusError } from "@ebb/kube";
import type { ColdStart } from "./cold-starts.ts";
import { say } from "./words.ts";

/** What of a revision a replay starts from. */
export interface Replayable {
  load: LoadRecord;
  annotations: Readonly<Record<string, string>>;
  containerConcurrency: number;
  /** In force now. */
  policy: Policy;
  config: AutoscalerConfig;
}

/** Recorded load against two policies: the one in force and the one that was asked about. */
export interface WhatIf {
  /** Seconds since the epoch. */
  from: number;
  until: number;
  requests: number;
  /** Seconds in which there were any. */
  busySeconds: number;
  starts: StartTimes;
  inForce: Side;
  asked: Side;
  /** What limits the answer, in sentences; and each by its code. */
  notes: string[];
  saidNotes: SaidCode[];
}

export interface Side {
  policy: Pick<RevisionScaling, "metric" | "target" | "min" | "max" | "stableWindow" | "idle" | "strategies">;
  outcome: Outcome;
}

const HOUR = 3600;
/** Kept by the record at most. */
const LONGEST = 7 * 24 * HOUR;
/** Where nothing was measured, seconds. */
const ASSUMED: StartTimes = { cold: 1, prepared: 0.1, frozen: 0.01 };

/**
 * Answers `?since=&metric=&target=&min=&max=&window=&idle=&strategies=`: each as its annotation is written, `since` in RFC 3339 (an hour ago).
 * Throws BadRequest for what cannot be read, and Conflict where nothing was recorded.
 */
export async function whatIf(
  revision: Replayable,
  { query, starts, clock }: { query: URLSearchParams; starts: readonly ColdStart[]; clock: Clock },
): Promise<WhatIf> {
  const until = Math.floor(clock.now() / 1000);
  const since = sinceOf(query, until);
  const load = revision.load.since(since);
  const [first] = load;
  if (!first) {
    throw new StatusError(
      "Conflict",
      "nothing to replay: no request was recorded in that time; the record begins with the control plane and is kept for six busy hours",
    );
  }
  const notes: Said[] = [];
  const times = startTimes(starts, notes);
  const side = async (policy: Policy, annotations: Replayable["annotations"]): Promise<Side> => {
    const { containerConcurrency, config } = revision;
    const scaling = revisionScaling(config, { annotations, containerConcurrency, policy });
    const run = replay({ scaling, containerConcurrency, starts: times, load, from: first.second, until });
    return { policy: shown(scaling), outcome: await sliced(run, clock) };
  };
  const asked = askedOf(revision, query);
  const inForce = await side(revision.policy, revision.annotations);
  const other = await side(asked.policy, asked.annotations);
  notes.push(...limits([inForce, other], { from: first.second, until, since }));
  const requests = load.reduce((sum, second) => sum + second.requests, 0);
  const said = { notes: notes.map(({ words }) => words), saidNotes: notes.map(codeOf) };
  return { from: first.second, until, requests, busySeconds: load.length, starts: times, inForce, asked: other, ...said };
}

/** Requests and scaling go on between the slices. */
async function sliced(run: Generator<void, Outcome>, clock: Clock): Promise<Outcome> {
  for (;;) {
    const step = run.next();
    if (step.done) return step.value;
    await sleep(clock, 0);
  }
}

function sinceOf(query: URLSearchParams, until: number): number {
  const text = query.get("since");
  if (!text) return until - HOUR;
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw badRequest("since must be a time as RFC 3339 has it");
  return Math.max(until - LONGEST, Math.floor(time / 1000));
}

function askedOf(revision: Replayable, query: URLSearchParams): { policy: Policy; annotations: Record<string, string> } {
  const given = (key: string) => query.get(key) || undefined;
  const overrides = Object.entries(POLICY_ANNOTATIONS).flatMap(([key, name]) => {
    const value = given(key);
    return value === undefined ? [] : [[name, value] as const];
  });
  const { problem, ...asked } = policyOf(Object.fromEntries(overrides));
  if (problem !== undefined) throw badRequest(problem);
  const policy: Policy = { ...revision.policy, ...asked };
  if ((policy.max ?? 0) > 0 && (policy.max ?? 0) < (policy.min ?? 0)) throw badRequest(`max ${policy.max} is less than min ${policy.min}`);
  const annotations = { ...revision.annotations, ...ownSettings(given) };
  const target = given("target");
  // Of a policy whose strategies have targets of their own, those are what is asked about.
  const strategies =
    target !== undefined && !asked.strategies
      ? policy.strategies?.map((each) => (each.type === "concurrency" || each.type === "rps" ? { ...each, target: Number(target) } : each))
      : undefined;
  return { policy: { ...policy, ...(strategies ? { strategies } : {}) }, annotations };
}

/** What an annotation of the version itself says. */
function ownSettings(given: (key: string) => string | undefined): Record<string, string> {
  const PREFIX = "autoscaling.knative.dev/";
  const [metric, target, window] = ["metric", "target", "window"].map(given);
  if (metric !== undefined && metric !== "concurrency" && metric !== "rps") throw badRequest("metric must be concurrency or rps");
  if (target !== undefined && !(Number(target) >= 0.01 && Number(target) <= 1e9))
    throw badRequest("target must be a number of at least 0.01");
  const length = parseDuration(window ?? "6s") ?? 0;
  if (!(length >= 6000 && length <= HOUR * 1000)) throw badRequest("window must be a duration from 6s to 1h");
  return {
    ...(metric === undefined ? {} : { [`${PREFIX}metric`]: metric }),
    ...(target === undefined ? {} : { [`${PREFIX}target`]: target }),
    ...(window === undefined ? {} : { [`${PREFIX}window`]: window }),
  };
}

/** What starts took, by the median of those recorded; the answer of the application itself is not among it. */
function startTimes(starts: readonly ColdStart[], notes: Said[]): StartTimes {
  const median = (from: ColdStart["from"]): number | undefined => {
    const totals = starts.filter((start) => start.from === from).map(({ total, firstByte }) => (total - firstByte) / 1000);
    return totals.sort((a, b) => a - b)[Math.floor(totals.length / 2)];
  };
  const cold = median("cold");
  if (cold === undefined) notes.push(say("replay.assumed", { seconds: ASSUMED.cold }));
  return { cold: cold ?? ASSUMED.cold, prepared: median("prepared") ?? ASSUMED.prepared, frozen: median("frozen") ?? ASSUMED.frozen };
}

function limits(sides: readonly Side[], { from, until, since }: { from: number; until: number; since: number }): Said[] {
  const window = Math.max(...sides.map(({ policy }) => policy.stableWindow)) / 1000;
  const measured = sides.some(({ policy }) => policy.strategies.some(({ type }) => type === "cpu" || type === "memory"));
  const remote = sides.some(({ policy }) => policy.strategies.some((strategy) => strategy.type === "lag" && "url" in strategy));
  const length = until - from;
  return [
    ...(length < 2 * window ? [say("replay.short", { length, window })] : []),
    ...(since < from ? [say("replay.begins", { time: utc(from) })] : []),
    ...(measured ? [say("replay.usage")] : []),
    ...(remote ? [say("replay.lag")] : []),
  ];
}

function shown({ metric, target, min, max, stableWindow, idle, strategies }: RevisionScaling): Side["policy"] {
  return { metric, target, min, max, stableWindow, idle, strategies };
}

/** `2026-11-29 22:38:04 UTC`, of seconds since the epoch. */
function utc(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}
