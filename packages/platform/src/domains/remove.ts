import type { Place } from "../apps/store.ts";
import type { Cluster } from "../cluster/port.ts";
import { domainRulesName, domainSecretName } from "../compile/domain.ts";
import type { Database } from "../database/database.ts";
import { listDomains } from "./store.ts";

/** Takes a domain out of the cluster. May be repeated. */
export async function removeFromCluster(cluster: Cluster, domain: string): Promise<void> {
  await cluster.domains.remove(domain);
  await cluster.deleteVirtualService(domainRulesName(domain));
  await cluster.deleteSecret(domainSecretName(domain));
}

/** With the app that they lead to. The cluster first: whatever is interrupted is found again. */
export async function removeDomainsOf(db: Database, cluster: Cluster, place: Place): Promise<void> {
  for (const { name } of await listDomains(db, place)) {
    await removeFromCluster(cluster, name);
    await db.deleteFrom("domains").where("name", "=", name).execute();
  }
}
