import { HAPPENING_KINDS, OPERATION_STATES, REQUEST_STATUSES, type HappeningKind, type RequestStatus } from "@ebb/api/client";
import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import { clustersQuery } from "../api/cluster-queries.ts";
import { domainsQuery } from "../api/domain-queries.ts";
import { gitCredentialsQuery } from "../api/git-queries.ts";
import { metricsOfSpanQuery, metricsQuery, rangeOf, USAGE_BY, usageQuery, type Range, type UsageBy } from "../api/metrics-queries.ts";
import { approvalsQuery, meQuery, sessionsQuery, tokensQuery, type AuditFilter } from "../api/people-queries.ts";
import {
  appQuery,
  appsQuery,
  coldStartsQuery,
  configurationQuery,
  decisionsOfSpanQuery,
  decisionsQuery,
  explainedQuery,
  instancesQuery,
  latestOperationsQuery,
  layerQuery,
  mirrorQuery,
  nowQuery,
  operationQuery,
  placeConfigurationQuery,
  placeQuery,
  recentRequestsQuery,
  releasesQuery,
  scalingQuery,
  statusQuery,
  teamQuery,
  teamsQuery,
  trafficPolicyQuery,
  versionsQuery,
  type OperationFilter,
} from "../api/queries.ts";
import { questionIn } from "../api/question.ts";
import { early } from "../api/query-client.ts";
import { appSettingsQuery, repositoryQuery } from "../api/repository-queries.ts";
import { environmentQuery, environmentsQuery, membersQuery, quotaQuery, usersQuery } from "../api/team-queries.ts";
import { loadPlot } from "../ui/chart/load-plot.ts";
import { NotFound } from "../ui/problem.tsx";
import type { TimeSpan } from "../api/time-span.ts";
import { spanOf } from "../ui/time-span.tsx";
import { Crash } from "./crash.tsx";
import { Shell } from "./shell.tsx";

/** Every view has an address; what narrows it (a search, a filter) is in the address too. Pages load when they are first visited. */
const root = createRootRoute({ loader: () => early(meQuery), component: Shell });

/** An absent value stays out of the address. */
function optional(search: Record<string, unknown>, name: string): string | undefined {
  const value = search[name];
  // Of an address that somebody has typed, `?q=404` is a number to the router.
  if (typeof value === "number" || typeof value === "boolean") return `${value}`;
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** What draws charts is on its way, too, before the page that shows one. */
const drawing = () => void loadPlot().catch(() => undefined);

const apps = createRoute({
  getParentRoute: () => root,
  path: "/",
  validateSearch: (search: Record<string, unknown>): { q?: string | undefined; team?: string | undefined } => ({
    q: optional(search, "q"),
    team: optional(search, "team"),
  }),
  loader: () => {
    early(appsQuery);
    early(nowQuery);
    early(statusQuery);
  },
  component: lazyRouteComponent(() => import("../pages/apps/apps-page.tsx"), "AppsPage"),
});

const deploy = createRoute({
  getParentRoute: () => root,
  path: "/deploy",
  validateSearch: (search: Record<string, unknown>): { from?: "git" | "image" | "source"; app?: string; env?: string; team?: string } => {
    const [app, env, team] = [optional(search, "app"), optional(search, "env"), optional(search, "team")];
    const { from } = search;
    return {
      ...(from === "git" || from === "image" ? { from } : {}),
      ...(app === undefined ? {} : { app }),
      ...(env === undefined ? {} : { env }),
      ...(team === undefined ? {} : { team }),
    };
  },
  loader: () => {
    early(teamsQuery);
    early(appsQuery);
  },
  component: lazyRouteComponent(() => import("../pages/deploy/deploy-page.tsx"), "DeployPage"),
});

const appAnywhere = createRoute({
  getParentRoute: () => root,
  path: "/apps/$app",
  loader: ({ params }) => early(appQuery(params.app)),
  component: lazyRouteComponent(() => import("../pages/app/first-environment.tsx"), "FirstEnvironment"),
});
/** Everything of an app is in an environment: the address has both. */
const app = createRoute({
  getParentRoute: () => root,
  path: "/apps/$app/$env",
  loader: ({ params }) => {
    early(placeQuery(params));
    early(appQuery(params.app));
  },
  component: lazyRouteComponent(() => import("../pages/app/app-page.tsx"), "AppPage"),
});
const promote = createRoute({
  getParentRoute: () => app,
  path: "promote",
  validateSearch: (search: Record<string, unknown>): { version?: string | undefined; to?: string | undefined } => ({
    version: optional(search, "version"),
    to: optional(search, "to"),
  }),
  loader: ({ params }) => early(versionsQuery(params)),
  component: lazyRouteComponent(() => import("../pages/promote/promote-page.tsx"), "PromotePage"),
});
const overview = createRoute({
  getParentRoute: () => app,
  path: "/",
  validateSearch: (search: Record<string, unknown>): { range?: Range | undefined } & TimeSpan => ({
    range: rangeOf(search["range"]),
    ...spanOf(search),
  }),
  loaderDeps: ({ search }) => search,
  loader: ({ params, deps }) => {
    early(versionsQuery(params));
    if (deps.from === undefined) early(metricsQuery(params, deps.range ?? "1h"));
    else early(metricsOfSpanQuery(params, deps));
    early(instancesQuery(params));
    early(latestOperationsQuery(params));
    early(decisionsQuery(params));
    early(coldStartsQuery(params));
    drawing();
  },
  component: lazyRouteComponent(() => import("../pages/app/overview-tab.tsx"), "OverviewTab"),
});
const versions = createRoute({
  getParentRoute: () => app,
  path: "versions",
  loader: ({ params }) => early(versionsQuery(params)),
  component: lazyRouteComponent(() => import("../pages/app/versions-tab.tsx"), "VersionsTab"),
});
const version = createRoute({
  getParentRoute: () => app,
  path: "versions/$version",
  validateSearch: (search: Record<string, unknown>): { against?: string | undefined } => ({ against: optional(search, "against") }),
  loader: ({ params }) => {
    early(versionsQuery(params));
    early(configurationQuery(params, params.version));
  },
  component: lazyRouteComponent(() => import("../pages/version/version-page.tsx"), "VersionPage"),
});
const coldStarts = createRoute({
  getParentRoute: () => app,
  path: "cold-starts",
  loader: ({ params }) => early(coldStartsQuery(params)),
  component: lazyRouteComponent(() => import("../pages/app/cold-starts/cold-starts-tab.tsx"), "ColdStartsTab"),
});
const requests = createRoute({
  getParentRoute: () => app,
  path: "requests",
  validateSearch: (
    search: Record<string, unknown>,
  ): { status?: RequestStatus | undefined; version?: string | undefined; q?: string | undefined; request?: string | undefined } => ({
    status: REQUEST_STATUSES.find((status) => status === search["status"]),
    version: optional(search, "version"),
    q: optional(search, "q"),
    request: optional(search, "request"),
  }),
  loaderDeps: ({ search: { status, version } }) => ({ status, version }),
  loader: ({ params, deps }) => {
    early(recentRequestsQuery(params, deps));
    early(versionsQuery(params));
  },
  component: lazyRouteComponent(() => import("../pages/app/requests/requests-tab.tsx"), "RequestsTab"),
});
const tryIt = createRoute({
  getParentRoute: () => app,
  path: "try",
  validateSearch: (search: Record<string, unknown>): { request?: string | undefined } => ({ request: optional(search, "request") }),
  loaderDeps: ({ search }) => search,
  loader: ({ params, deps: { request } }) => {
    early(versionsQuery(params));
    if (request !== undefined) early(explainedQuery(params, request));
  },
  component: lazyRouteComponent(() => import("../pages/app/try/try-tab.tsx"), "TryTab"),
});
const traffic = createRoute({
  getParentRoute: () => app,
  path: "traffic",
  loader: ({ params }) => {
    early(versionsQuery(params));
    early(releasesQuery(params));
  },
  component: lazyRouteComponent(() => import("../pages/app/traffic/traffic-tab.tsx"), "TrafficTab"),
});
const guard = createRoute({
  getParentRoute: () => app,
  path: "guard",
  loader: ({ params }) => early(trafficPolicyQuery(params)),
  component: lazyRouteComponent(() => import("../pages/app/guard/guard-tab.tsx"), "GuardTab"),
});
const releases = createRoute({
  getParentRoute: () => app,
  path: "releases",
  loader: ({ params }) => {
    early(releasesQuery(params));
    early(versionsQuery(params));
    early(mirrorQuery(params));
  },
  component: lazyRouteComponent(() => import("../pages/app/releases/releases-tab.tsx"), "ReleasesTab"),
});
const scaling = createRoute({
  getParentRoute: () => app,
  path: "scaling",
  validateSearch: (search: Record<string, unknown>): { at?: string | undefined } & TimeSpan => {
    const at = optional(search, "at");
    return { at: at === undefined || Number.isNaN(Date.parse(at)) ? undefined : at, ...spanOf(search) };
  },
  loaderDeps: ({ search: { from, to } }) => ({ from, to }),
  loader: ({ params, deps }) => {
    if (deps.from === undefined) early(decisionsQuery(params));
    else early(decisionsOfSpanQuery(params, deps));
    drawing();
  },
  component: lazyRouteComponent(() => import("../pages/app/scaling/scaling-tab.tsx"), "ScalingTab"),
});
const scalingPolicy = createRoute({
  getParentRoute: () => app,
  path: "scaling-policy",
  validateSearch: questionIn,
  loader: ({ params }) => {
    early(scalingQuery(params));
    early(versionsQuery(params));
  },
  component: lazyRouteComponent(() => import("../pages/app/scaling/policy/policy-tab.tsx"), "PolicyTab"),
});
const domains = createRoute({
  getParentRoute: () => app,
  path: "domains",
  loader: ({ params }) => early(domainsQuery(params)),
  component: lazyRouteComponent(() => import("../pages/app/domains/domains-tab.tsx"), "DomainsTab"),
});
const logs = createRoute({
  getParentRoute: () => app,
  path: "logs",
  validateSearch: (
    search: Record<string, unknown>,
  ): { version?: string | undefined; instance?: string | undefined; q?: string | undefined } & TimeSpan => ({
    version: optional(search, "version"),
    instance: optional(search, "instance"),
    q: optional(search, "q"),
    ...spanOf(search),
  }),
  loader: ({ params }) => {
    early(versionsQuery(params));
    early(instancesQuery(params));
  },
  component: lazyRouteComponent(() => import("../pages/app/logs-tab.tsx"), "LogsTab"),
});
const terminal = createRoute({
  getParentRoute: () => app,
  path: "terminal",
  validateSearch: (search: Record<string, unknown>): { instance?: string | undefined } => ({ instance: optional(search, "instance") }),
  loader: ({ params }) => early(instancesQuery(params)),
  component: lazyRouteComponent(() => import("../pages/app/terminal/terminal-tab.tsx"), "TerminalTab"),
});
const config = createRoute({
  getParentRoute: () => app,
  path: "config",
  loader: ({ params }) => early(placeConfigurationQuery(params)),
  component: lazyRouteComponent(() => import("../pages/app/config-tab.tsx"), "ConfigTab"),
});
const appOperations = createRoute({
  getParentRoute: () => app,
  path: "operations",
  component: lazyRouteComponent(() => import("../pages/app/operations-tab.tsx"), "OperationsTab"),
});
const events = createRoute({
  getParentRoute: () => app,
  path: "events",
  validateSearch: (search: Record<string, unknown>): { kind?: HappeningKind | undefined } => ({
    kind: HAPPENING_KINDS.find((kind) => kind === search["kind"]),
  }),
  component: lazyRouteComponent(() => import("../pages/app/events-tab.tsx"), "EventsTab"),
});
const settings = createRoute({
  getParentRoute: () => app,
  path: "settings",
  loader: ({ params }) => {
    early(appSettingsQuery(params.app));
    early(repositoryQuery(params.app));
  },
  component: lazyRouteComponent(() => import("../pages/app/settings/settings-tab.tsx"), "SettingsTab"),
});

const operations = createRoute({
  getParentRoute: () => root,
  path: "/operations",
  validateSearch: (search: Record<string, unknown>): OperationFilter => ({
    app: optional(search, "app"),
    by: optional(search, "by"),
    state: OPERATION_STATES.find((state) => state === search["state"]),
  }),
  component: lazyRouteComponent(() => import("../pages/operation/operations-page.tsx"), "OperationsPage"),
});
const operation = createRoute({
  getParentRoute: () => root,
  path: "/operations/$id",
  loader: ({ params }) => early(operationQuery(params.id)),
  component: lazyRouteComponent(() => import("../pages/operation/operation-page.tsx"), "OperationPage"),
});
const teams = createRoute({
  getParentRoute: () => root,
  path: "/teams",
  loader: () => early(teamsQuery),
  component: lazyRouteComponent(() => import("../pages/teams/teams-page.tsx"), "TeamsPage"),
});
const team = createRoute({
  getParentRoute: () => root,
  path: "/teams/$team",
  loader: ({ params }) => {
    early(teamQuery(params.team));
    early(environmentsQuery(params.team));
    early(membersQuery(params.team));
  },
  component: lazyRouteComponent(() => import("../pages/teams/team-page.tsx"), "TeamPage"),
});
const environment = createRoute({
  getParentRoute: () => root,
  path: "/teams/$team/environments/$env",
  loader: ({ params }) => early(environmentQuery(params.team, params.env)),
  component: lazyRouteComponent(() => import("../pages/environment/environment-page.tsx"), "EnvironmentPage"),
});
const platformLayer = createRoute({
  getParentRoute: () => root,
  path: "/configuration",
  loader: () => early(layerQuery({})),
  component: lazyRouteComponent(() => import("../pages/configuration/layer-pages.tsx"), "PlatformLayerPage"),
});
const teamLayer = createRoute({
  getParentRoute: () => root,
  path: "/teams/$team/configuration",
  loader: ({ params }) => early(layerQuery({ team: params.team })),
  component: lazyRouteComponent(() => import("../pages/configuration/layer-pages.tsx"), "TeamLayerPage"),
});
const git = createRoute({
  getParentRoute: () => root,
  path: "/teams/$team/git",
  loader: ({ params }) => early(gitCredentialsQuery(params.team)),
  component: lazyRouteComponent(() => import("../pages/teams/git-page.tsx"), "GitPage"),
});
const quota = createRoute({
  getParentRoute: () => root,
  path: "/teams/$team/quota",
  loader: ({ params }) => early(quotaQuery(params.team)),
  component: lazyRouteComponent(() => import("../pages/quota/quota-page.tsx"), "QuotaPage"),
});
const previews = createRoute({
  getParentRoute: () => root,
  path: "/teams/$team/previews",
  loader: ({ params }) => {
    early(environmentsQuery(params.team));
    early(teamQuery(params.team));
  },
  component: lazyRouteComponent(() => import("../pages/previews/previews-page.tsx"), "PreviewsPage"),
});
const environmentLayer = createRoute({
  getParentRoute: () => root,
  path: "/teams/$team/environments/$env/configuration",
  loader: ({ params }) => early(layerQuery(params)),
  component: lazyRouteComponent(() => import("../pages/configuration/layer-pages.tsx"), "EnvironmentLayerPage"),
});
const usage = createRoute({
  getParentRoute: () => root,
  path: "/usage",
  validateSearch: (search: Record<string, unknown>): { by?: UsageBy | undefined } => ({ by: USAGE_BY.find((one) => one === search["by"]) }),
  loaderDeps: ({ search }) => search,
  loader: ({ deps }) => early(usageQuery(deps.by ?? "app")),
  component: lazyRouteComponent(() => import("../pages/usage/usage-page.tsx"), "UsagePage"),
});
const users = createRoute({
  getParentRoute: () => root,
  path: "/users",
  loader: () => early(usersQuery),
  component: lazyRouteComponent(() => import("../pages/users/users-page.tsx"), "UsersPage"),
});
const approvals = createRoute({
  getParentRoute: () => root,
  path: "/approvals",
  validateSearch: (search: Record<string, unknown>): { all?: boolean | undefined } => (search["all"] === true ? { all: true } : {}),
  loaderDeps: ({ search }) => search,
  loader: ({ deps }) => early(approvalsQuery(deps.all === true)),
  component: lazyRouteComponent(() => import("../pages/approvals/approvals-page.tsx"), "ApprovalsPage"),
});
const account = createRoute({
  getParentRoute: () => root,
  path: "/account",
  loader: () => {
    early(sessionsQuery);
    early(tokensQuery);
  },
  component: lazyRouteComponent(() => import("../pages/account/account-page.tsx"), "AccountPage"),
});
const audit = createRoute({
  getParentRoute: () => root,
  path: "/audit",
  validateSearch: (search: Record<string, unknown>): AuditFilter => ({
    actor: optional(search, "actor"),
    action: optional(search, "action"),
    object: optional(search, "object"),
  }),
  component: lazyRouteComponent(() => import("../pages/audit/audit-page.tsx"), "AuditPage"),
});
const device = createRoute({
  getParentRoute: () => root,
  path: "/device",
  validateSearch: (search: Record<string, unknown>): { code?: string | undefined } => ({ code: optional(search, "code") }),
  component: lazyRouteComponent(() => import("../pages/device/device-page.tsx"), "DevicePage"),
});
const clusters = createRoute({
  getParentRoute: () => root,
  path: "/clusters",
  loader: () => early(clustersQuery),
  component: lazyRouteComponent(() => import("../pages/clusters/clusters-page.tsx"), "ClustersPage"),
});
const status = createRoute({
  getParentRoute: () => root,
  path: "/status",
  loader: () => {
    early(statusQuery);
    early(clustersQuery);
  },
  component: lazyRouteComponent(() => import("../pages/status/status-page.tsx"), "StatusPage"),
});

const routeTree = root.addChildren([
  apps,
  deploy,
  appAnywhere,
  app.addChildren([
    overview,
    promote,
    versions,
    version,
    traffic,
    guard,
    releases,
    domains,
    scaling,
    scalingPolicy,
    coldStarts,
    requests,
    tryIt,
    logs,
    terminal,
    config,
    appOperations,
    events,
    settings,
  ]),
  operations,
  operation,
  teams,
  team,
  environment,
  platformLayer,
  teamLayer,
  environmentLayer,
  git,
  quota,
  previews,
  users,
  usage,
  approvals,
  account,
  audit,
  device,
  clusters,
  status,
]);

export const router = createRouter({
  routeTree,
  defaultPreload: "intent",
  defaultErrorComponent: ({ error }) => <Crash error={error} />,
  defaultNotFoundComponent: () => <NotFound />,
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
