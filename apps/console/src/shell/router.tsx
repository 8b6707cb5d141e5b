import { HAPPENING_KINDS, type HappeningKind } from "@ebb/api/client";
import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import { rangeOf, USAGE_BY, type Range, type UsageBy } from "../api/metrics-queries.ts";
import type { AuditFilter } from "../api/people-queries.ts";
import { NotFound } from "../ui/problem.tsx";
import { Crash } from "./crash.tsx";
import { Shell } from "./shell.tsx";

/** Every view has an address; what narrows it (a search, a filter) is in the address too. Pages load when they are first visited. */
const root = createRootRoute({ component: Shell });

/** An absent value stays out of the address. */
function optional(search: Record<string, unknown>, name: string): string | undefined {
  const value = search[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}

const apps = createRoute({
  getParentRoute: () => root,
  path: "/",
  validateSearch: (search: Record<string, unknown>): { q?: string | undefined } => ({ q: optional(search, "q") }),
  component: lazyRouteComponent(() => import("../pages/apps/apps-page.tsx"), "AppsPage"),
});

const deploy = createRoute({
  getParentRoute: () => root,
  path: "/deploy",
  component: lazyRouteComponent(() => import("../pages/deploy/deploy-page.tsx"), "DeployPage"),
});

const appAnywhere = createRoute({
  getParentRoute: () => root,
  path: "/apps/$app",
  component: lazyRouteComponent(() => import("../pages/app/first-environment.tsx"), "FirstEnvironment"),
});
/** Everything of an app is in an environment: the address has both. */
const app = createRoute({
  getParentRoute: () => root,
  path: "/apps/$app/$env",
  component: lazyRouteComponent(() => import("../pages/app/app-page.tsx"), "AppPage"),
});
const promote = createRoute({
  getParentRoute: () => root,
  path: "/apps/$app/$env/promote",
  validateSearch: (search: Record<string, unknown>): { version?: string | undefined; to?: string | undefined } => ({
    version: optional(search, "version"),
    to: optional(search, "to"),
  }),
  component: lazyRouteComponent(() => import("../pages/promote/promote-page.tsx"), "PromotePage"),
});
const overview = createRoute({
  getParentRoute: () => app,
  path: "/",
  validateSearch: (search: Record<string, unknown>): { range?: Range | undefined } => ({ range: rangeOf(search["range"]) }),
  component: lazyRouteComponent(() => import("../pages/app/overview-tab.tsx"), "OverviewTab"),
});
const versions = createRoute({
  getParentRoute: () => app,
  path: "versions",
  component: lazyRouteComponent(() => import("../pages/app/versions-tab.tsx"), "VersionsTab"),
});
const version = createRoute({
  getParentRoute: () => app,
  path: "versions/$version",
  validateSearch: (search: Record<string, unknown>): { against?: string | undefined } => ({ against: optional(search, "against") }),
  component: lazyRouteComponent(() => import("../pages/version/version-page.tsx"), "VersionPage"),
});
const coldStarts = createRoute({
  getParentRoute: () => app,
  path: "cold-starts",
  component: lazyRouteComponent(() => import("../pages/app/cold-starts/cold-starts-tab.tsx"), "ColdStartsTab"),
});
const tryIt = createRoute({
  getParentRoute: () => app,
  path: "try",
  component: lazyRouteComponent(() => import("../pages/app/try/try-tab.tsx"), "TryTab"),
});
const traffic = createRoute({
  getParentRoute: () => app,
  path: "traffic",
  component: lazyRouteComponent(() => import("../pages/app/traffic/traffic-tab.tsx"), "TrafficTab"),
});
const guard = createRoute({
  getParentRoute: () => app,
  path: "guard",
  component: lazyRouteComponent(() => import("../pages/app/guard/guard-tab.tsx"), "GuardTab"),
});
const releases = createRoute({
  getParentRoute: () => app,
  path: "releases",
  component: lazyRouteComponent(() => import("../pages/app/releases/releases-tab.tsx"), "ReleasesTab"),
});
const scaling = createRoute({
  getParentRoute: () => app,
  path: "scaling",
  validateSearch: (search: Record<string, unknown>): { at?: string | undefined } => {
    const at = optional(search, "at");
    return { at: at === undefined || Number.isNaN(Date.parse(at)) ? undefined : at };
  },
  component: lazyRouteComponent(() => import("../pages/app/scaling/scaling-tab.tsx"), "ScalingTab"),
});
const domains = createRoute({
  getParentRoute: () => app,
  path: "domains",
  component: lazyRouteComponent(() => import("../pages/app/domains/domains-tab.tsx"), "DomainsTab"),
});
const logs = createRoute({
  getParentRoute: () => app,
  path: "logs",
  validateSearch: (search: Record<string, unknown>): { version?: string | undefined; instance?: string | undefined } => ({
    version: optional(search, "version"),
    instance: optional(search, "instance"),
  }),
  component: lazyRouteComponent(() => import("../pages/app/logs-tab.tsx"), "LogsTab"),
});
const terminal = createRoute({
  getParentRoute: () => app,
  path: "terminal",
  validateSearch: (search: Record<string, unknown>): { instance?: string | undefined } => ({ instance: optional(search, "instance") }),
  component: lazyRouteComponent(() => import("../pages/app/terminal/terminal-tab.tsx"), "TerminalTab"),
});
const config = createRoute({
  getParentRoute: () => app,
  path: "config",
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
  component: lazyRouteComponent(() => import("../pages/app/settings/settings-tab.tsx"), "SettingsTab"),
});

const operations = createRoute({
  getParentRoute: () => root,
  path: "/operations",
  component: lazyRouteComponent(() => import("../pages/operation/operations-page.tsx"), "OperationsPage"),
});
const operation = createRoute({
  getParentRoute: () => root,
  path: "/operations/$id",
  component: lazyRouteComponent(() => import("../pages/operation/operation-page.tsx"), "OperationPage"),
});
const teams = createRoute({
  getParentRoute: () => root,
  path: "/teams",
  component: lazyRouteComponent(() => import("../pages/teams/teams-page.tsx"), "TeamsPage"),
});
const team = createRoute({
  getParentRoute: () => root,
  path: "/teams/$team",
  component: lazyRouteComponent(() => import("../pages/teams/team-page.tsx"), "TeamPage"),
});
const environment = createRoute({
  getParentRoute: () => root,
  path: "/teams/$team/environments/$env",
  component: lazyRouteComponent(() => import("../pages/environment/environment-page.tsx"), "EnvironmentPage"),
});
const platformLayer = createRoute({
  getParentRoute: () => root,
  path: "/configuration",
  component: lazyRouteComponent(() => import("../pages/configuration/layer-pages.tsx"), "PlatformLayerPage"),
});
const teamLayer = createRoute({
  getParentRoute: () => root,
  path: "/teams/$team/configuration",
  component: lazyRouteComponent(() => import("../pages/configuration/layer-pages.tsx"), "TeamLayerPage"),
});
const quota = createRoute({
  getParentRoute: () => root,
  path: "/teams/$team/quota",
  component: lazyRouteComponent(() => import("../pages/quota/quota-page.tsx"), "QuotaPage"),
});
const previews = createRoute({
  getParentRoute: () => root,
  path: "/teams/$team/previews",
  component: lazyRouteComponent(() => import("../pages/previews/previews-page.tsx"), "PreviewsPage"),
});
const environmentLayer = createRoute({
  getParentRoute: () => root,
  path: "/teams/$team/environments/$env/configuration",
  component: lazyRouteComponent(() => import("../pages/configuration/layer-pages.tsx"), "EnvironmentLayerPage"),
});
const usage = createRoute({
  getParentRoute: () => root,
  path: "/usage",
  validateSearch: (search: Record<string, unknown>): { by?: UsageBy | undefined } => ({ by: USAGE_BY.find((one) => one === search["by"]) }),
  component: lazyRouteComponent(() => import("../pages/usage/usage-page.tsx"), "UsagePage"),
});
const users = createRoute({
  getParentRoute: () => root,
  path: "/users",
  component: lazyRouteComponent(() => import("../pages/users/users-page.tsx"), "UsersPage"),
});
const approvals = createRoute({
  getParentRoute: () => root,
  path: "/approvals",
  validateSearch: (search: Record<string, unknown>): { all?: boolean | undefined } => (search["all"] === true ? { all: true } : {}),
  component: lazyRouteComponent(() => import("../pages/approvals/approvals-page.tsx"), "ApprovalsPage"),
});
const account = createRoute({
  getParentRoute: () => root,
  path: "/account",
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
  component: lazyRouteComponent(() => import("../pages/clusters/clusters-page.tsx"), "ClustersPage"),
});
const status = createRoute({
  getParentRoute: () => root,
  path: "/status",
  component: lazyRouteComponent(() => import("../pages/status/status-page.tsx"), "StatusPage"),
});

const routeTree = root.addChildren([
  apps,
  deploy,
  appAnywhere,
  promote,
  app.addChildren([
    overview,
    versions,
    version,
    traffic,
    guard,
    releases,
    domains,
    scaling,
    coldStarts,
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
