import type { CreateApp, PatchApp } from "@ebb/api";
import { refuse } from "../errors.ts";
import { DEFAULT_TEAM, getTeam } from "../teams/store.ts";
import { checkDependencies } from "./dependencies.ts";
import { ensureApp, findApp, holdApp } from "../apps/store.ts";
import { changed, record } from "../audit/store.ts";
import { appKey } from "../revisions/keys.ts";
import type { Deps } from "../deploy/context.ts";
import { metadataOf } from "../deploy/views.ts";

/** Throws `team_not_found`, `app_exists` and `dependency_cycle`. */
export async function createApp({ db, clock }: Deps, { name, team = DEFAULT_TEAM, ...metadata }: CreateApp): Promise<void> {
  await getTeam(db, team);
  const present = await findApp(db, name);
  if (present) {
    throw refuse("app_exists", `There is an app ${name}, of the team ${present.team}`, {
      hint: "App names are unique on a platform; choose another.",
    });
  }
  await checkDependencies(db, team, name, metadata.dependsOn ?? []);
  await ensureApp(db, { name, team, now: clock.now(), metadata });
}

/** Changes what the platform only keeps of an app. Throws `app_not_found` and `dependency_cycle`. */
export async function patchMetadata({ db, clock }: Deps, name: string, body: PatchApp): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    const row = await holdApp(transaction, name);
    const before = metadataOf(row);
    const after = { ...before, ...body };
    if (body.dependsOn) await checkDependencies(transaction, row.team, name, body.dependsOn);
    const values = { metadata_json: JSON.stringify(after), updated_at: clock.now() };
    await transaction.updateTable("apps").set(values).where("name", "=", name).execute();
    // A deploy changes it, too, whose request is of something else.
    const touches = [appKey(name)];
    const change = { action: "app.changed", object: `app/${name}`, team: row.team, touches, ...changed(before, after) } as const;
    await record(transaction, clock.now(), change);
  });
}
