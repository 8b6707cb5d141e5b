import type { Database } from "../database/database.ts";
import type { Outcome } from "../operations/engine.ts";
import type { RunMemory } from "../operations/run.ts";
import type { OperationRow } from "../operations/store.ts";
import { ensureApp } from "./apps.ts";

/**
 * What follows from an operation's end, in the same transaction: the version is active or failed, the split is in the history, the app has
 * its new settings, or keeps the reason why it has not.
 */
export async function settle(db: Database, row: OperationRow, outcome: Outcome): Promise<void> {
  const now = row.finished_at ?? row.created_at;
  if (outcome.state !== "succeeded") {
    // A first deploy that fails leaves an app that says why, and that can be deployed again or deleted.
    if (row.kind === "deploy" && outcome.state === "failed") await ensureApp(db, { name: row.app, now });
    await db
      .updateTable("versions")
      .set({ state: "failed", message: outcome.message })
      .where("operation", "=", row.id)
      .where("state", "=", "creating")
      .execute();
    const failure = outcome.state === "failed" ? `${row.version ? `${row.version}: ` : ""}${outcome.message}` : "";
    await db.updateTable("apps").set({ failure, updated_at: now }).where("name", "=", row.app).execute();
    return;
  }
  const memory = JSON.parse(row.state_json) as RunMemory;
  await db.updateTable("versions").set({ state: "active", message: "" }).where("operation", "=", row.id).execute();
  if (memory.shares) {
    await db
      .insertInto("traffic_history")
      .values({ app: row.app, operation: row.id, targets_json: JSON.stringify(memory.shares), created_at: now })
      .onConflict((conflict) => conflict.column("operation").doNothing())
      .execute();
  }
  const settings = memory.settings
    ? { env_json: JSON.stringify(memory.settings.env), secrets_json: JSON.stringify(memory.settings.secrets) }
    : {};
  await db
    .updateTable("apps")
    .set({ ...settings, failure: "", updated_at: now })
    .where("name", "=", row.app)
    .execute();
}
