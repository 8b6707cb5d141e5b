import { sql, type Kysely } from "kysely";

/** Who changed what last, clusters beside the first one, versions that are kept, and operations that are parts of one. */
export async function revisionsAndClusters(db: Kysely<unknown>): Promise<void> {
  const statements = [
    sql`create table revisions (
      resource text primary key, revision bigint not null, changed_at bigint not null, changed_by text not null, what text not null)`,
    sql`create table clusters (
      name text primary key, server text not null, ingress text not null, sealed text not null, created_at bigint not null, created_by text not null)`,
    sql`alter table versions add column pinned text not null default ''`,
    sql`alter table operations add column parent text not null default ''`,
    sql`create index operations_by_parent on operations (parent) where parent <> ''`,
  ];
  for (const statement of statements) await statement.execute(db);
}
