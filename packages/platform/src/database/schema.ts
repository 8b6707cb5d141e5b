import type { Generated } from "kysely";
import type { AcmeAccountTable, DomainTable } from "./domain-tables.ts";
import type { GitCredentialTable, RepositoryTable } from "./git-tables.ts";
import type { CodeTable, SessionTable, TeamMemberTable, TokenTable, UserTable } from "./identity-tables.ts";
import type { PlatformTable } from "./platform-tables.ts";

/** Times are milliseconds since the epoch; `*_json` columns hold JSON text; flags are 0 or 1 (SQLite has no booleans). */
export interface Tables {
  teams: TeamTable;
  environments: EnvironmentTable;
  apps: AppTable;
  app_environments: AppEnvironmentTable;
  config_values: ConfigValueTable;
  sealed_changes: SealedChangeTable;
  data_keys: DataKeyTable;
  versions: VersionTable;
  operations: OperationTable;
  operation_logs: OperationLogTable;
  traffic_history: TrafficHistoryTable;
  users: UserTable;
  team_members: TeamMemberTable;
  sessions: SessionTable;
  codes: CodeTable;
  tokens: TokenTable;
  audit: AuditTable;
  audit_head: AuditHeadTable;
  approval_requests: ApprovalRequestTable;
  approval_votes: ApprovalVoteTable;
  idempotency_keys: IdempotencyKeyTable;
  metric_points: MetricPointTable;
  metric_counters: MetricCounterTable;
  usage_days: UsageDayTable;
  usage_counted: UsageCountedTable;
  usage_gaps: UsageGapTable;
  usage_clusters: UsageClusterTable;
  settings: SettingTable;
  revisions: RevisionTable;
  clusters: ClusterTable;
  domains: DomainTable;
  acme_accounts: AcmeAccountTable;
  repositories: RepositoryTable;
  git_credentials: GitCredentialTable;
  platforms: PlatformTable;
}

export interface TeamTable {
  name: string;
  description: string;
  preview_limit: Generated<number>;
  /** What it may have; what is left out, it may have as much of as there is. */
  quota_json: Generated<string>;
  created_at: number;
  updated_at: number;
}

export interface EnvironmentTable {
  team: string;
  name: string;
  template: "test" | "stable" | "staging" | "prod";
  /** `main`: the cluster that the platform was started with. */
  cluster: string;
  /** Unique in its cluster. */
  namespace: string;
  host_suffix: string;
  /** What differs from the template's policies. */
  settings_json: string;
  /** 1: nothing of it is kept running. */
  asleep: Generated<number>;
  /** 0 until the cluster has been told. */
  sleep_settled: Generated<number>;
  /** Who let it sleep, since when, and what requests get. */
  sleep_json: Generated<string>;
  /** Until when its schedule has been followed: a time of before does nothing any more. */
  schedule_seen: Generated<number>;
  /** Of a preview: when it is deleted with all that is in it. */
  expires_at: Generated<number | null>;
  /** Of a preview: what it shows. */
  branch: Generated<string>;
  created_at: number;
  updated_at: number;
}

export interface AppTable {
  name: string;
  team: string;
  kind: "application" | "site";
  /** Description, owner and so on: what the platform only keeps. */
  metadata_json: string;
  created_at: number;
  updated_at: number;
}

/** An app in one of its team's environments. */
export interface AppEnvironmentTable {
  app: string;
  env: string;
  /** That of the environment: a host is unique in it. */
  cluster: string;
  /** The first part of its host. */
  host: string;
  /** The number of the next version; never used twice in its life. */
  next_version: number;
  /**
   * Of an app whose secrets were set before the database held them: the Secret object that has the values, and when each name was last set.
   * Emptied once they are taken over (configuration/adopt.ts).
   */
  secrets_json: Generated<string>;
  /** What requests are matched against before the split. */
  rules_json: Generated<string>;
  /** The version that gets copies of its requests, or empty. */
  mirror_json: Generated<string>;
  /** Why the newest operation failed, or empty. */
  failure: string;
  created_at: number;
  updated_at: number;
}

/**
 * A variable or a secret on one layer. Empty columns tell which: all three empty is the platform, only `team` a team, without `app` an
 * environment.
 */
export interface ConfigValueTable {
  team: string;
  env: string;
  app: string;
  name: string;
  /** `hidden`: takes away what a layer above states. */
  kind: "variable" | "secret" | "hidden";
  /** Of a variable its text; of a secret its print: equal for equal values of the team. */
  text: string;
  /** Of a secret its value, by the team's data key; else empty. */
  sealed: string;
  updated_at: number;
  updated_by: string;
}

/** The values of secrets that an operation is to set, until it has ended. */
export interface SealedChangeTable {
  operation: string;
  name: string;
  print: string;
  sealed: string;
}

/** Keys that values are sealed with, each wrapped by a master key that is outside of the database. */
export interface DataKeyTable {
  /** A team; empty: the platform. */
  owner: string;
  wrapped: string;
  /** Names the master key. */
  master: string;
  created_at: number;
}

export interface VersionTable {
  app: string;
  env: string;
  number: number;
  /** The operation that made it: a resumed operation finds its version by this. */
  operation: string;
  /** `config` holds everything that the revision was compiled from. */
  config_json: string;
  /** Where its artifact came from: `{commit?, promotedFrom?}`. */
  origin_json: string;
  state: "creating" | "active" | "failed";
  message: string;
  /** Who said that it is kept whatever the environment's policy; empty: nobody. */
  pinned: Generated<string>;
  created_by: string;
  created_at: number;
}

export interface OperationTable {
  seq: Generated<number>;
  id: string;
  kind: "deploy" | "promote" | "traffic" | "release" | "config" | "restart" | "sleep" | "wake" | "delete" | "move" | "rollout";
  /** What it is about. Empty `app`: a whole environment; empty `env`: all environments; both empty: the team; all three: the platform. */
  team: string;
  app: string;
  env: string;
  /** `waiting`: for approvals (approval_requests), before it is queued. */
  state: "waiting" | "queued" | "running" | "succeeded" | "failed" | "cancelled";
  request_json: string;
  /** What its handler must remember over a crash. */
  state_json: string;
  phases_json: string;
  failure_json: string | null;
  version: string | null;
  url: string | null;
  preview_url: string | null;
  created_at: number;
  created_by: string;
  /** Until it has started, when it would be if it started at once. */
  deadline: number;
  timeout: number;
  started_at: number | null;
  finished_at: number | null;
  lease_owner: string | null;
  lease_until: number;
  cancel_requested: number;
  /** 1 once it has begun to move traffic or to delete: it can then only go on. */
  committed: number;
  /** Of how many steps of a release somebody has said to leave them. */
  continued: Generated<number>;
  /** Grows with each change, so that a reader sees whether there is something new. */
  changes: number;
  /** The operation that it is a part of; empty: none. */
  parent: Generated<string>;
}

export interface OperationLogTable {
  operation: string;
  seq: number;
  time: number;
  line: string;
}

export interface TrafficHistoryTable {
  seq: Generated<number>;
  app: string;
  env: string;
  operation: string;
  targets_json: string;
  created_at: number;
}

/** Append-only: each row has the hash of the one before (audit/chain.ts). */
export interface AuditTable {
  seq: number;
  time: number;
  actor: string;
  credential: string;
  address: string;
  client: string;
  action: string;
  object: string;
  team: string;
  before_json: string;
  after_json: string;
  request: string;
  previous: string;
  hash: string;
}

/** One row: the end of the chain. */
export interface AuditHeadTable {
  id: number;
  seq: number;
  hash: string;
}

/** An operation that waits for people. */
export interface ApprovalRequestTable {
  operation: string;
  /** The user who answers for it, and may not approve it. */
  author_id: string;
  team: string;
  environment: string;
  needed: number;
  /** What it would change, for whoever decides. */
  diff_json: string;
  expires_at: number;
  state: "waiting" | "approved" | "rejected" | "expired" | "cancelled";
}

export interface ApprovalVoteTable {
  operation: string;
  user_id: string;
  user_name: string;
  vote: "approve" | "reject";
  why: string;
  time: number;
}

/** A request that was done, so that the same one sent again is not done twice. */
export interface IdempotencyKeyTable {
  /** SHA-256 of who asked and the key. */
  key_hash: string;
  /** SHA-256 of method, address and body. */
  fingerprint: string;
  /** Null while it is being done. */
  status: number | null;
  /** Null: it held a secret and was not kept. */
  answer_json: string | null;
  created_at: number;
}

/** What a version did in a span of time; only spans in which it did something. */
export interface MetricPointTable {
  app: string;
  env: string;
  version: number;
  /** Seconds: one of `RESOLUTIONS`. */
  step: number;
  /** When the span began; a multiple of `step`. */
  time: number;
  usage_json: string;
}

/** The cluster's counters as they were last read: what a version did while the platform was away is not lost. */
export interface MetricCounterTable {
  app: string;
  env: string;
  version: number;
  counters_json: string;
}

/** What the instances of an app in an environment used on a day (UTC), and what one that is always kept would have. */
export interface UsageDayTable {
  day: string;
  team: string;
  app: string;
  env: string;
  instance_seconds: number;
  /** vCPUs times seconds. */
  cpu_seconds: number;
  /** GiB times seconds. */
  memory_seconds: number;
  kept_seconds: number;
  kept_cpu_seconds: number;
  kept_memory_seconds: number;
}

/** What runs, with until when it has been counted: an instance (its Pod's uid), or the one that would always be kept. */
export interface UsageCountedTable {
  cluster: string;
  id: string;
  team: string;
  app: string;
  env: string;
  cpu: number;
  memory: number;
  until: number;
}

/** A time in which nobody counted: what ended in it is counted until it began. */
export interface UsageGapTable {
  cluster: string;
  began: number;
  ended: number;
}

export interface UsageClusterTable {
  cluster: string;
  counted_until: number;
}

/** What changed last of something that people edit (revisions/keys.ts names it). */
export interface RevisionTable {
  resource: string;
  /** Rises with each change; never one that it had before. */
  revision: number;
  changed_at: number;
  /** A user's name; empty: the platform. */
  changed_by: string;
  /** The action, as the audit trail names it. */
  what: string;
}

/** A cluster that environments may be on, beside `main`, which the platform was started with. */
export interface ClusterTable {
  name: string;
  /** Its address, for people. */
  server: string;
  /** `HOST:PORT` of the gateway that its apps are reached through. */
  ingress: string;
  /** What it is reached with (cluster/credentials.ts), by the platform's data key. */
  sealed: string;
  created_at: number;
  created_by: string;
}

/** What administrators set for the whole platform. */
export interface SettingTable {
  name: string;
  value_json: string;
}
