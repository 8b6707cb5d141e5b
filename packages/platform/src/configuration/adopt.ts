import type { AppEnvironmentRow } from "../apps/store.ts";
import type { Deps } from "../deploy/context.ts";
import { getEnvironment, listEnvironments } from "../environments/store.ts";
import { operationError } from "../errors.ts";
import { identityOf, NO_OLD_SECRETS, oldSecrets } from "./store.ts";

/**
 * Takes over the secrets of an app that were in the cluster only, encrypted from here on. Does nothing the second time. Throws
 * `secret_values_lost` when the cluster has them no more.
 */
export async function adoptSecrets({ db, clusters, vault }: Deps, team: string, row: AppEnvironmentRow): Promise<void> {
  const { object, keys } = oldSecrets(row);
  if (object === null) return;
  const values = await clusters.of(await getEnvironment(db, team, row.env)).readSecret(object);
  if (!values) {
    throw operationError("secret_values_lost", `The Secret ${object} is gone from the cluster`, {
      hint: "Set all of the app's secrets again: ebb secrets.",
    });
  }
  const scope = { team, env: row.env, app: row.app };
  const rows = await Promise.all(
    Object.entries(values).map(async ([name, value]) => {
      const { sealed, print } = await vault.seal(team, identityOf(scope, name), value);
      const updated_at = Date.parse(keys[name] ?? "") || row.updated_at;
      return { ...scope, name, kind: "secret" as const, text: print, sealed, updated_at, updated_by: "" };
    }),
  );
  await db.transaction().execute(async (transaction) => {
    if (rows.length > 0) {
      await transaction
        .insertInto("config_values")
        .values(rows)
        // A secret won over a variable of its name.
        .onConflict((conflict) =>
          conflict.columns(["team", "env", "app", "name"]).doUpdateSet((eb) => ({
            kind: eb.ref("excluded.kind"),
            text: eb.ref("excluded.text"),
            sealed: eb.ref("excluded.sealed"),
          })),
        )
        .execute();
    }
    await transaction
      .updateTable("app_environments")
      .set({ secrets_json: NO_OLD_SECRETS })
      .where("app", "=", row.app)
      .where("env", "=", row.env)
      .execute();
  });
}

/** Of every app whose cluster answers; the others are taken over later. */
export async function adoptAllSecrets(deps: Deps): Promise<void> {
  const rows = await deps.db.selectFrom("app_environments").selectAll().where("secrets_json", "!=", NO_OLD_SECRETS).execute();
  if (rows.length === 0) return;
  const apps = new Map((await deps.db.selectFrom("apps").select(["name", "team"]).execute()).map(({ name, team }) => [name, team]));
  const environments = await listEnvironments(deps.db);
  for (const row of rows) {
    const team = apps.get(row.app);
    const environment = environments.find((each) => each.team === team && each.name === row.env);
    if (team === undefined || !environment || !deps.clusters.of(environment).health().ready) continue;
    try {
      await adoptSecrets(deps, team, row);
    } catch (error) {
      deps.log.error({ app: row.app, environment: row.env, error }, "the secrets of an app could not be taken over from the cluster");
    }
  }
}
