import type { RecentRequest, RuleCondition, TrafficMoves } from "@ebb/api";
import { versionName } from "../compile/names.ts";
import type { Share } from "../compile/traffic.ts";
import type { Rule } from "../compile/virtual-service.ts";
import { ruleFor } from "./rule-fits.ts";

/** Who gets what. */
export interface Routing {
  rules: readonly Rule[];
  shares: readonly Share[];
}

interface Tally {
  from: number | undefined;
  to: number | undefined;
  requests: number;
  because: string;
  byChance: boolean;
  samples: RecentRequest[];
}

const SAMPLES = 5;

/**
 * Which requests another version would get after a change: one by one where rules decide, and as many as their shares differ by where chance
 * does. `requests` is undefined where nobody keeps any. Pure.
 */
export function whatMoves(requests: readonly RecentRequest[] | undefined, before: Routing, after: Routing): TrafficMoves {
  if (!requests) return NOTHING_KEPT;
  const tallies = new Map<string, Tally>();
  const unknown = new Map<string, number>();
  const total = requests.reduce((sum, { count }) => sum + count, 0);
  for (const request of requests) {
    const was = ruleFor(before.rules, request);
    const becomes = ruleFor(after.rules, request);
    const unclear = [was, becomes].find((rule) => typeof rule === "object" && rule !== null);
    if (typeof unclear === "object" && unclear !== null) {
      unknown.set(unclear.unknown, (unknown.get(unclear.unknown) ?? 0) + request.count);
      continue;
    }
    const because = reasonOf({ was, becomes }, before, after);
    for (const { from, to, part } of flows(sharesFor(before, was), sharesFor(after, becomes))) {
      const key = `${from} ${to} ${because}`;
      const tally = tallies.get(key) ?? { from, to, requests: 0, because, byChance: part < 1, samples: [] };
      tallies.set(key, tally);
      tally.requests += request.count * part;
      if (!tally.byChance) tally.samples = [request, ...tally.samples].slice(0, SAMPLES);
    }
  }
  const moves = [...tallies.values()]
    .sort((a, b) => b.requests - a.requests)
    .map(({ from, to, ...tally }) => ({ ...tally, from: nameOf(from), to: nameOf(to), requests: Math.round(tally.requests) }))
    .filter((tally) => tally.requests > 0);
  const found = {
    requests: total,
    kept: requests.length,
    since: requests.map(({ time }) => time).sort()[0] ?? null,
    moves,
    unknown: [...unknown].map(([why, count]) => ({ requests: count, because: why })),
  };
  return { recorded: true, message: messageOf(found), ...found };
}

const NOTHING_KEPT: TrafficMoves = {
  recorded: false,
  message: "This cluster keeps no requests (Ebb's own gateway does), so it cannot be said which would move",
  requests: 0,
  kept: 0,
  since: null,
  moves: [],
  unknown: [],
};

/** What a request gets: all of one version by a rule, else of each by its percent; in parts of one. */
function sharesFor({ rules, shares }: Routing, rule: number | null | { unknown: string }): Map<number, number> {
  const ruled = typeof rule === "number" ? rules[rule] : undefined;
  if (ruled) return new Map([[ruled.number, 1]]);
  return new Map(shares.filter(({ percent }) => percent > 0).map(({ number, percent }) => [number, percent / 100]));
}

/** The least that has to move from one distribution to the other: what those lose who lose, to those who win, in proportion. */
function flows(before: Map<number, number>, after: Map<number, number>): { from: number; to: number; part: number }[] {
  const changes = [...new Set([...before.keys(), ...after.keys()])].map((number) => ({
    number,
    change: (after.get(number) ?? 0) - (before.get(number) ?? 0),
  }));
  const winners = changes.filter(({ change }) => change > 1e-9);
  const won = winners.reduce((sum, { change }) => sum + change, 0);
  return changes
    .filter(({ change }) => change < -1e-9)
    .flatMap((loser) => winners.map(({ number, change }) => ({ from: loser.number, to: number, part: (-loser.change * change) / won })));
}

function reasonOf(
  { was, becomes }: { was: ReturnType<typeof ruleFor>; becomes: ReturnType<typeof ruleFor> },
  before: Routing,
  after: Routing,
): string {
  if (typeof becomes === "number") return `rule ${becomes + 1}: ${conditionsText(after.rules[becomes])}`;
  return typeof was === "number" ? `no longer by the rule ${conditionsText(before.rules[was])}` : "the split";
}

function conditionsText(rule: Rule | undefined): string {
  return (rule?.when ?? []).map(conditionText).join(" and ");
}

const SIGNS = { exact: "=", prefix: " begins with ", regex: " fits ", present: "" } as const;

function conditionText(condition: RuleCondition): string {
  if (condition.on === "users")
    return `header ${condition.header} is one of ${condition.users.length} ${condition.users.length === 1 ? "user" : "users"}`;
  const name = condition.on === "path" ? "path" : `${condition.on} ${condition.name}`;
  return `${name}${SIGNS[condition.is]}${condition.value ?? ""}`;
}

function nameOf(number: number | undefined): string | null {
  return number === undefined ? null : versionName(number);
}

function messageOf({ requests, moves, unknown }: Pick<TrafficMoves, "requests" | "moves" | "unknown">): string {
  if (requests === 0) return "No request from outside was seen in the last two days, so none would move";
  const of = requests === 1 ? "Of the last request" : `Of the last ${requests} requests`;
  const unclear = unknown.reduce((sum, each) => sum + each.requests, 0);
  const rest = unclear === 0 ? "" : `; of ${unclear} it cannot be said (${unknown[0]?.because})`;
  if (moves.length === 0) return `${of} ${unclear === 0 ? "none would move" : "none is known that would move"}${rest}`;
  const told = moves.map(
    ({ requests: count, from, to, because, byChance }) =>
      `${byChance ? "about " : ""}${count} would move from ${from ?? "none"} to ${to ?? "none"} (${because})`,
  );
  return `${of} ${told.slice(0, 3).join(", ")}${told.length > 3 ? `, and ${told.length - 3} more ${told.length === 4 ? "group" : "groups"}` : ""}${rest}`;
}
