import { configOf, listVersions, type Place } from "../apps/store.ts";
import type { VirtualServiceInput } from "../compile/virtual-service.ts";
import { asleepFacts, refusesRequests } from "../environments/sleep.ts";
import type { PlaceDeps } from "./context.ts";

/** Which requests are led past the split. */
export type FrontRules = Pick<VirtualServiceInput, "rules" | "before">;

/** What decides about the requests to an app's hosts, wherever they are held. */
export async function frontOf(
  { db, environment, clock }: Pick<PlaceDeps, "db" | "environment" | "clock">,
  { app, env }: Place,
  front: FrontRules,
): Promise<Omit<VirtualServiceInput, "host" | "previews" | "policy">> {
  const protocols = new Map((await listVersions(db, { app, env })).map((row) => [row.number, configOf(row).plan.protocol]));
  return {
    app,
    namespace: environment.namespace,
    rules: front.rules,
    ...(front.before ? { before: front.before } : {}),
    asleep: refusesRequests(environment) ? asleepFacts(environment, clock.now()) : undefined,
    protocolOf: (number) => protocols.get(number) ?? "http1",
  };
}
