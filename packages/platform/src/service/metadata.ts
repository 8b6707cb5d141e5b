import type { PatchApp } from "@ebb/api";
import { getApp } from "../apps/store.ts";
import { changed, record } from "../audit/store.ts";
import type { Deps } from "../deploy/context.ts";
import { metadataOf } from "../deploy/views.ts";

/** Changes what the platform only keeps of an app. Throws `app_not_found`. */
export async function patchMetadata({ db, clock }: Deps, name: string, body: PatchApp): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    const row = await getApp(transaction, name);
    const before = metadataOf(row);
    const after = { ...before, ...body };
    const values = { metadata_json: JSON.stringify(after), updated_at: clock.now() };
    await transaction.updateTable("apps").set(values).where("name", "=", name).execute();
    await record(transaction, clock.now(), { action: "app.changed", object: `app/${name}`, team: row.team, ...changed(before, after) });
  });
}
