import type { Selectable } from "kysely";
import type { Database } from "../database/database.ts";
import type { ConfigValueTable } from "../database/schema.ts";
import type { Layer, Value } from "./resolve.ts";

export type ValueRow = Selectable<ConfigValueTable>;

/** What a layer is about: all empty is the platform, only `team` a team, without `app` an environment. */
export interface Scope {
  team: string;
  env: string;
  app: string;
}

/** A value that can be opened: by its owner (a team, or the platform) and what it belongs to. */
export interface StoredValue extends Value {
  sealed: string;
  scope: Scope;
  updatedAt: number;
  updatedBy: string;
}
export type StoredLayers = Record<Exclude<Layer, "source">, Map<string, StoredValue>>;

/** What is set, hidden or removed (`none`) on a layer. The value of a secret is in a Sealed beside it. */
export interface Change {
  name: string;
  kind: "variable" | "secret" | "hidden" | "none";
  /** Of a variable; else empty. */
  text: string;
}

export function layerOf({ team, env, app }: Scope): Exclude<Layer, "source"> {
  if (app !== "") return "app";
  if (env !== "") return "environment";
  return team === "" ? "platform" : "team";
}

/** What a secret is sealed for: it does not open as another one, nor on another layer. */
export function identityOf({ env, app }: Scope, name: string): string[] {
  return ["secret", env, app, name];
}

/** The stored layers that an app in an environment sees; with empty `app` or `env`, those down to that layer. */
export async function readLayers(db: Database, { team, env, app }: Scope): Promise<StoredLayers> {
  const rows = await db
    .selectFrom("config_values")
    .selectAll()
    .where("team", "in", ["", team])
    .where("env", "in", ["", env])
    .where("app", "in", ["", app])
    .orderBy("name")
    .execute();
  const layers: StoredLayers = { platform: new Map(), team: new Map(), environment: new Map(), app: new Map() };
  for (const row of rows) layers[layerOf(row)].set(row.name, storedValue(row));
  return layers;
}

export async function readLayer(db: Database, scope: Scope): Promise<ValueRow[]> {
  return ofScope(db.selectFrom("config_values").selectAll(), scope).orderBy("name").execute();
}

function storedValue({ team, env, app, kind, text, sealed, updated_at, updated_by }: ValueRow): StoredValue {
  return { kind, text, sealed, scope: { team, env, app }, updatedAt: updated_at, updatedBy: updated_by };
}

export interface Applied {
  scope: Scope;
  changes: readonly Change[];
  sealed: ReadonlyMap<string, { sealed: string; print: string }>;
  now: number;
  by: string;
}

/** In the caller's transaction. */
export async function applyChanges(transaction: Database, { scope, changes, sealed, now, by }: Applied): Promise<void> {
  for (const { name, kind, text } of changes) {
    const secret = sealed.get(name);
    await ofScope(transaction.deleteFrom("config_values"), scope).where("name", "=", name).execute();
    if (kind === "none") continue;
    const value = kind === "secret" ? { text: secret?.print ?? "", sealed: secret?.sealed ?? "" } : { text, sealed: "" };
    await transaction
      .insertInto("config_values")
      .values({ ...scope, name, kind, ...value, updated_at: now, updated_by: by })
      .execute();
  }
}

/** The layers as they would be after the changes. */
export function withChanges(layers: StoredLayers, { scope, changes, sealed, now, by }: Applied): StoredLayers {
  const layer = layerOf(scope);
  const values = new Map(layers[layer]);
  for (const { name, kind, text } of changes) {
    const secret = sealed.get(name);
    if (kind === "none") values.delete(name);
    else {
      const value = kind === "secret" ? { text: secret?.print ?? "", sealed: secret?.sealed ?? "" } : { text, sealed: "" };
      values.set(name, { kind, ...value, scope, updatedAt: now, updatedBy: by });
    }
  }
  return { ...layers, [layer]: values };
}

export async function readSealedChanges(db: Database, operation: string): Promise<Map<string, { sealed: string; print: string }>> {
  const rows = await db.selectFrom("sealed_changes").selectAll().where("operation", "=", operation).execute();
  return new Map(rows.map(({ name, sealed, print }) => [name, { sealed, print }]));
}

interface Scoped<Query> {
  where(column: "team" | "env" | "app", is: "=", value: string): Query;
}

function ofScope<Query extends Scoped<Query>>(query: Query, { team, env, app }: Scope): Query {
  return query.where("team", "=", team).where("env", "=", env).where("app", "=", app);
}

/** Of an app whose secrets were set before the database held any. */
interface OldSecrets {
  object: string | null;
  /** Name → RFC 3339 time at which it was last set. */
  keys: Record<string, string>;
}

export const NO_OLD_SECRETS = JSON.stringify({ object: null, keys: {} } satisfies OldSecrets);

/** Their names until they are taken over (adopt.ts). */
export function oldSecrets({ secrets_json }: { secrets_json: string }): OldSecrets {
  return JSON.parse(secrets_json) as OldSecrets;
}
