import type { HttpRoute } from "@ebb/kube";
import { configOf, getPlace, listVersions, mirrorOf, rulesOf, type Place } from "../apps/store.ts";
import type { Mirror, Rule, VirtualServiceInput } from "../compile/virtual-service.ts";
import { asleepFacts, refusesRequests } from "../environments/sleep.ts";
import type { PlaceDeps } from "./context.ts";

/** What needs a VirtualService in front of the Service. */
export interface HeldBy {
  rules: readonly Rule[];
  mirror: Mirror | null;
}

/** With those that hold only until a change has ended. */
export interface FrontRules extends HeldBy {
  before?: readonly HttpRoute[];
}

/** As the app has it. */
export async function heldBy({ db }: Pick<PlaceDeps, "db">, place: Place): Promise<HeldBy> {
  const row = await getPlace(db, place);
  return { rules: rulesOf(row), mirror: mirrorOf(row) };
}

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
    mirror: front.mirror,
    before: front.before ?? [],
    asleep: refusesRequests(environment) ? asleepFacts(environment, clock.now()) : undefined,
    protocolOf: (number) => protocols.get(number) ?? "http1",
  };
}
