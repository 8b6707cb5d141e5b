import type { Generated } from "kysely";

/** Times are milliseconds since the epoch; `*_json` columns hold JSON text; flags are 0 or 1 (SQLite has no booleans). */
export interface Tables {
  apps: AppTable;
  versions: VersionTable;
  operations: OperationTable;
  operation_logs: OperationLogTable;
  traffic_history: TrafficHistoryTable;
  sessions: SessionTable;
  metric_points: MetricPointTable;
  metric_counters: MetricCounterTable;
}

export interface AppTable {
  name: string;
  kind: "application" | "site";
  /** The number of the next version; never used twice in an app's life. */
  next_version: number;
  /** What `env` set: name → value, or null where it hides a variable of the source. */
  env_json: string;
  /** What `secrets` set: the Secret object that holds the values, and when each name was last set. */
  secrets_json: string;
  /** Why the newest operation failed, or empty. */
  failure: string;
  created_at: number;
  updated_at: number;
}

export interface VersionTable {
  app: string;
  number: number;
  /** The operation that made it: a resumed operation finds its version by this. */
  operation: string;
  /** `config` holds everything that the revision was compiled from. */
  config_json: string;
  state: "creating" | "active" | "failed";
  message: string;
  created_by: string;
  created_at: number;
}

export interface OperationTable {
  seq: Generated<number>;
  id: string;
  kind: "deploy" | "traffic" | "config" | "delete";
  app: string;
  state: "queued" | "running" | "succeeded" | "failed" | "cancelled";
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
  /** Grows with each change, so that a reader sees whether there is something new. */
  changes: number;
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
  operation: string;
  targets_json: string;
  created_at: number;
}

export interface SessionTable {
  /** SHA-256 of the cookie's value or of the one-time code: a stolen database opens no session. */
  hash: string;
  kind: "session" | "code";
  user: string;
  expires_at: number;
}

/** What a version did in a span of time; only spans in which it did something. */
export interface MetricPointTable {
  app: string;
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
  version: number;
  counters_json: string;
}
