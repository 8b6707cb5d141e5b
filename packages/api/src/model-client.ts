import type {
  CreateApp,
  CreateEnvironment,
  CreateTeam,
  Environment,
  MoveEnvironment,
  PatchApp,
  PatchEnvironment,
  PatchTeam,
  Team,
} from "./model.ts";
import type { MovePlan } from "./move-plan.ts";
import type { PatchQuota, TeamQuota } from "./quotas.ts";
import type { CallOptions } from "./place-client.ts";
import { changing, type ChangeOptions } from "./revisions.ts";
import type { App, Operation, Revised } from "./schemas.ts";
import type { CreatePreview, ExtendPreview } from "./previews.ts";
import type { SleepEnvironment } from "./schedules.ts";
import type { Rates } from "./tries.ts";
import type { PatchPrices, Prices, UsageQuery, UsageReport } from "./usage.ts";
import type { Send, SendOptions } from "./transport.ts";

/** Teams, environments and apps, without what is in an environment. */
export function modelCalls(send: Send) {
  const json = async <T>(method: string, path: string, request?: SendOptions): Promise<T> =>
    (await (await send(method, path, request)).json()) as T;
  const items = async <T>(path: string, request?: SendOptions): Promise<T[]> => (await json<{ items: T[] }>("GET", path, request)).items;
  const app = (name: string) => `/apps/${encodeURIComponent(name)}`;
  const team = (name: string) => `/teams/${encodeURIComponent(name)}`;
  const environment = (of: string, name: string) => `${team(of)}/environments/${encodeURIComponent(name)}`;

  const preview = (of: string, name: string) => `${team(of)}/previews/${encodeURIComponent(name)}`;

  return {
    listTeams: (call?: CallOptions) => items<Team>("/teams", call),
    getTeam: (name: string, call?: CallOptions) => json<Revised<Team>>("GET", team(name), call),
    createTeam: (body: CreateTeam) => json<Team>("POST", "/teams", { json: body }),
    patchTeam: (name: string, body: PatchTeam, on?: ChangeOptions) =>
      json<Revised<Team>>("PATCH", team(name), { json: body, ...changing(on) }),
    getQuota: (of: string, call?: CallOptions) => json<Revised<TeamQuota>>("GET", `${team(of)}/quota`, call),
    patchQuota: (of: string, body: PatchQuota, on?: ChangeOptions) =>
      json<Revised<TeamQuota>>("PATCH", `${team(of)}/quota`, { json: body, ...changing(on) }),
    deleteTeam: (name: string, on?: ChangeOptions) => json<Operation>("DELETE", team(name), changing(on)),
    /** In the order of the chain. */
    listEnvironments: (of: string, call?: CallOptions) => items<Environment>(`${team(of)}/environments`, call),
    getEnvironment: (of: string, name: string, call?: CallOptions) => json<Revised<Environment>>("GET", environment(of, name), call),
    createEnvironment: (of: string, body: CreateEnvironment) => json<Environment>("POST", `${team(of)}/environments`, { json: body }),
    patchEnvironment: (of: string, name: string, body: PatchEnvironment, on?: ChangeOptions) =>
      json<Revised<Environment>>("PATCH", environment(of, name), { json: body, ...changing(on) }),
    createPreview: (of: string, body: CreatePreview) => json<Environment>("POST", `${team(of)}/previews`, { json: body }),
    extendPreview: (of: string, name: string, body: ExtendPreview) => json<Environment>("PATCH", preview(of, name), { json: body }),
    deletePreview: (of: string, name: string) => json<Operation>("DELETE", preview(of, name)),
    sleepEnvironment: (of: string, name: string, body: SleepEnvironment = {}) =>
      json<Operation>("POST", `${environment(of, name)}/sleep`, { json: body }),
    wakeEnvironment: (of: string, name: string) => json<Operation>("POST", `${environment(of, name)}/wake`),
    moveEnvironment: (of: string, name: string, body: MoveEnvironment, on?: ChangeOptions) =>
      json<Operation>("POST", `${environment(of, name)}/move`, { json: body, ...changing(on) }),
    planMove: (of: string, name: string, body: MoveEnvironment, call?: CallOptions) =>
      json<MovePlan>("POST", `${environment(of, name)}/move/plan`, { json: body, ...call }),
    deleteEnvironment: (of: string, name: string, on?: ChangeOptions) => json<Operation>("DELETE", environment(of, name), changing(on)),

    /** Those of the last minute; without requests, none. */
    rates: (call?: CallOptions) => json<Rates>("GET", "/rates", call),
    usage: ({ signal, ...query }: UsageQuery & CallOptions = {}) => json<UsageReport>("GET", "/usage", { query, signal }),
    patchPrices: (body: PatchPrices) => json<Prices>("PATCH", "/prices", { json: body }),

    listApps: ({ signal, ...query }: { team?: string | undefined } & CallOptions = {}) => items<App>("/apps", { query, signal }),
    getApp: (name: string, call?: CallOptions) => json<Revised<App>>("GET", app(name), call),
    createApp: (body: CreateApp) => json<App>("POST", "/apps", { json: body }),
    patchApp: (name: string, body: PatchApp, on?: ChangeOptions) => json<Revised<App>>("PATCH", app(name), { json: body, ...changing(on) }),
    /** In all its environments. */
    deleteApp: (name: string, on?: ChangeOptions) => json<Operation>("DELETE", app(name), changing(on)),
  };
}
