import type { RevisionStats, TableChange } from "../control-protocol.ts";
import type { AccessLogEntry, GatewayTotals } from "../core/access-log.ts";
import type { Slots } from "../core/data-plane.ts";
import type { TransportKind } from "../io/transport.ts";
import type { GatewayLimits } from "../limits.ts";
import type { ListenerOptions } from "../listener.ts";
import type { CertificateEntry, RouteTable } from "../route-table.ts";

/** What a worker is started with. */
export interface WorkerSetup {
  worker: number;
  workers: number;
  memory: SharedArrayBuffer;
  /** Of the rate limits. */
  rates: SharedArrayBuffer;
  listeners: ListenerOptions[];
  ownCertificate: CertificateEntry | undefined;
  limits: Partial<GatewayLimits>;
  transport: TransportKind;
  traceSampling: number;
  accessLog: boolean;
  /** What it serves from when it starts; it keeps them in its own way. */
  table?: RouteTable;
  slots?: Slots;
}

/** Handled in order; those with an `id` are answered by `done` with the same. */
export type ToWorker =
  | { type: "apply"; id: number; change: TableChange; slots: Slots }
  | { type: "drain"; id: number; endpoint: string; timeoutSeconds: number }
  | { type: "stats"; id: number }
  | { type: "compact"; id: number }
  | { type: "rehearse"; id: number }
  | { type: "repeat-all" }
  | { type: "stop" };

export type FromWorker =
  | { type: "listening"; addresses: { host: string; port: number }[]; transport: TransportKind }
  | { type: "failed"; error: unknown }
  | { type: "done"; id: number; value: WorkerAnswer }
  | { type: "wake"; revision: string }
  | { type: "access"; entries: AccessLogEntry[] }
  | { type: "log"; level: "debug" | "info" | "warn" | "error"; fields: Record<string, unknown>; message: string };

/** Of a `drain` what is left in flight, of `stats` the statistics. */
export type WorkerAnswer = { inFlight: number } | { revisions: RevisionStats[]; totals: GatewayTotals } | undefined;
