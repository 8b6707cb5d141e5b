import { sql, type Kysely } from "kysely";

/** Users, what lets them in, who is in which team, the audit trail, approvals. */
export async function governance(db: Kysely<unknown>): Promise<void> {
  const statements = [
    sql`create table users (
      id text primary key, name text not null unique, display_name text not null, email text not null, password_hash text,
      platform_admin integer not null, disabled integer not null, oidc_issuer text, oidc_subject text,
      created_at bigint not null, updated_at bigint not null, last_sign_in_at bigint)`,
    sql`create unique index users_by_subject on users (oidc_issuer, oidc_subject)`,
    sql`create table team_members (
      team text not null, user_id text not null, role text not null, source text not null, primary key (team, user_id))`,
    sql`create index team_members_by_user on team_members (user_id)`,
    // Sessions of before have no user row; whoever had one signs in again.
    sql`drop table sessions`,
    sql`create table sessions (
      id text primary key, hash text not null unique, user_id text not null, created_at bigint not null, last_used_at bigint not null,
      expires_at bigint not null, address text not null, client text not null)`,
    sql`create index sessions_by_user on sessions (user_id)`,
    sql`create table codes (
      hash text primary key, kind text not null, user_id text not null, state_json text not null, expires_at bigint not null)`,
    sql`create table tokens (
      id text primary key, hash text not null unique, name text not null, kind text not null, user_id text not null, scope text not null,
      team text, created_at bigint not null, expires_at bigint, last_used_at bigint)`,
    sql`create index tokens_by_user on tokens (user_id)`,
    sql`create table audit (
      seq bigint primary key, time bigint not null, actor text not null, credential text not null, address text not null, client text not null,
      action text not null, object text not null, team text not null, before_json text not null, after_json text not null,
      request text not null, previous text not null, hash text not null)`,
    sql`create index audit_by_object on audit (object, seq)`,
    sql`create index audit_by_team on audit (team, seq)`,
    sql`create table audit_head (id integer primary key, seq bigint not null, hash text not null)`,
    sql`insert into audit_head (id, seq, hash) values (1, 0, ${sql.lit("0".repeat(64))})`,
    sql`create table approval_requests (
      operation text primary key, author_id text not null, team text not null, environment text not null, needed integer not null,
      diff_json text not null, expires_at bigint not null, state text not null)`,
    sql`create index approval_requests_waiting on approval_requests (expires_at) where state = 'waiting'`,
    sql`create table approval_votes (
      operation text not null, user_id text not null, user_name text not null, vote text not null, why text not null, time bigint not null,
      primary key (operation, user_id))`,
    sql`create table idempotency_keys (
      key_hash text primary key, fingerprint text not null, status integer, answer_json text, created_at bigint not null)`,
  ];
  for (const statement of statements) await statement.execute(db);
}
