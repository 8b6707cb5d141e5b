import type { ChangeOptions, Client, Place } from "@ebb/api";
import type { TextOption } from "./command.ts";
import type { Context } from "./context.ts";
import { usageError } from "./failure.ts";

/** The argument of commands about one environment. */
export const ENVIRONMENT = { summary: "The environment", required: true, completes: "environment" } as const;

/** Of every command on an app in an environment. */
export const ENV: { readonly env: TextOption } = {
  env: {
    kind: "text",
    short: "e",
    placeholder: "ENV",
    completes: "environment",
    summary: "In this environment; EBB_ENV otherwise, else the first that the application is in",
  },
};
/** Of every command on a team's things. */
export const TEAM: { readonly team: TextOption } = {
  team: { kind: "text", placeholder: "TEAM", completes: "team", summary: "Of this team; EBB_TEAM otherwise, else `default`" },
};

/** Of commands that change what others may be changing too. */
export const IF_REVISION: { readonly "if-revision": TextOption } = {
  "if-revision": {
    kind: "text",
    placeholder: "REVISION",
    summary: "Only if nobody has changed it since: the `revision` that -o json shows",
  },
};

export function changeOptions(options: { readonly "if-revision": string | undefined }): ChangeOptions {
  return { ifMatch: options["if-revision"] };
}

/** The environment that a command means, if it says so. */
export function namedEnvironment(context: Context, option: string | undefined): string | undefined {
  return option ?? (context.host.env["EBB_ENV"] || undefined);
}

export function namedTeam(context: Context, option: string | undefined): string | undefined {
  return option ?? (context.host.env["EBB_TEAM"] || undefined);
}

export function teamOf(context: Context, option: string | undefined): string {
  return namedTeam(context, option) ?? "default";
}

/** Where the app is meant; throws Failure `usage` when nobody says and it is nowhere yet. */
export async function placeOf(context: Context, client: Client, app: string, option: string | undefined): Promise<Place> {
  const named = namedEnvironment(context, option);
  if (named !== undefined) return { app, env: named };
  const [first] = (await client.getApp(app, { signal: context.host.interrupted })).environments;
  if (first) return { app, env: first.environment };
  throw usageError(`${app} is in no environment yet`, "Name one with --env ENV, or deploy it first: `ebb deploy`.");
}
