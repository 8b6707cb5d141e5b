import type { Database } from "../database/database.ts";
import { metadataOf } from "../deploy/views.ts";
import { findCycle } from "../environments/dependencies.ts";
import { refuse } from "../errors.ts";

/** Whether an app may depend on these. Names that are no apps of its team (yet) do no harm. Throws `dependency_cycle`. */
export async function checkDependencies(db: Database, team: string, app: string, dependsOn: readonly string[]): Promise<void> {
  const rows = await db.selectFrom("apps").select(["name", "metadata_json"]).where("team", "=", team).execute();
  const all = new Map([...rows.map((row) => [row.name, metadataOf(row).dependsOn] as const), [app, dependsOn]]);
  const cycle = findCycle(app, all);
  if (!cycle) return;
  throw refuse("dependency_cycle", `${app} would wait for itself: ${cycle.join(" → ")}`, {
    hint: "Leave one of these dependencies out: none of them could be woken first.",
  });
}
