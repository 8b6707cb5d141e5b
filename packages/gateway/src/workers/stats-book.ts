import type { RevisionStats } from "../control-protocol.ts";
import type { GatewayTotals } from "../core/access-log.ts";
import { LATENCY_BOUNDS, type TrafficTotals } from "../core/traffic-counters.ts";

interface Report {
  revisions: RevisionStats[];
  totals: GatewayTotals;
}

/** Of the workers that have ended. */
const ENDED = "ended";

/** What each worker has counted since it started. A worker that ends leaves its counts behind: totals never go back. */
export class StatsBook {
  readonly #traffic = new Map<string, Map<string, TrafficTotals>>();
  readonly #totals = new Map<string, GatewayTotals>();

  put(worker: number, { revisions, totals }: Report): void {
    this.#totals.set(`${worker}`, totals);
    for (const { revision, traffic } of revisions) {
      const byWorker = this.#traffic.get(revision) ?? new Map<string, TrafficTotals>();
      this.#traffic.set(revision, byWorker.set(`${worker}`, traffic));
    }
  }

  retire(worker: number): void {
    const name = `${worker}`;
    const totals = this.#totals.get(name);
    this.#totals.delete(name);
    if (totals) this.#totals.set(ENDED, sumTotals([this.#totals.get(ENDED) ?? sumTotals([]), { ...totals, connections: 0 }]));
    for (const byWorker of this.#traffic.values()) {
      const traffic = byWorker.get(name);
      if (!traffic) continue;
      byWorker.delete(name);
      byWorker.set(ENDED, sumTraffic([byWorker.get(ENDED) ?? sumTraffic([]), traffic]));
    }
  }

  forget(revision: string): void {
    this.#traffic.delete(revision);
  }

  totals(): GatewayTotals[] {
    return [...this.#totals.values()];
  }

  trafficOf(revision: string): TrafficTotals {
    return sumTraffic([...(this.#traffic.get(revision)?.values() ?? [])]);
  }
}

/** Adds up reports of several workers, by revision; concurrency too, as each is the mean over the same second. */
export function sumStats(reports: readonly RevisionStats[]): RevisionStats[] {
  const sums = new Map<string, RevisionStats>();
  for (const report of reports) {
    const sum = sums.get(report.revision);
    if (!sum) sums.set(report.revision, { ...report });
    else {
      sum.concurrency += report.concurrency;
      sum.requests += report.requests;
      sum.queued += report.queued;
      sum.inFlight += report.inFlight;
      // An instance may have given its first answer in each worker: one of them is enough to tell how it started.
      const news = report.firsts?.filter(({ endpoint }) => !sum.firsts?.some((first) => first.endpoint === endpoint)) ?? [];
      if (report.mirrors) sum.mirrors = [...(sum.mirrors ?? []), ...report.mirrors];
      if (report.logged) {
        const { requests = [], leftOut = 0 } = sum.logged ?? {};
        sum.logged = { requests: [...requests, ...report.logged.requests], leftOut: leftOut + report.logged.leftOut };
      }
      if (report.seen) sum.seen = [...(sum.seen ?? []), ...report.seen];
      if (news.length > 0) sum.firsts = [...(sum.firsts ?? []), ...news];
    }
  }
  return [...sums.values()];
}

export function sumTotals(totals: readonly GatewayTotals[]): GatewayTotals {
  const sum: GatewayTotals = { requests: {}, held: 0, retries: 0, denied: 0, limited: 0, connections: 0 };
  for (const each of totals) {
    for (const [protocol, count] of Object.entries(each.requests)) sum.requests[protocol] = (sum.requests[protocol] ?? 0) + count;
    sum.held += each.held;
    sum.retries += each.retries;
    sum.denied += each.denied;
    sum.limited += each.limited;
    sum.connections += each.connections;
  }
  return sum;
}

function sumTraffic(totals: readonly TrafficTotals[]): TrafficTotals {
  const sum: TrafficTotals = {
    responses: {},
    latency: Array.from({ length: LATENCY_BOUNDS.length + 1 }, () => 0),
    latencySumMs: 0,
    held: 0,
    heldMs: 0,
    requestBytes: 0,
    responseBytes: 0,
  };
  for (const each of totals) {
    for (const [name, count] of Object.entries(each.responses)) sum.responses[name] = (sum.responses[name] ?? 0) + count;
    sum.latency = sum.latency.map((count, i) => count + (each.latency[i] ?? 0));
    sum.latencySumMs += each.latencySumMs;
    sum.held += each.held;
    sum.heldMs += each.heldMs;
    sum.requestBytes += each.requestBytes;
    sum.responseBytes += each.responseBytes;
    for (const [name, count] of Object.entries(each.interventions ?? {})) {
      const interventions = (sum.interventions ??= {});
      interventions[name] = (interventions[name] ?? 0) + count;
    }
  }
  return sum;
}
