import type { Selectable } from "kysely";
import type { Credentials } from "../cluster/credentials.ts";
import type { Ingress } from "../cluster/port.ts";
import { isUniqueViolation, type Database } from "../database/database.ts";
import type { ClusterTable } from "../database/schema.ts";
import { refuse } from "../errors.ts";
import type { Vault } from "../secrets/vault.ts";

export type ClusterRow = Selectable<ClusterTable>;

/** The platform's data key: a cluster is nobody's team. */
const OWNER = "";
const identityOf = (name: string) => ["cluster", name];

export function listClusters(db: Database): Promise<ClusterRow[]> {
  return db.selectFrom("clusters").selectAll().orderBy("name").execute();
}

export function findCluster(db: Database, name: string): Promise<ClusterRow | undefined> {
  return db.selectFrom("clusters").selectAll().where("name", "=", name).executeTakeFirst();
}

export function sealCredentials(vault: Vault, name: string, credentials: Credentials): Promise<string> {
  return vault.seal(OWNER, identityOf(name), JSON.stringify(credentials)).then(({ sealed }) => sealed);
}

/** Throws when they were sealed under another key, or for another cluster. */
export async function openCredentials(vault: Vault, { name, sealed }: ClusterRow): Promise<Credentials> {
  return JSON.parse(await vault.open(OWNER, identityOf(name), sealed)) as Credentials;
}

/** Throws `cluster_exists`. */
export async function insertCluster(db: Database, row: ClusterRow): Promise<void> {
  try {
    await db.insertInto("clusters").values(row).execute();
  } catch (cause) {
    if (isUniqueViolation(cause)) throw clusterExists(row.name, cause);
    throw cause;
  }
}

export function clusterExists(name: string, cause?: unknown): Error {
  return refuse("cluster_exists", `There is a cluster ${name} already`, { hint: "Choose another name, or remove that one first.", cause });
}

/** `HOST:PORT`, of which the port is the last part (an IPv6 address has colons too). */
export function ingressOf(text: string): Ingress {
  const [, host = "", port = ""] = /^(.*):(\d+)$/.exec(text) ?? [];
  return { host: host.replace(/^\[(.*)\]$/, "$1"), port: Number(port) };
}
