import type { Dictionary } from "../../../i18n/en.ts";

type Titles = Dictionary["appBar"];

interface Part {
  to:
    | "/apps/$app/$env"
    | "/apps/$app/$env/traffic"
    | "/apps/$app/$env/releases"
    | "/apps/$app/$env/requests"
    | "/apps/$app/$env/guard"
    | "/apps/$app/$env/domains"
    | "/apps/$app/$env/try"
    | "/apps/$app/$env/versions"
    | "/apps/$app/$env/promote"
    | "/apps/$app/$env/logs"
    | "/apps/$app/$env/terminal"
    | "/apps/$app/$env/scaling"
    | "/apps/$app/$env/scaling-policy"
    | "/apps/$app/$env/cold-starts"
    | "/apps/$app/$env/config"
    | "/apps/$app/$env/events"
    | "/apps/$app/$env/operations"
    | "/apps/$app/$env/settings";
  title: keyof Titles["parts"];
}

export interface Group {
  title: keyof Titles["groups"];
  /** The first is where the group's link leads; a group of one has no second row. */
  parts: readonly [Part, ...Part[]];
}

/** An app's pages: what is looked at daily is one click away, what belongs to it is one more. */
export const GROUPS: readonly Group[] = [
  { title: "overview", parts: [{ to: "/apps/$app/$env", title: "overview" }] },
  {
    title: "traffic",
    parts: [
      { to: "/apps/$app/$env/traffic", title: "split" },
      { to: "/apps/$app/$env/releases", title: "releases" },
      { to: "/apps/$app/$env/requests", title: "requests" },
      { to: "/apps/$app/$env/guard", title: "guard" },
      { to: "/apps/$app/$env/domains", title: "domains" },
      { to: "/apps/$app/$env/try", title: "try" },
    ],
  },
  {
    title: "versions",
    parts: [
      { to: "/apps/$app/$env/versions", title: "versions" },
      { to: "/apps/$app/$env/promote", title: "promote" },
    ],
  },
  {
    title: "logs",
    parts: [
      { to: "/apps/$app/$env/logs", title: "lines" },
      { to: "/apps/$app/$env/terminal", title: "terminal" },
    ],
  },
  {
    title: "scaling",
    parts: [
      { to: "/apps/$app/$env/scaling", title: "decisions" },
      { to: "/apps/$app/$env/scaling-policy", title: "scalingPolicy" },
      { to: "/apps/$app/$env/cold-starts", title: "coldStarts" },
    ],
  },
  { title: "config", parts: [{ to: "/apps/$app/$env/config", title: "config" }] },
  {
    title: "activity",
    parts: [
      { to: "/apps/$app/$env/events", title: "events" },
      { to: "/apps/$app/$env/operations", title: "operations" },
    ],
  },
  { title: "settings", parts: [{ to: "/apps/$app/$env/settings", title: "settings" }] },
];

const HERE = "/apps/$app/$env";

/** The part that an address below `/apps/APP/ENV` belongs to; a version's page is one of the versions. */
export function partOf(pathname: string): Part {
  const [, , , , segment = ""] = pathname.split("/");
  const to = segment === "" ? HERE : `${HERE}/${segment}`;
  return GROUPS.flatMap(({ parts }) => parts).find((part) => part.to === to) ?? { to: HERE, title: "overview" };
}

export const groupOf = (part: Part): Group | undefined => GROUPS.find(({ parts }) => parts.some(({ to }) => to === part.to));

/** All parts with the title that says most: a group's own where it is alone or the first. */
export function everyPart(text: Titles): { title: string; path: string }[] {
  return GROUPS.flatMap(({ title, parts }) =>
    parts.map((part, index) => ({
      title: index === 0 ? text.groups[title] : text.parts[part.title],
      path: part.to.slice(HERE.length),
    })),
  );
}
