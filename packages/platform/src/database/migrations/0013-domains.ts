import { sql, type Kysely } from "kysely";

/** Custom domains with their certificates, and the accounts at ACME servers. */
export async function domains(db: Kysely<unknown>): Promise<void> {
  const statements = [
    // The key is the rule that a domain is of one app in one environment, on the whole platform.
    sql`create table domains (
      name text primary key, team text not null, app text not null, env text not null, token text not null, created_by text not null,
      created_at bigint not null, updated_at bigint not null, verified_at bigint, verified_by text not null, mode text not null,
      redirect integer not null, cert_pem text not null, cert_key text not null, cert_source text not null, cert_at bigint not null, renew_asked integer not null,
      served text not null, order_json text not null, attempts integer not null, tried_at bigint not null, retry_at bigint not null,
      look_at bigint not null, problem_json text not null, alerted integer not null, lease_owner text not null, lease_until bigint not null)`,
    sql`create index domains_by_place on domains (app, env)`,
    sql`create index domains_to_look_at on domains (look_at)`,
    sql`create table acme_accounts (directory text primary key, url text not null, account_key text not null, created_at bigint not null)`,
  ];
  for (const statement of statements) await statement.execute(db);
}
