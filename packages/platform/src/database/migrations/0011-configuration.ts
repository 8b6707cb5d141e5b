import { sql, type Kysely } from "kysely";
import { escapeReferences } from "../../configuration/resolve.ts";

interface Before {
  app_environments: { app: string; env: string; env_json: string; updated_at: number };
  apps: { name: string; team: string };
  config_values: Record<"team" | "env" | "app" | "name" | "kind" | "text" | "sealed" | "updated_by", string> & { updated_at: number };
  operations: { id: string; kind: string; state: string; request_json: string };
}

/** Variables and secrets in layers, and the keys that secrets are encrypted with. */
export async function configuration(db: Kysely<unknown>): Promise<void> {
  const statements = [
    sql`create table config_values (
      team text not null, env text not null, app text not null, name text not null, kind text not null, text text not null,
      sealed text not null, updated_at bigint not null, updated_by text not null, primary key (team, env, app, name))`,
    sql`create table sealed_changes (
      operation text not null, name text not null, print text not null, sealed text not null, primary key (operation, name))`,
    sql`create table data_keys (owner text primary key, wrapped text not null, master text not null, created_at bigint not null)`,
  ];
  for (const statement of statements) await statement.execute(db);
  await moveVariables(db);
  await sql`alter table app_environments drop column env_json`.execute(db);
}

/** Each app's own variables become rows; what looks like a reference was none until now. */
async function moveVariables(db: Kysely<Before>): Promise<void> {
  const places = await db
    .selectFrom("app_environments as p")
    .innerJoin("apps as a", "a.name", "p.app")
    .select(["a.team", "p.app", "p.env", "p.env_json", "p.updated_at"])
    .execute();
  for (const { team, app, env, env_json, updated_at } of places) {
    for (const [name, value] of Object.entries(JSON.parse(env_json) as Record<string, string | null>)) {
      const kind = value === null ? "hidden" : "variable";
      const row = { team, env, app, name, kind, text: escapeReferences(value ?? ""), sealed: "", updated_at, updated_by: "" };
      await db.insertInto("config_values").values(row).execute();
    }
  }
  // Changes that wait for approval, or were under way.
  const operations = await db
    .selectFrom("operations")
    .select(["id", "request_json"])
    .where("kind", "=", "config")
    .where("state", "in", ["waiting", "queued", "running"])
    .execute();
  for (const { id, request_json } of operations) {
    const { env, ...request } = JSON.parse(request_json) as { env?: Record<string, string | null> };
    if (!env) continue;
    const changes = Object.entries(env).map(([name, value]) => ({
      name,
      kind: value === null ? "hidden" : "variable",
      text: escapeReferences(value ?? ""),
    }));
    await db
      .updateTable("operations")
      .set({ request_json: JSON.stringify({ ...request, changes }) })
      .where("id", "=", id)
      .execute();
  }
}
