import type { Operation } from "@ebb/api";
import type { Deps } from "../deploy/context.ts";
import type { SleepRequest } from "../deploy/sleep.ts";
import { policiesOf } from "../environments/policies.ts";
import { getEnvironment } from "../environments/store.ts";
import { refuse } from "../errors.ts";
import type { SleepChange } from "../http/port.ts";
import { toOperation, unfinishedOperations } from "../operations/store.ts";
import type { Places } from "./places.ts";

/**
 * Lets a whole environment sleep, or wakes it; one that does so already is as good as another. Throws `environment_not_found`,
 * `environment_being_deleted`, and `environment_busy` while a release goes on, which would hold up all that comes after.
 */
export async function changeSleep(
  { db }: Deps,
  places: Places,
  { team, env, to, body = {} }: SleepChange,
  user: string,
): Promise<Operation> {
  const environment = await getEnvironment(db, team, env);
  await places.environmentStays(environment);
  const under = (await unfinishedOperations(db, { team })).filter((row) => row.env === env);
  const release = under.find(({ kind }) => kind === "release");
  if (release) {
    throw refuse("environment_busy", `A release of ${release.app} is going on in ${env}`, {
      hint: "Let it end, or abort it: ebb release abort.",
    });
  }
  const request: SleepRequest = { scheduled: false, onRequest: body.onRequest ?? policiesOf(environment).schedule?.onRequest ?? "wake" };
  const same = under.find((row) => row.kind === to && row.app === "" && row.request_json === JSON.stringify(request));
  if (same) return toOperation(same, places.now);
  // Waking only puts back what was.
  return places.submit(to, { team, app: "", env, request, user, unguarded: to === "wake" });
}
