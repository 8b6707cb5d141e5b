import type { RecentRequest, RecentRequests, ReleaseMoves, RequestStatus, SetTraffic, StartRelease, TrafficMoves } from "@ebb/api";
import { rulesOf, type Place } from "../apps/store.ts";
import type { Cluster } from "../cluster/port.ts";
import { revisionNumber, versionName } from "../compile/names.ts";
import type { Deps } from "../deploy/context.ts";
import { externalHost, previewHost } from "../deploy/external-host.ts";
import type { AppFacts } from "../deploy/views.ts";
import { refuse } from "../errors.ts";
import { sharesAt } from "../releases/run-release.ts";
import { whatMoves } from "../releases/what-moves.ts";
import { factsOf } from "./facts.ts";
import type { Places } from "./places.ts";
import { releaseRequest } from "./releases.ts";
import { trafficRequest } from "./traffic.ts";

interface Wanted {
  status?: RequestStatus;
  version?: string;
  limit?: number;
}

/** What the gateway remembers of an app's requests, and what a change would have done to them. */
export class RecentTraffic {
  readonly #deps: Deps;
  readonly #places: Places;

  constructor(deps: Deps, places: Places) {
    this.#deps = deps;
    this.#places = places;
  }

  /** The newest first. */
  async list(place: Place, { status, version, limit = 50 }: Wanted): Promise<RecentRequests> {
    const facts = await factsOf(this.#deps, place);
    const found = await recentRequests(await this.#places.clusterOf(place), facts);
    const fits = (request: RecentRequest) =>
      (version === undefined || request.version === version) && (status === undefined || hasStatus(request, status));
    return { recorded: found !== undefined, items: (found ?? []).filter(fits).toReversed().slice(0, limit) };
  }

  /** What a change of traffic would move; checked as the change itself. */
  async planTraffic(place: Place, body: SetTraffic): Promise<TrafficMoves> {
    const facts = await factsOf(this.#deps, place);
    const { shares, rules = rulesOf(facts.place) } = await trafficRequest(this.#deps, facts, body);
    return this.#moves(place, facts, { shares, rules });
  }

  /** What a release would move with its first step, and with all of them; checked as the release itself. */
  async planRelease(place: Place, body: StartRelease): Promise<ReleaseMoves> {
    const facts = await factsOf(this.#deps, place);
    const {
      request: { number, steps, when },
    } = await releaseRequest(this.#deps, facts, body);
    const rules = rulesOf(facts.place);
    const own = when && steps.length > 1 ? [{ number, when }] : [];
    const [first, last] = await Promise.all([
      this.#moves(place, facts, { shares: sharesAt(facts.shares, number, steps[0] ?? 100), rules: [...own, ...rules] }),
      this.#moves(place, facts, { shares: [{ number, percent: 100 }], rules }),
    ]);
    return { first, last };
  }

  async #moves(place: Place, facts: AppFacts, after: Parameters<typeof whatMoves>[2]): Promise<TrafficMoves> {
    const requests = await recentRequests(await this.#places.clusterOf(place), facts);
    return whatMoves(requests && withoutPreviews(requests, facts), { rules: rulesOf(facts.place), shares: facts.shares }, after);
  }
}

/** Oldest first; undefined where the cluster keeps none. */
async function recentRequests(cluster: Cluster, { app }: Pick<AppFacts, "app">): Promise<RecentRequest[] | undefined> {
  const found = await cluster.requests(app.name);
  return found?.map(({ revision, reason = null, ...request }) => {
    const number = revisionNumber(app.name, revision);
    return { ...request, reason, version: number === undefined ? null : versionName(number) };
  });
}

function hasStatus({ status, outcome }: RecentRequest, wanted: RequestStatus): boolean {
  if (wanted === "failed") return status >= 500 || outcome === "cut";
  return `${Math.floor(status / 100)}xx` === wanted;
}

/** Throws `request_not_found`, and `explain_unavailable` where the cluster keeps no requests. */
export async function findRequest(cluster: Cluster, facts: AppFacts, id: string): Promise<RecentRequest> {
  const found = await recentRequests(cluster, facts);
  const request = found?.findLast((each) => each.id === id);
  if (request) return request;
  if (!found) {
    throw refuse("explain_unavailable", `This cluster keeps no requests of ${facts.app.name}`, {
      hint: "Ebb's own does; here, describe the request: ebb explain --path --header.",
    });
  }
  throw refuse("request_not_found", `No request ${id} to ${facts.app.name} is remembered`, {
    hint: "The newest are: ebb requests APP. Under load only some are kept, for two days at most.",
  });
}

/** Neither rules nor the split are for those that ask for a version by its preview's host. */
function withoutPreviews(requests: readonly RecentRequest[], { service, versions }: AppFacts): RecentRequest[] {
  const host = externalHost(service);
  if (!service || host === undefined) return [...requests];
  const previews = new Set(versions.map(({ number }) => previewHost(service, host, number)));
  return requests.filter((request) => !previews.has(request.host));
}
