import type { App, Domain, Operation, Team, User } from "@ebb/api";
import type { Dictionary } from "../../i18n/en.ts";
import { everyPart } from "../../pages/app/bar/sections.ts";

export interface Entry {
  kind: "app" | "user" | "operation" | "domain" | "team" | "version" | "page" | "action";
  title: string;
  /** Below the console's address. */
  href: string;
}

type FoundOperation = Pick<Operation, "id" | "kind" | "app" | "environment" | "version" | "state">;
/** What is only there for who may see it, or comes later than the rest. */
interface More {
  users?: readonly Pick<User, "name" | "displayName">[];
  operations?: readonly FoundOperation[];
  domains?: readonly Pick<Domain, "displayName" | "app" | "environment">[];
}

/** All that can be found: pages and actions, teams and their environments, and of each app its environments and the versions that serve there. */
export function entriesOf(
  apps: readonly App[],
  teams: readonly Pick<Team, "name" | "environments">[],
  text: Dictionary,
  { users = [], operations = [], domains = [] }: More = {},
): Entry[] {
  const pages: Entry[] = [
    { kind: "page", title: text.nav.apps, href: "/" },
    { kind: "page", title: text.nav.operations, href: "/operations" },
    { kind: "page", title: text.approvals.title, href: "/approvals" },
    { kind: "page", title: text.teams.title, href: "/teams" },
    { kind: "page", title: text.usage.title, href: "/usage" },
    { kind: "page", title: text.users.title, href: "/users" },
    { kind: "page", title: text.audit.title, href: "/audit" },
    { kind: "page", title: `${text.account.nav}: ${text.account.tokens}, ${text.account.sessions}`, href: "/account" },
    { kind: "page", title: text.clusters.title, href: "/clusters" },
    { kind: "page", title: text.nav.platform, href: "/status" },
    { kind: "page", title: text.config.layer.platform, href: "/configuration" },
    { kind: "action", title: text.find.deployTo, href: "/deploy" },
  ];
  return [
    ...apps.flatMap((app) => entriesOfApp(app, text)),
    ...teams.flatMap((team) => entriesOfTeam(team, text)),
    ...pages,
    ...domains.map(({ displayName, app, environment }): Entry => ({
      kind: "domain",
      title: displayName,
      href: `/apps/${app}/${environment}/domains`,
    })),
    ...users.map(({ name, displayName }): Entry => ({ kind: "user", title: `${name} ${displayName}`.trim(), href: "/users" })),
    ...operations.map((operation) => entryOfOperation(operation, text)),
  ];
}

function entryOfOperation({ id, kind, app, environment, version, state }: FoundOperation, text: Dictionary): Entry {
  const about = [text.operationKind[kind], app, environment, version ?? ""].filter((word) => word !== "").join(" ");
  return { kind: "operation", title: `${about}: ${text.operationState[state]} ${id}`, href: `/operations/${id}` };
}

function entriesOfTeam({ name, environments }: Pick<Team, "name" | "environments">, { find }: Dictionary): Entry[] {
  return [
    { kind: "team", title: name, href: `/teams/${name}` },
    ...environments.map((env): Entry => ({
      kind: "page",
      title: find.environmentOf(name, env),
      href: `/teams/${name}/environments/${env}`,
    })),
  ];
}

function entriesOfApp({ name, environments }: App, { find, appBar }: Dictionary): Entry[] {
  // The first page is the place itself, and to promote is an act.
  const parts = everyPart(appBar).filter(({ path }) => path !== "" && path !== "/promote");
  return [
    { kind: "app", title: name, href: `/apps/${name}` },
    ...environments.flatMap(({ environment, traffic, latestVersion }): Entry[] => {
      const at = `/apps/${name}/${environment}`;
      const where = `${name} ${environment}`;
      const versions = new Set([...traffic.map(({ version }) => version), ...(latestVersion === null ? [] : [latestVersion])]);
      return [
        { kind: "app", title: where, href: at },
        ...[...versions].map((version): Entry => ({
          kind: "version",
          title: `${where} ${version}`,
          href: `${at}/versions/${version}`,
        })),
        ...parts.map(({ title, path }): Entry => ({ kind: "page", title: find.partOf(where, title), href: `${at}${path}` })),
        { kind: "action", title: find.promoteOf(where), href: `${at}/promote` },
      ];
    }),
  ];
}

/** What one types first is what one looks for: `shop pro` is rather prod of the shop than to promote it. */
const FIRST_WORD = 10;

/** Those with every word of the query somewhere in the title; the closer to its beginning and the shorter the title, the further up. */
export function found(entries: readonly Entry[], query: string, limit: number): Entry[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const scored = entries.flatMap((entry, index) => {
    const title = entry.title.toLowerCase();
    const places = words.map((word) => title.indexOf(word));
    if (places.includes(-1)) return [];
    return [{ entry, index, score: FIRST_WORD * (places[0] ?? 0) + places.reduce((sum, place) => sum + place, 0) + title.length / 100 }];
  });
  if (words.length > 0) scored.sort((a, b) => a.score - b.score || a.index - b.index);
  return scored.slice(0, limit).map(({ entry }) => entry);
}
