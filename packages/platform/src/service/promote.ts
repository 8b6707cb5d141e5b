import type { Promote } from "@ebb/api";
import { versionName } from "../compile/names.ts";
import type { PromoteRequest } from "../deploy/context.ts";
import type { AppFacts } from "../deploy/views.ts";
import { refuse } from "../errors.ts";
import { serving, usable } from "./facts.ts";

/** `source`: the app where it comes from. Throws `nothing_to_promote`, `version_not_found` and `version_not_ready`, all of that environment. */
export function promoteRequest(source: AppFacts, { from, version, noTraffic = false }: Promote): PromoteRequest {
  const { app } = source;
  const name = version ?? (serving(source) ? versionName(serving(source)?.number ?? 0) : undefined);
  if (name === undefined) {
    throw refuse("nothing_to_promote", `No version of ${app.name} serves in ${from}`, {
      hint: "Name one with --version, or deploy one there first.",
    });
  }
  return { from: { environment: from, version: usable(source, name) }, noTraffic };
}
