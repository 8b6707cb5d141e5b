import type { PatchAppEnvironment, Promote, VersionDiff } from "./model.ts";
import type { MirrorReport, SetMirror } from "./mirrors.ts";
import type { RequestStatus } from "./request-statuses.ts";
import type { RecentRequests, ReleaseMoves, TrafficMoves } from "./moves.ts";
import { changing, type ChangeOptions } from "./revisions.ts";
import type { Release, StartRelease } from "./releases.ts";
import type { Explanation } from "./rules.ts";
import type { GuardInForce, PatchTrafficPolicy } from "./traffic-policy.ts";
import type { PatchScaling, ScalingPolicy, WhatIf, WhatIfQuery } from "./scaling.ts";
import type { TriedRequest, TryRequest, VersionConfiguration } from "./tries.ts";
import type {
  AppEnvironment,
  ColdStarts,
  Instance,
  Metrics,
  Operation,
  PatchSecrets,
  PatchVariables,
  Revised,
  Rollback,
  ScalingDecisions,
  SecretList,
  SetTraffic,
  Variables,
  Version,
} from "./schemas.ts";
import type { PatchVersion, PrunedVersions } from "./versions.ts";
import type { Send, SendOptions } from "./transport.ts";

/** An app in an environment. */
export interface Place {
  readonly app: string;
  readonly env: string;
}

export interface DecisionQuery {
  /** `v3`; all versions when absent. */
  version?: string | undefined;
  /** RFC 3339: only what was decided until then. */
  at?: string | undefined;
  limit?: number | undefined;
}

/** As WhatIfQuery has it. */
export type WhatIfAsked = Readonly<Partial<Record<keyof WhatIfQuery, string | number | undefined>>>;

export interface RecentRequestsQuery {
  status?: RequestStatus | undefined;
  version?: string | undefined;
  limit?: number | undefined;
}

export interface MetricsQuery {
  /** RFC 3339; the last hour when absent. */
  from?: string | undefined;
  to?: string | undefined;
  /** Seconds of a point: 10 (kept an hour), 60 (a day) or 3600 (30 days); the finest that covers the time when absent. */
  step?: 10 | 60 | 3600 | undefined;
}

export interface Page<T> {
  items: T[];
  /** Null on the last page. */
  next: string | null;
}
const PAGE = 200;

export interface CallOptions {
  signal?: AbortSignal | undefined;
}

/** An app in an environment, in an address. */
export function placePath({ app, env }: Place, rest = ""): string {
  return `/apps/${encodeURIComponent(app)}/environments/${encodeURIComponent(env)}${rest}`;
}

/** Everything of an app in an environment but its logs. */
export function placeCalls(send: Send) {
  const json = async <T>(method: string, path: string, request?: SendOptions): Promise<T> =>
    (await (await send(method, path, request)).json()) as T;
  const items = async <T>(path: string, request?: SendOptions): Promise<T[]> => (await json<{ items: T[] }>("GET", path, request)).items;
  const pages = async <T>(path: string, request?: SendOptions): Promise<T[]> => {
    const all: T[] = [];
    for (let cursor: string | undefined; ;) {
      const page = await json<Page<T>>("GET", path, { ...request, query: { ...request?.query, limit: PAGE, cursor } });
      all.push(...page.items);
      if (page.next === null) return all;
      cursor = page.next;
    }
  };
  const at = placePath;

  return {
    getAppEnvironment: (place: Place, call?: CallOptions) => json<Revised<AppEnvironment>>("GET", at(place), call),
    patchAppEnvironment: (place: Place, body: PatchAppEnvironment, on?: ChangeOptions) =>
      json<Operation>("PATCH", at(place), { json: body, ...changing(on) }),
    /** In this environment alone. */
    deleteAppEnvironment: (place: Place, on?: ChangeOptions) => json<Operation>("DELETE", at(place), changing(on)),
    /** All of them, newest first. */
    listVersions: (place: Place, call?: CallOptions) => pages<Version>(at(place, "/versions"), call),
    getVersion: (place: Place, version: string, call?: CallOptions) =>
      json<Revised<Version>>("GET", at(place, `/versions/${version}`), call),
    patchVersion: (place: Place, version: string, body: PatchVersion, on?: ChangeOptions) =>
      json<Revised<Version>>("PATCH", at(place, `/versions/${version}`), { json: body, ...changing(on) }),
    /** What the environment's policy would let go. */
    planPrune: (place: Place) => json<PrunedVersions>("POST", at(place, "/versions/prune/plan"), { json: {} }),
    pruneVersions: (place: Place) => json<PrunedVersions>("POST", at(place, "/versions/prune"), { json: {} }),
    versionConfiguration: (place: Place, version: string, call?: CallOptions) =>
      json<VersionConfiguration>("GET", at(place, `/versions/${version}/configuration`), call),
    /** `fromEnvironment`: where `from` is a version, when it is not the place's own. */
    diffVersions: (place: Place, { from, to, fromEnvironment }: { from: string; to: string; fromEnvironment?: string | undefined }) =>
      json<VersionDiff>("GET", at(place, `/versions/${from}/diff/${to}`), { query: { fromEnvironment } }),
    promote: (place: Place, body: Promote, on?: ChangeOptions) =>
      json<Operation>("POST", at(place, "/promote"), { json: body, ...changing(on) }),
    listInstances: (place: Place, call?: CallOptions) => items<Instance>(at(place, "/instances"), call),
    coldStarts: (place: Place, { signal, ...query }: { version?: string | undefined; limit?: number | undefined } & CallOptions = {}) =>
      json<ColdStarts>("GET", at(place, "/cold-starts"), { query, signal }),
    decisions: (place: Place, { signal, ...query }: DecisionQuery & CallOptions = {}) =>
      json<ScalingDecisions>("GET", at(place, "/decisions"), { query, signal }),
    getTrafficPolicy: (place: Place, call?: CallOptions) => json<Revised<GuardInForce>>("GET", at(place, "/traffic-policy"), call),
    patchTrafficPolicy: (place: Place, body: PatchTrafficPolicy, on?: ChangeOptions) =>
      json<Revised<GuardInForce>>("PATCH", at(place, "/traffic-policy"), { json: body, ...changing(on) }),
    getScaling: (place: Place, call?: CallOptions) => json<Revised<ScalingPolicy>>("GET", at(place, "/scaling"), call),
    patchScaling: (place: Place, body: PatchScaling, on?: ChangeOptions) =>
      json<Revised<ScalingPolicy>>("PATCH", at(place, "/scaling"), { json: body, ...changing(on) }),
    whatIf: (place: Place, query: WhatIfAsked, call?: CallOptions) => json<WhatIf>("GET", at(place, "/what-if"), { ...call, query }),
    metrics: (place: Place, { signal, ...query }: MetricsQuery & CallOptions = {}) =>
      json<Metrics>("GET", at(place, "/metrics"), { query, signal }),
    explain: (
      place: Place,
      {
        headers,
        ...query
      }: {
        method?: string | undefined;
        path?: string | undefined;
        host?: string | undefined;
        headers: readonly string[];
        request?: string | undefined;
      },
    ) => json<Explanation>("GET", at(place, "/explain"), { query: { ...query, header: headers } }),
    /** The newest first. */
    recentRequests: (place: Place, { signal, ...query }: RecentRequestsQuery & CallOptions = {}) =>
      json<RecentRequests>("GET", at(place, "/requests"), { query, signal }),
    planTraffic: (place: Place, body: SetTraffic, call?: CallOptions) =>
      json<TrafficMoves>("POST", at(place, "/traffic/plan"), { json: body, ...call }),
    planRelease: (place: Place, body: StartRelease, call?: CallOptions) =>
      json<ReleaseMoves>("POST", at(place, "/releases/plan"), { json: body, ...call }),
    mirrorReport: (place: Place, call?: CallOptions) => json<MirrorReport>("GET", at(place, "/mirror"), call),
    setMirror: (place: Place, body: SetMirror, on?: ChangeOptions) =>
      json<Operation>("PUT", at(place, "/mirror"), { json: body, ...changing(on) }),
    stopMirror: (place: Place, on?: ChangeOptions) => json<Operation>("DELETE", at(place, "/mirror"), changing(on)),
    tryRequest: (place: Place, body: TryRequest, call?: CallOptions) =>
      json<TriedRequest>("POST", at(place, "/requests"), { json: body, ...call }),
    setTraffic: (place: Place, body: SetTraffic, on?: ChangeOptions) =>
      json<Operation>("PUT", at(place, "/traffic"), { json: body, ...changing(on) }),
    listReleases: (place: Place, call?: CallOptions) => items<Release>(at(place, "/releases"), call),
    startRelease: (place: Place, body: StartRelease, on?: ChangeOptions) =>
      json<Operation>("POST", at(place, "/releases"), { json: body, ...changing(on) }),
    continueRelease: (place: Place, on?: ChangeOptions) =>
      json<Release>("POST", at(place, "/releases/continue"), { json: {}, ...changing(on) }),
    abortRelease: (place: Place, on?: ChangeOptions) => json<Release>("POST", at(place, "/releases/abort"), { json: {}, ...changing(on) }),
    rollback: (place: Place, body: Rollback = {}, on?: ChangeOptions) =>
      json<Operation>("POST", at(place, "/rollback"), { json: body, ...changing(on) }),
    restart: (place: Place, on?: ChangeOptions) => json<Operation>("POST", at(place, "/restart"), { json: {}, ...changing(on) }),
    getVariables: (place: Place, call?: CallOptions) => json<Revised<Variables>>("GET", at(place, "/variables"), call),
    patchVariables: (place: Place, body: PatchVariables, on?: ChangeOptions) =>
      json<Operation>("PATCH", at(place, "/variables"), { json: body, ...changing(on) }),
    listSecrets: (place: Place, call?: CallOptions) => json<Revised<SecretList>>("GET", at(place, "/secrets"), call),
    patchSecrets: (place: Place, body: PatchSecrets, on?: ChangeOptions) =>
      json<Operation>("PATCH", at(place, "/secrets"), { json: body, ...changing(on) }),
  };
}
