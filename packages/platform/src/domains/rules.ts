import { isDeepStrictEqual } from "node:util";
import type { HttpRoute } from "@ebb/kube";
import type { Place } from "../apps/store.ts";
import { compileDomainRules, domainRulesName, type DomainAnswer } from "../compile/domain.ts";
import { frontRoutes } from "../compile/virtual-service.ts";
import type { PlaceDeps } from "../deploy/context.ts";
import { frontOf, type FrontRules } from "../deploy/front.ts";
import { refusesRequests } from "../environments/sleep.ts";
import { orderOf } from "./order.ts";
import { ACME_PATH, PROOF_PATH, recordOf } from "./proofs.ts";
import { listDomains, type DomainRow } from "./store.ts";

/** What a domain answers before the app, as things are. */
export function answersOf(row: Pick<DomainRow, "name" | "token" | "order_json">): DomainAnswer[] {
  const { challenge } = orderOf(row) ?? {};
  return [
    { path: `${PROOF_PATH}${row.token}`, body: recordOf(row.name, row.token).value },
    ...(challenge ? [{ path: `${ACME_PATH}${challenge.token}`, body: challenge.answer }] : []),
  ];
}

/** The app's own rules, or the page that it shows asleep: a domain is no way around them. */
async function restOf(deps: PlaceDeps, place: Place, front: FrontRules): Promise<HttpRoute[]> {
  if (front.rules.length === 0 && !front.mirror && !refusesRequests(deps.environment)) return [];
  return frontRoutes(await frontOf(deps, place, front));
}

/** Tells the cluster what the domain answers before the app. Until its owner is known it answers nothing else. */
export async function putDomainRules(deps: PlaceDeps, row: DomainRow, front: FrontRules): Promise<void> {
  const { cluster, environment } = deps;
  const rest = row.verified_at === null ? [] : await restOf(deps, row, front);
  const input = { domain: row.name, app: row.app, namespace: environment.namespace };
  const wanted = compileDomainRules(input, answersOf(row), rest);
  const present = await cluster.readVirtualService(domainRulesName(row.name));
  if (!isDeepStrictEqual(present?.spec, wanted.spec)) await cluster.putVirtualService(wanted);
}

/** After the app's rules have changed, or its environment has gone to sleep or woken. */
export async function renewDomainRules(deps: PlaceDeps, place: Place, front: FrontRules): Promise<void> {
  for (const row of await listDomains(deps.db, place)) if (row.verified_at !== null) await putDomainRules(deps, row, front);
}
