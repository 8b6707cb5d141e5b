/** What a version did in some time. Also what was counted of it since a counter began: the difference of two such is the first again. */
export interface Usage {
  /** Requests by class of the answer: `2xx` …, `cut`, `gone`. */
  responses: Record<string, number>;
  /** Requests by duration: the bucket's upper bound in milliseconds (or `+Inf`) → requests between it and the bound below. */
  latency: Record<string, number>;
  latencySumMs: number;
  /** Requests that waited for an instance. */
  held: number;
  heldMs: number;
  requestBytes: number;
  responseBytes: number;
  /** What the gateway did about requests beside passing them on: `denied`, `limited`, `overflowed`, `retried`; and instances `ejected`. */
  interventions: Record<string, number>;
  instanceSeconds: number;
}

const TRAFFIC = ["latencySumMs", "held", "heldMs", "requestBytes", "responseBytes"] as const;

export function noUsage(): Usage {
  return {
    responses: {},
    latency: {},
    latencySumMs: 0,
    held: 0,
    heldMs: 0,
    requestBytes: 0,
    responseBytes: 0,
    interventions: {},
    instanceSeconds: 0,
  };
}

/** From the database, where what was written by an older Ebb has less. */
export function parseUsage(json: string): Usage {
  return { ...noUsage(), ...(JSON.parse(json) as Partial<Usage>) };
}

export function isNothing(usage: Usage): boolean {
  return (
    usage.instanceSeconds === 0 &&
    usage.requestBytes === 0 &&
    usage.responseBytes === 0 &&
    sumOf(usage.responses) + sumOf(usage.interventions) === 0
  );
}

/** Adds `more` to `usage`, in place. */
export function addUsage(usage: Usage, more: Usage): Usage {
  addCounts(usage.responses, more.responses);
  addCounts(usage.latency, more.latency);
  addCounts(usage.interventions, more.interventions);
  for (const name of TRAFFIC) usage[name] += more[name];
  usage.instanceSeconds += more.instanceSeconds;
  return usage;
}

/**
 * What happened between two readings of counters. A counter that fell has begun anew, and with it all that its process counts: the
 * gateway's are one such group, the cluster's instance-seconds another.
 */
export function usageBetween(before: Usage, after: Usage): Usage {
  const restarted =
    TRAFFIC.some((name) => after[name] < before[name]) ||
    hasFallen(before.responses, after.responses) ||
    hasFallen(before.interventions, after.interventions);
  const traffic = restarted ? noUsage() : before;
  const difference: Usage = {
    ...noUsage(),
    responses: minus(after.responses, traffic.responses),
    latency: minus(after.latency, traffic.latency),
    interventions: minus(after.interventions, traffic.interventions),
    instanceSeconds: after.instanceSeconds - (after.instanceSeconds < before.instanceSeconds ? 0 : before.instanceSeconds),
  };
  for (const name of TRAFFIC) difference[name] = after[name] - traffic[name];
  return difference;
}

export function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/** The duration in milliseconds that this share of the requests did not exceed, interpolated in its bucket as Prometheus does; undefined without requests. */
export function quantile(latency: Usage["latency"], share: number): number | undefined {
  const buckets = Object.entries(latency)
    .map(([bound, count]) => ({ bound: bound === "+Inf" ? Infinity : Number(bound), count }))
    .sort((a, b) => a.bound - b.bound);
  let rank = share * sumOf(latency);
  if (rank === 0) return undefined;
  let below = 0;
  for (const { bound, count } of buckets) {
    // Nothing is known of how far beyond the last bound they are.
    if (bound === Infinity) return below;
    if (rank <= count) return below + (bound - below) * (rank / count);
    rank -= count;
    below = bound;
  }
  return below;
}

function hasFallen(before: Readonly<Record<string, number>>, after: Readonly<Record<string, number>>): boolean {
  return Object.entries(before).some(([name, count]) => (after[name] ?? 0) < count);
}

function addCounts(counts: Record<string, number>, more: Readonly<Record<string, number>>): void {
  for (const [key, count] of Object.entries(more)) counts[key] = (counts[key] ?? 0) + count;
}

function minus(after: Readonly<Record<string, number>>, before: Readonly<Record<string, number>>): Record<string, number> {
  const differences = Object.entries(after).map(([key, count]) => [key, count - (before[key] ?? 0)] as const);
  return Object.fromEntries(differences.filter(([, count]) => count !== 0));
}
