import type { Mirror, MirrorComparison, MirrorReport, Operation, SetMirror } from "@ebb/api";
import { mirrorOf, type Place } from "../apps/store.ts";
import type { MirroredAnswers } from "../cluster/port.ts";
import { revisionNumber, versionName } from "../compile/names.ts";
import type { Deps, TrafficRequest } from "../deploy/context.ts";
import type { AppFacts } from "../deploy/views.ts";
import { refuse } from "../errors.ts";
import { factsOf, usable } from "./facts.ts";
import type { Places } from "./places.ts";
import { refuseDuringRelease } from "./releases.ts";

/** Copies of an app's requests to another version, and how its answers compare. */
export class MirrorService {
  readonly #deps: Deps;
  readonly #places: Places;

  constructor(deps: Deps, places: Places) {
    this.#deps = deps;
    this.#places = places;
  }

  async report(place: Place): Promise<MirrorReport> {
    const facts = await factsOf(this.#deps, place);
    const found = await (await this.#places.clusterOf(place)).mirrors(facts.app.name);
    const comparisons = (found ?? []).map((each) => viewComparison(facts.app.name, each));
    const mirror = viewMirror(facts);
    return { mirror, recorded: found !== undefined, message: messageOf(mirror, found !== undefined, comparisons), comparisons };
  }

  /** Throws `version_not_found`, `version_not_ready`, `invalid_traffic` and `release_running`. */
  async set(place: Place, { version, percent, methods = "safe" }: SetMirror, user: string): Promise<Operation> {
    const { app } = await this.#places.changeable(place);
    const facts = await factsOf(this.#deps, place);
    const number = usable(facts, version);
    if (facts.shares.every((share) => share.number === number)) {
      throw refuse("invalid_traffic", `${version} answers all requests already: there is nothing to compare it with`, {
        hint: "Mirror to a version that was deployed with --no-traffic.",
      });
    }
    const mirror = { number, percent, methods, since: this.#deps.clock.now(), by: user };
    return this.#submit(app.team, facts, { mirror, user });
  }

  /** Throws `no_mirror` and `release_running`. */
  async stop(place: Place, user: string): Promise<Operation> {
    const { app } = await this.#places.changeable(place);
    const facts = await factsOf(this.#deps, place);
    if (!mirrorOf(facts.place)) {
      throw refuse("no_mirror", `No requests of ${place.app} in ${place.env} are mirrored`, {
        hint: "Begin with: ebb mirror APP --to VERSION --percent 10.",
      });
    }
    return this.#submit(app.team, facts, { mirror: null, user });
  }

  async #submit(
    team: string,
    { place: { app, env }, shares }: AppFacts,
    { mirror, user }: { mirror: NonNullable<TrafficRequest["mirror"]> | null; user: string },
  ): Promise<Operation> {
    await refuseDuringRelease(this.#deps.db, { app, env });
    const request: TrafficRequest = { shares: [...shares], mirror };
    return this.#places.submit("traffic", { team, app, env, request, user });
  }
}

function viewMirror({ place }: Pick<AppFacts, "place">): Mirror | null {
  const mirror = mirrorOf(place);
  if (!mirror) return null;
  const { number, percent, methods, since, by } = mirror;
  return { version: versionName(number), percent, methods, since: new Date(since).toISOString(), by };
}

function viewComparison(app: string, { main, shadow, samples, ...counted }: MirroredAnswers): MirrorComparison {
  const nameOf = (revision: string) => {
    const number = revisionNumber(app, revision);
    return number === undefined ? null : versionName(number);
  };
  return {
    from: nameOf(main),
    to: nameOf(shadow),
    since: counted.since,
    until: counted.until,
    compared: counted.compared,
    statusDiffers: counted.statusDiffers,
    sizeDiffers: counted.sizeDiffers,
    leftOut: counted.leftOut,
    fromBytes: counted.mainBytes,
    toBytes: counted.shadowBytes,
    fromMs: counted.mainMs,
    toMs: counted.shadowMs,
    samples: samples.map(({ id, time, method, path, main: from, shadow: to }) => ({ id, time, method, path, from, to })),
  };
}

function messageOf(mirror: Mirror | null, recorded: boolean, comparisons: readonly MirrorComparison[]): string {
  const now = mirror ? `${mirror.percent} % of the requests are copied to ${mirror.version}` : "No requests are mirrored";
  if (!recorded) return `${now}; this cluster does not compare the answers (Ebb's own gateway does)`;
  const all = comparisons.reduce((sum, { compared }) => sum + compared, 0);
  if (all === 0) return mirror ? `${now}; none has been compared yet` : now;
  const status = comparisons.reduce((sum, { statusDiffers }) => sum + statusDiffers, 0);
  const size = comparisons.reduce((sum, { sizeDiffers }) => sum + sizeDiffers, 0);
  return `${now}; of ${all} answers ${status} had another status and ${size} another size`;
}
