import { isDeepStrictEqual } from "node:util";
import type { AppPlan } from "@ebb/builder";
import { findApp } from "../apps/store.ts";
import type { Run } from "../operations/run.ts";
import { patchMetadata } from "../service/metadata.ts";
import type { PlaceDeps } from "./context.ts";
import { metadataOf } from "./views.ts";

/**
 * Keeps which apps a source says that its own depends on; one that does not say so leaves them as they are. A preview's source is not asked:
 * what it says counts once it is merged. Repeatable. Throws `dependency_cycle`.
 */
export async function declareDependencies(deps: PlaceDeps, run: Run, { dependsOn }: AppPlan): Promise<void> {
  if (dependsOn === undefined || deps.environment.expires_at !== null) return;
  const app = await findApp(deps.db, run.app);
  if (!app || isDeepStrictEqual(metadataOf(app).dependsOn, dependsOn)) return;
  await patchMetadata(deps, run.app, { dependsOn });
}
