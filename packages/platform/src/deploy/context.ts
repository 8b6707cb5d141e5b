import type { DeployImage, VersionDiff } from "@ebb/api";
import type { Builder } from "@ebb/builder";
import type { Clock, Logger } from "@ebb/base";
import type { Cluster, Clusters, Ingress } from "../cluster/port.ts";
import type { Share } from "../compile/traffic.ts";
import type { Mirror, Rule } from "../compile/virtual-service.ts";
import type { Change } from "../configuration/store.ts";
import type { Database } from "../database/database.ts";
import type { Exchange } from "../service/exchange.ts";
import type { EnvironmentRow } from "../environments/policies.ts";
import type { Vault } from "../secrets/vault.ts";

/** What the handlers of operations work with. */
export interface Deps {
  db: Database;
  clusters: Clusters;
  builder: Builder;
  /** Where requests reach the apps: the public address of the gateway of the cluster that the platform was started with. */
  ingress: Ingress;
  /** One request through an ingress; its status, or the error of the connection. */
  probe: (ingress: Ingress, url: URL, path: string, signal: AbortSignal) => Promise<number>;
  exchange: Exchange;
  uploads: Uploads;
  /** Seals and opens secrets. */
  vault: Vault;
  clock: Clock;
  log: Logger;
}

/** The same, with the environment that an operation is in, and the ingress of its cluster. */
export interface PlaceDeps extends Deps {
  environment: EnvironmentRow;
  cluster: Cluster;
}

export function placeDeps(deps: Deps, environment: EnvironmentRow): PlaceDeps {
  return { ...deps, environment, cluster: deps.clusters.of(environment), ingress: deps.clusters.ingress(environment.cluster) };
}

/** Uploaded sources, kept until their operation has ended. */
export interface Uploads {
  path(id: string): string;
  exists(id: string): Promise<boolean>;
  remove(id: string): Promise<void>;
}

/** The bodies of operations as they are stored. */
export type DeployRequest = { noTraffic: boolean; commit?: string } & (
  | { source: { upload: string; name?: string; defaultName: string } }
  | { image: DeployImage }
  | { git: GitOrder }
);
/** `url` as `parseGitUrl` writes it. */
export interface GitOrder {
  url: string;
  ref: string;
  folder: string;
}
export interface PromoteRequest {
  from: { environment: string; version: number };
  noTraffic: boolean;
}
export interface TrafficRequest {
  shares: Share[];
  /** Those that the app has stay, when absent. */
  rules?: Rule[];
  /** As for rules; null: none from now on. */
  mirror?: Mirror | null;
}
export interface ConfigRequest {
  /** The app's new host in the environment. */
  host?: string;
  /** Of the app's own layer; the values of secrets are in `sealed_changes`. */
  changes?: Change[];
  /** A layer above has changed already: what that does to this app. */
  rollout?: { layer: string; changes: VersionDiff["changes"] };
}
