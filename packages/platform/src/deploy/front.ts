import { configOf, listVersions, type Place } from "../apps/store.ts";
import type { Rule, VirtualServiceInput } from "../compile/virtual-service.ts";
import { asleepFacts, refusesRequests } from "../environments/sleep.ts";
import type { PlaceDeps } from "./context.ts";

/** What decides about the requests to an app's hosts, wherever they are held. */
export async function frontOf(
  { db, environment, clock }: Pick<PlaceDeps, "db" | "environment" | "clock">,
  { app, env }: Place,
  rules: readonly Rule[],
): Promise<Omit<VirtualServiceInput, "host" | "previews" | "policy">> {
  const protocols = new Map((await listVersions(db, { app, env })).map((row) => [row.number, configOf(row).plan.protocol]));
  return {
    app,
    namespace: environment.namespace,
    rules,
    asleep: refusesRequests(environment) ? asleepFacts(environment, clock.now()) : undefined,
    protocolOf: (number) => protocols.get(number) ?? "http1",
  };
}
