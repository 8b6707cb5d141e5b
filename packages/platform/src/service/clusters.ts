import type { Cluster, ClusterHosts, CreateCluster, PutClusterHosts } from "@ebb/api";
import { record } from "../audit/store.ts";
import { isRunning } from "../cluster/pods.ts";
import { checked, credentialsOf, type Credentials } from "../cluster/credentials.ts";
import type { ClusterCondition, ClusterFleet } from "../cluster/port.ts";
import type { ClusterRegistry } from "../clusters/registry.ts";
import { clusterExists, findCluster, insertCluster, listClusters, sealCredentials, type ClusterRow } from "../clusters/store.ts";
import type { Database } from "../database/database.ts";
import type { Deps } from "../deploy/context.ts";
import { listEnvironments, MAIN_CLUSTER } from "../environments/store.ts";
import { hostsChanges, hostsDomain, hostsTemplate, withHosts, type HostConfig } from "../compile/cluster-hosts.ts";
import { refuse } from "../errors.ts";
import type { ClustersApi, Visible } from "../http/port.ts";
import { claim } from "../revisions/store.ts";

export interface ClusterServiceOptions {
  deps: Deps;
  fleet: ClusterFleet;
  registry: ClusterRegistry;
  /** How people call the one that the platform was started with, and where its API is. */
  main: { name: string; server: string };
}

/** Clusters beside the first: which there are, how each is, adding and removing them. */
export class ClusterService implements ClustersApi {
  readonly #options: ClusterServiceOptions;

  constructor(options: ClusterServiceOptions) {
    this.#options = options;
  }

  async list(visible: Visible): Promise<Cluster[]> {
    const rows = await listClusters(this.#options.deps.db);
    return Promise.all([undefined, ...rows].map((row) => this.#view(row, visible)));
  }

  async get(name: string, visible: Visible): Promise<Cluster> {
    return this.#view(await this.#find(name), visible);
  }

  async check(name: string, visible: Visible): Promise<Cluster> {
    const row = await this.#find(name);
    await this.#options.fleet.check(row?.name ?? MAIN_CLUSTER);
    return this.#view(row, visible);
  }

  /** Throws `cluster_exists`, `invalid_request`, and `cluster_unusable` for one that does not answer or has no Knative. */
  async create(body: CreateCluster, user: string): Promise<Cluster> {
    const { fleet, registry, deps, main } = this.#options;
    const { db, clock, vault } = deps;
    const { name, ingress, unchecked = false } = body;
    if (name === main.name || name === MAIN_CLUSTER) throw clusterExists(name);
    const credentials = credentialsIn(body);
    const condition = unchecked ? undefined : await fleet.tryOut(credentials);
    if (condition && condition.state !== "ready") {
      throw refuse("cluster_unusable", `The cluster at ${credentials.server}: ${condition.message}`, {
        hint: "Mend that, or add it all the same with --unchecked.",
      });
    }
    const sealed = await sealCredentials(vault, name, credentials);
    const now = clock.now();
    const row: ClusterRow = { name, server: credentials.server, ingress, sealed, created_at: now, created_by: user };
    await db.transaction().execute(async (transaction) => {
      await insertCluster(transaction, row);
      const after = { server: row.server, ingress, by: credentials.token === undefined ? "certificate" : "token" };
      await record(transaction, now, { action: "cluster.added", object: `cluster/${name}`, after });
    });
    await registry.refresh();
    await fleet.check(name);
    return this.#view(row, undefined);
  }

  /** Throws `cluster_not_found`, and `cluster_unusable` when its settings cannot be read. */
  async hosts(name: string): Promise<ClusterHosts> {
    const { id, settings } = await this.#hostSettings(name);
    return this.#hostsView(id, await settings.read());
  }

  /** Throws as `hosts` does, and `invalid_request` for a domain that is somebody else's there. */
  async putHosts(name: string, { domain, dryRun = false }: PutClusterHosts): Promise<ClusterHosts> {
    const { id, settings } = await this.#hostSettings(name);
    const before = await settings.read();
    const after = withHosts(before, domain);
    const changes = hostsChanges(before, after);
    if (dryRun || changes.length === 0) return this.#hostsView(id, after, changes);
    await settings.write(after);
    const { db, clock } = this.#options.deps;
    const values = (of: "before" | "after") =>
      Object.fromEntries(changes.map((change) => [`${change.configMap} ${change.key}`, change[of]]));
    const change = { action: "cluster.hosts" as const, object: `cluster/${name}`, before: values("before"), after: values("after") };
    await db.transaction().execute((transaction) => record(transaction, clock.now(), change));
    return this.#hostsView(id, after, changes);
  }

  async #hostSettings(name: string) {
    const id = (await this.#find(name))?.name ?? MAIN_CLUSTER;
    return { id, settings: this.#options.fleet.hosts(id) };
  }

  async #hostsView(id: string, config: HostConfig, changes: ClusterHosts["changes"] = []): Promise<ClusterHosts> {
    const { db } = this.#options.deps;
    const environments = (await listEnvironments(db)).filter(({ cluster }) => cluster === id);
    return { domain: hostsDomain(config), template: hostsTemplate(config), changes, apps: await countApps(db, environments) };
  }

  /** Throws `cluster_not_found`, and `cluster_in_use` while an environment is on it. */
  async delete(name: string): Promise<void> {
    const { registry, deps } = this.#options;
    const { db, clock } = deps;
    const row = await this.#find(name);
    if (!row)
      throw refuse("cluster_in_use", `${name} is the cluster that the platform was started with`, { hint: "It cannot be removed." });
    await claim(deps, "cluster.removed");
    await db.transaction().execute(async (transaction) => {
      await transaction.deleteFrom("clusters").where("name", "=", row.name).execute();
      await refuseUsed(transaction, row.name);
      const before = { server: row.server, ingress: row.ingress };
      await record(transaction, clock.now(), { action: "cluster.removed", object: `cluster/${name}`, before });
    });
    await registry.refresh();
  }

  /** Undefined: the one that the platform was started with. */
  async #find(name: string): Promise<ClusterRow | undefined> {
    if (name === this.#options.main.name) return undefined;
    const row = await findCluster(this.#options.deps.db, name);
    if (row) return row;
    throw refuse("cluster_not_found", `There is no cluster ${name}`, { hint: "List them with: ebb cluster list." });
  }

  async #view(row: ClusterRow | undefined, visible: Visible): Promise<Cluster> {
    const { fleet, main, deps } = this.#options;
    const id = row?.name ?? MAIN_CLUSTER;
    const environments = (await listEnvironments(deps.db)).filter(
      ({ cluster, team }) => cluster === id && (visible?.includes(team) ?? true),
    );
    const apps = await countApps(deps.db, environments);
    return {
      name: row?.name ?? main.name,
      main: row === undefined,
      server: row?.server ?? main.server,
      ingress: row?.ingress ?? `${deps.ingress.host}:${deps.ingress.port}`,
      ...shown(fleet.condition(id)),
      environments: environments.map(({ team, name }) => ({ team, name })),
      apps,
      instances: environments.reduce((sum, each) => sum + fleet.of(each).pods().filter(isRunning).length, 0),
      createdAt: row ? time(row.created_at) : null,
      createdBy: row ? row.created_by : null,
    };
  }
}

function shown({ since, lastSeen, ...condition }: ClusterCondition) {
  return { ...condition, since: time(since), lastSeen: lastSeen === null ? null : time(lastSeen) };
}

function time(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

function credentialsIn(body: CreateCluster): Credentials {
  if ("kubeconfig" in body) return credentialsOf(body.kubeconfig);
  const { server, token, ca } = body;
  if (ca !== undefined && !ca.includes("-----BEGIN CERTIFICATE-----")) {
    throw refuse("invalid_request", "The authority is not a certificate in PEM", { hint: "It begins with -----BEGIN CERTIFICATE-----." });
  }
  return checked({ server, token, ...(ca === undefined ? {} : { ca: Buffer.from(ca).toString("base64") }) });
}

async function refuseUsed(db: Database, cluster: string): Promise<void> {
  const used = (await listEnvironments(db)).filter((environment) => environment.cluster === cluster);
  if (used.length === 0) return;
  const names = used.map(({ team, name }) => `${name} of ${team}`).slice(0, 5);
  throw refuse("cluster_in_use", `${used.length} environments are on ${cluster}: ${names.join(", ")}`, { hint: "Delete these first." });
}

async function countApps(db: Database, environments: readonly { team: string; name: string }[]): Promise<number> {
  if (environments.length === 0) return 0;
  const keys = new Set(environments.map(({ team, name }) => `${team} ${name}`));
  const places = await db
    .selectFrom("app_environments as p")
    .innerJoin("apps as a", "a.name", "p.app")
    .select(["a.team", "p.env"])
    .execute();
  return places.filter(({ team, env }) => keys.has(`${team} ${env}`)).length;
}
