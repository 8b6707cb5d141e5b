import { backoffDelay, causeChain, Signal, type Timer } from "@ebb/base";
import type { Steered } from "../control/control-server.ts";
import type { RevisionStats, TableChange } from "../control-protocol.ts";
import type { GatewayTotals } from "../core/access-log.ts";
import type { Slots } from "../core/data-plane.ts";
import type { TransportKind } from "../io/transport.ts";
import { DEFAULT_LIMITS } from "../limits.ts";
import type { Backend, RevisionKey, RouteTable } from "../route-table.ts";
import { RateTable } from "../core/rate-table.ts";
import type { ServingOptions } from "../serving.ts";
import { SharedCounts } from "./shared-counts.ts";
import { SlotBook } from "./slots.ts";
import { sumStats, sumTotals, StatsBook } from "./stats-book.ts";
import { TableMirror } from "../control/table-mirror.ts";
import type { WorkerSetup } from "./worker-messages.ts";
import { WorkerThread } from "./worker-thread.ts";

const RESTART = { base: 20, max: 2000, factor: 3 };
/** A worker that ran this long has recovered. */
const HEALTHY_AFTER = 10_000;
/** Each worker repeats its wish each second; together they wish once. */
const WAKE_PERIOD = 900;

/**
 * Several workers on the same ports. This thread serves nothing itself: it gives each worker the table, adds up what they count, and
 * replaces one that ends.
 *
 * Invariants: `apply` resolves when every worker has the change in force; what a worker had counted when it ended is taken back, so that no
 * instance's place is lost; a worker that ends takes only its own connections with it.
 */
export class WorkerPool {
  readonly onWake = new Signal<RevisionKey>();
  readonly plane: Steered & { readonly table: RouteTable };
  readonly #options: ServingOptions;
  readonly #size: number;
  readonly #counts: SharedCounts;
  readonly #rates = new RateTable();
  readonly #slots: SlotBook;
  readonly #mirror = new TableMirror();
  readonly #stats = new StatsBook();
  readonly #threads = new Map<number, WorkerThread>();
  readonly #restarts = new Map<number, { failures: number; timer: Timer }>();
  readonly #woken = new Map<RevisionKey, number>();
  #addresses: { host: string; port: number }[] = [];
  #transport: TransportKind = "documented";
  #stopping = false;
  /** Whether it has begun to rehearse. */
  #rehearses = false;

  constructor(options: ServingOptions, size: number) {
    this.#options = options;
    this.#size = size;
    this.#counts = new SharedCounts(undefined, size, 0);
    this.#slots = new SlotBook(this.#counts);
    const table = () => this.#mirror.table;
    this.plane = {
      get table() {
        return table();
      },
      apply: (change) => this.#apply(change),
      drain: (endpoint, timeoutSeconds, done) => void this.#drain(endpoint, timeoutSeconds, done),
      repeatAll: () => this.#repeatAll(),
      stats: () => this.#collect(),
    };
  }

  /** The threads that serve at the moment. */
  get threads(): readonly WorkerThread[] {
    return [...this.#threads.values()];
  }

  get transport(): TransportKind {
    return this.#transport;
  }

  addresses(): { host: string; port: number }[] {
    return this.#addresses;
  }

  totals(): GatewayTotals {
    return sumTotals(this.#stats.totals());
  }

  load(table: RouteTable): void {
    this.#note({ type: "sync", seq: 0, table });
  }

  /** The first finds the ports; the others share them. */
  async listen(): Promise<void> {
    const first = await this.#spawn(0);
    this.#addresses = first.addresses;
    this.#transport = first.transport;
    await Promise.all(Array.from({ length: this.#size - 1 }, (_, index) => this.#spawn(index + 1)));
  }

  /** Has each worker collect its garbage, one after the other: the others serve meanwhile. */
  async compact(): Promise<void> {
    for (const thread of this.threads) await thread.ask({ type: "compact" });
  }

  /** Has each worker rehearse, one after the other; one that takes another's place does so when it has come. */
  async rehearse(): Promise<void> {
    this.#rehearses = true;
    for (const thread of this.threads) if (!this.#stopping) await thread.ask({ type: "rehearse" });
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    for (const { timer } of this.#restarts.values()) timer.cancel();
    await Promise.all(this.threads.map((thread) => thread.stop()));
  }

  // ---- threads ----

  async #spawn(worker: number): Promise<WorkerThread> {
    const { clock, log, accessLog } = this.#options;
    const thread = new WorkerThread(this.#setup(worker));
    thread.onAccess.on((entries) => {
      for (const entry of entries) accessLog?.(entry);
    });
    thread.onLog.on(({ level, fields, message }) => log[level](fields, message));
    thread.onWake.on((revision) => this.#wake(revision));
    const began = clock.monotonic();
    // From here on it hears of every change; those made until it listens wait in its mailbox.
    this.#threads.set(worker, thread);
    void thread.ended.then((error) => this.#ended(worker, { error, ran: clock.monotonic() - began }));
    await thread.listening;
    if (this.#rehearses) void thread.ask({ type: "rehearse" });
    return thread;
  }

  #setup(worker: number): WorkerSetup {
    const { listeners, ownCertificate, limits, transport, traceSampling, accessLog } = this.#options;
    const share = (limit: "connections" | "upstreamConnections") => Math.ceil((limits[limit] ?? DEFAULT_LIMITS[limit]) / this.#size);
    return {
      worker,
      workers: this.#size,
      memory: this.#counts.memory,
      rates: this.#rates.memory,
      listeners: listeners.map((listener, i) => ({ ...listener, port: this.#addresses[i]?.port ?? listener.port, shared: true })),
      ownCertificate,
      limits: { ...limits, connections: share("connections"), upstreamConnections: share("upstreamConnections") },
      transport,
      traceSampling,
      accessLog: accessLog !== undefined,
      table: this.#mirror.table,
      slots: this.#slots.all,
    };
  }

  #ended(worker: number, { error, ran }: { error: unknown; ran: number }): void {
    this.#threads.delete(worker);
    this.#stats.retire(worker);
    this.#counts.recover(worker, this.#slots.used);
    if (this.#stopping || this.#addresses.length === 0) return;
    const { clock, log } = this.#options;
    const failures = ran > HEALTHY_AFTER ? 1 : (this.#restarts.get(worker)?.failures ?? 0) + 1;
    log.error({ worker, reason: causeChain(error) }, "a worker of the gateway ended; another takes its place");
    const timer = clock.after(backoffDelay(RESTART, failures), () => void this.#spawn(worker).catch(() => undefined));
    this.#restarts.set(worker, { failures, timer });
  }

  // ---- the table ----

  #note(change: TableChange): Slots {
    this.#mirror.apply(change);
    switch (change.type) {
      case "sync": {
        const kept = new Set(change.table.backends.map(({ key }) => key));
        for (const key of Object.keys(this.#slots.all)) if (!kept.has(key)) this.#slots.remove(key);
        return Object.fromEntries(change.table.backends.map((backend) => this.#slotsOf(backend)));
      }
      case "backend":
        // It may be asleep again since it was woken.
        this.#woken.delete(change.backend.key);
        return Object.fromEntries([this.#slotsOf(change.backend)]);
      case "backend-removed":
        this.#woken.delete(change.key);
        this.#stats.forget(change.key);
        this.#slots.remove(change.key);
        return {};
      default:
        return {};
    }
  }

  #slotsOf(backend: Backend) {
    return [backend.key, this.#slots.put(backend)] as const;
  }

  async #apply(change: TableChange): Promise<void> {
    const slots = this.#note(change);
    await Promise.all(this.threads.map((thread) => thread.ask({ type: "apply", change, slots })));
  }

  async #drain(endpoint: string, timeoutSeconds: number, done: (inFlight: number) => void): Promise<void> {
    const left = await Promise.all(this.threads.map((thread) => thread.ask({ type: "drain", endpoint, timeoutSeconds })));
    done(left.reduce((sum, answer) => sum + (answer && "inFlight" in answer ? answer.inFlight : 0), 0));
  }

  #repeatAll(): void {
    this.#woken.clear();
    for (const thread of this.threads) thread.send({ type: "repeat-all" });
  }

  #wake(revision: RevisionKey): void {
    const now = this.#options.clock.monotonic();
    const last = this.#woken.get(revision);
    if (last !== undefined && now - last < WAKE_PERIOD) return;
    this.#woken.set(revision, now);
    this.onWake.emit(revision);
  }

  async #collect(): Promise<RevisionStats[]> {
    const reports = await Promise.all(
      [...this.#threads].map(async ([worker, thread]) => ({ worker, answer: await thread.ask({ type: "stats" }) })),
    );
    const revisions: RevisionStats[] = [];
    for (const { worker, answer } of reports) {
      if (!answer || !("revisions" in answer)) continue;
      this.#stats.put(worker, answer);
      revisions.push(...answer.revisions);
    }
    return sumStats(revisions).map((stats) => ({ ...stats, traffic: this.#stats.trafficOf(stats.revision) }));
  }
}
