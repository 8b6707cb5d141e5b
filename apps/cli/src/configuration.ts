import type { Client, ConfigurationPatch, ConfigurationPlan, LayerAddress, Place } from "@ebb/api";
import type { FlagOption, TextOption } from "./command.ts";
import type { Context } from "./context.ts";
import { EXIT } from "./exit-codes.ts";
import { Failure, usageError } from "./failure.ts";
import { finishChange, followOperation } from "./operations.ts";
import { changeOptions, ENV, IF_REVISION, namedEnvironment, placeOf, TEAM, teamOf } from "./place.ts";

/** Of every command on variables or secrets. */
export const LAYER: { readonly layer: TextOption; readonly env: TextOption; readonly team: TextOption } = {
  layer: {
    kind: "text",
    placeholder: "LAYER",
    choices: ["platform", "team", "environment", "app"],
    summary: "Of this layer: every app below it gets what it states; `app` otherwise. With it, no application is named",
  },
  ...ENV,
  ...TEAM,
};
const DRY_RUN: { readonly "dry-run": FlagOption } = {
  "dry-run": { kind: "flag", summary: "Only show which applications would get a new version, and what would change in each" },
};
/** Of those that change some. */
export const CHANGE = { ...LAYER, ...DRY_RUN, ...IF_REVISION } as const;
export const INHERIT: { readonly inherit: FlagOption } = {
  inherit: { kind: "flag", summary: "Only take away what this layer states itself: what a layer above states shows again" },
};

export interface LayerOptions {
  readonly layer: string | undefined;
  readonly env: string | undefined;
  readonly team: string | undefined;
}

/** What a command is about: a layer above the apps, or an app's own, with the words that are left. */
export type Target = { readonly layer: LayerAddress; readonly name: string } | { readonly place: Place };

/** `words`: the application first, unless a layer is named. Throws Failure `usage` when something is left out. */
export async function targetOf(
  context: Context,
  client: Client,
  words: readonly string[],
  options: LayerOptions,
): Promise<{ target: Target; rest: readonly string[] }> {
  const layer = layerOf(context, options);
  if (layer) return { target: layer, rest: words };
  const [app, ...rest] = words;
  if (app === undefined) throw usageError("no application is named", "Name one, or a layer above it with --layer.");
  return { target: { place: await placeOf(context, client, app, options.env) }, rest };
}

function layerOf(context: Context, options: LayerOptions): { layer: LayerAddress; name: string } | undefined {
  const { layer } = options;
  if (layer === undefined || layer === "app") return undefined;
  if (layer === "platform") return { layer: {}, name: "the platform" };
  const team = teamOf(context, options.team);
  if (layer === "team") return { layer: { team }, name: `the team ${team}` };
  const env = namedEnvironment(context, options.env);
  if (env === undefined) throw usageError("no environment is named", "Name it: --layer environment --env ENV.");
  return { layer: { team, env }, name: `the environment ${env} of ${team}` };
}

/** The change, or what it would do; follows all that it sets off. */
export async function applyPatch(
  context: Context,
  client: Client,
  { target, patch }: { target: Target; patch: ConfigurationPatch },
  options: { readonly "dry-run": boolean; readonly "if-revision": string | undefined },
): Promise<void> {
  const on = changeOptions(options);
  if (options["dry-run"]) {
    const plan = "place" in target ? await client.planConfiguration(target.place, patch) : await client.planLayer(target.layer, patch);
    return showPlan(context, plan);
  }
  if ("place" in target) return finishChange(context, client, await client.patchConfiguration(target.place, patch, on));
  const change = await client.patchLayer(target.layer, patch, on);
  const { id, operations } = change;
  const missed: Failure[] = [];
  for (const operation of operations) {
    context.progress.line(`${operation.app} in ${operation.environment}`);
    if (operation.state === "waiting") context.progress.line(`  waits for approval: ebb approve ${operation.id}`);
    else await followOperation(context, client, operation, { logs: false }).catch((error: unknown) => missed.push(endedBadly(error)));
  }
  if (missed.length > 0) {
    const reasons = missed.map(({ message }) => message);
    throw new Failure(`${missed.length} of ${operations.length} applications did not get the new configuration of ${target.name}`, {
      chain: reasons,
      hint: `It is changed, and their next version has it; they serve as before. Look at all of it: ebb operations show ${id}`,
    });
  }
  context.output.show(change, () => [
    operations.length === 0
      ? `${target.name}: changed; no application has another configuration by it.`
      : `${target.name}: changed, with a new version of ${operations.length === 1 ? "one application" : `${operations.length} applications`}. All of it: ebb operations show ${id}`,
  ]);
}

/** An interrupt, or a platform that is gone, is not the end of one of them. */
function endedBadly(error: unknown): Failure {
  if (error instanceof Failure && error.exit === EXIT.failed) return error;
  throw error;
}

function showPlan({ output }: Context, plan: ConfigurationPlan): void {
  output.table({
    data: plan,
    rows: plan.apps.flatMap((app) => {
      if (app.fault !== null) return [{ app, path: "refused", from: "", to: app.fault }];
      return app.changes.map(({ path, from, to }) => ({ app, path, from: from ?? "-", to: to ?? "-" }));
    }),
    columns: [
      { header: "APP", value: ({ app }) => app.app },
      { header: "ENVIRONMENT", value: ({ app }) => app.environment },
      {
        header: "NEW VERSION",
        value: ({ app }) => (app.newVersion ? (app.approvals > 0 ? `after ${app.approvals} approvals` : "yes") : "no, the first"),
      },
      { header: "WHAT", value: ({ path }) => path },
      { header: "NOW", value: ({ from }) => from },
      { header: "THEN", value: ({ to }) => to },
    ],
    empty: "No application would have another configuration.",
  });
}
