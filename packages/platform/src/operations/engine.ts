import {
  backoffDelay,
  BugError,
  causeChain,
  Signal,
  sleep,
  TransientError,
  type Clock,
  type Logger,
  type Runnable,
  type Timer,
} from "@ebb/base";
import { changesOf } from "../approvals/changes.ts";
import { approvalNeed } from "../approvals/policy.ts";
import { closeCancelled, expireApprovals, requestApproval, vote } from "../approvals/store.ts";
import { asPlatform } from "../audit/context.ts";
import { record } from "../audit/store.ts";
import type { Bus } from "../database/bus.ts";
import type { Database } from "../database/database.ts";
import { refuseFrozen } from "../environments/frozen.ts";
import { operationError } from "../errors.ts";
import { touchedBy } from "../revisions/keys.ts";
import { touch } from "../revisions/store.ts";
import { Cancelled, toFailure } from "./failure.ts";
import { claimOperation } from "./claim.ts";
import { LEASE, LeaseKeeper } from "./lease.ts";
import { cancelParts, followRollouts } from "./rollout.ts";
import { Interrupted, LeaseLost, Run } from "./run.ts";
import {
  COMPOSED,
  insertOperation,
  releaseLeases,
  requestCancel,
  updateLeased,
  type NewOperation,
  type OperationKind,
  type OperationRow,
} from "./store.ts";

export type Handler = (run: Run) => Promise<void>;
export type RunKind = Exclude<OperationKind, typeof COMPOSED>;
export type Outcome = { state: "succeeded" } | { state: "failed" | "cancelled"; message: string };

/** Thrown by a handler that has given its operation to another app: it waits for its turn there. */
export class MovedToApp extends Interrupted {
  readonly app: string;
  constructor(app: string) {
    super(`moved to ${app}`);
    this.app = app;
  }
}

export interface EngineOptions {
  db: Database;
  clock: Clock;
  log: Logger;
  /** Unique for this engine's life: a lease names it. */
  owner: string;
  handlers: Record<RunKind, Handler>;
  /** What follows when one of that kind has begun and ends otherwise than by success; may be repeated, as handlers. */
  undo?: Partial<Record<OperationKind, Handler>>;
  /** In one transaction with the operation's terminal state: whatever must be true of the app and the version when it has ended. */
  settle: (db: Database, row: OperationRow, outcome: Outcome) => Promise<void>;
  /** The database is this process's alone: what another left leased is taken over at once. */
  exclusive: boolean;
  /** To the other platforms on the database, and from them. */
  bus?: Bus;
}

/** Something is new of an operation; empty: perhaps of any. */
export interface OperationChange {
  id: string;
  app: string;
}

/** For operations that other processes queued and leases that lapsed; our own are started at once. */
const POLL = 1000;
/** Others tell of each line that a build writes: whether there is something to do is looked at less often. */
const HEARD = 200;
/** Operations at once: they mostly wait for a cluster, and builds share the machine with the apps. */
const CONCURRENCY = 4;
const BACKOFF = { base: 250, max: 5000, factor: 2 };
/** After this an aborted handler is given up: the operation ends all the same. */
const ABORT_GRACE = 30_000;

class Stopping extends Interrupted {}

/**
 * Runs operations: durable, leased, one at a time for each app in an environment, in the order in which they came, each with a deadline.
 *
 * Invariants: an operation that was queued reaches a terminal state whatever dies and whenever, as long as some engine runs on the database;
 * its terminal state and what follows from it (`settle`) are written together, once; after `stop` no handler runs, and what was under way is
 * taken up by the next engine.
 */
export class OperationEngine implements Runnable {
  readonly name = "operations";
  /** After each change of an operation that this engine made or was told of. */
  readonly changed = new Signal<OperationChange>();
  readonly #options: EngineOptions;
  readonly #active = new Map<string, { kind: OperationKind; abort: AbortController; done: Promise<void>; look: () => void }>();
  readonly #unsubscribe: (() => void)[] = [];
  #poll: Timer | undefined;
  #soon: Timer | undefined;
  #pumping: Promise<void> | undefined;
  #pumpAgain = false;
  #stopped = false;
  #failing = false;

  constructor(options: EngineOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { db, clock, exclusive, bus } = this.#options;
    if (exclusive) await releaseLeases(db);
    if (bus) {
      this.#unsubscribe.push(
        bus.heard.on((notice) => {
          if (notice.kind === "operation") this.#heard(notice);
        }),
        bus.missed.on(() => this.#heard({ id: "", app: "" })),
      );
    }
    this.#poll = clock.every(POLL, () => this.#wake());
    this.#wake();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const stop of this.#unsubscribe) stop();
    this.#poll?.cancel();
    this.#soon?.cancel();
    await this.#pumping;
    for (const { abort } of this.#active.values()) abort.abort(new Stopping());
    await Promise.all([...this.#active.values()].map(({ done }) => done));
  }

  /** Queues an operation; it is durable when this resolves. `first`: what is true with it or not at all. */
  async submit(operation: NewOperation, first?: (transaction: Database) => Promise<void>): Promise<OperationRow> {
    const [row] = await this.submitAll([operation], first);
    if (!row) throw new BugError("operation_lost", "a submitted operation was not stored");
    return row;
  }

  /** All of them or, when one is refused, none. */
  async submitAll(operations: readonly NewOperation[], first?: (transaction: Database) => Promise<void>): Promise<OperationRow[]> {
    const rows = await this.#options.db.transaction().execute(async (transaction) => {
      await first?.(transaction);
      const inserted: OperationRow[] = [];
      for (const operation of operations) inserted.push(await accept(transaction, operation));
      return inserted;
    });
    for (const row of rows) this.#changed(row);
    this.#wake();
    return rows;
  }

  /** Approves or rejects an operation that waits; see `vote`. */
  async vote(id: string, cast: Parameters<typeof vote>[3]): Promise<OperationRow> {
    const row = await vote(this.#options.db, this.#options.clock.now(), id, cast);
    this.#changed(row);
    this.#wake();
    return row;
  }

  async cancel(id: string): Promise<OperationRow> {
    const { db, clock } = this.#options;
    const { row, parts } = await db.transaction().execute(async (transaction) => {
      const cancelled = await requestCancel(transaction, id, clock.now());
      const also = await cancelParts(transaction, id, clock.now());
      for (const each of [cancelled, ...also]) await closeCancelled(transaction, each.id);
      await record(transaction, clock.now(), {
        action: "operation.cancelled",
        object: `operation/${id}`,
        team: cancelled.team,
        after: { app: cancelled.app },
      });
      return { row: cancelled, parts: also };
    });
    for (const each of [row, ...parts]) {
      this.#active.get(each.id)?.abort.abort(new Cancelled());
      this.#changed(each);
    }
    this.#wake();
    return row;
  }

  #changed({ id, app }: OperationChange): void {
    this.changed.emit({ id, app });
    this.#options.bus?.tell({ kind: "operation", id, app });
  }

  /** Another platform has changed it: it may wait to be done, or what is done of it here may have been cancelled. */
  #heard({ id, app }: OperationChange): void {
    this.changed.emit({ id, app });
    this.#active.get(id)?.look();
    this.#soon ??= this.#options.clock.after(HEARD, () => {
      this.#soon = undefined;
      this.#wake();
    });
  }

  /** A release is nearly all pauses: it takes nobody's place. */
  get #busy(): number {
    return [...this.#active.values()].filter(({ kind }) => kind !== "release").length;
  }

  #wake(): void {
    if (this.#stopped) return;
    this.#pumpAgain = true;
    // Later, never at once: a pump that finds every place taken ends without waiting, before its promise would be stored here.
    // Not in the name of whoever's request has woken it.
    this.#pumping ??= asPlatform(() => Promise.resolve().then(() => this.#pump()));
  }

  async #pump(): Promise<void> {
    const { db, clock, owner, log } = this.#options;
    while (this.#pumpAgain && !this.#stopped) {
      this.#pumpAgain = false;
      try {
        for (const row of await expireApprovals(db, clock.now())) this.#changed(row);
        for (const row of await followRollouts(db, clock.now())) this.#changed(row);
        this.#failing = false;
        while (this.#busy < CONCURRENCY && !this.#stopped) {
          const now = clock.now();
          const row = await claimOperation(db, { owner, now, until: now + LEASE }, [...this.#active.keys()]);
          if (!row) break;
          this.#begin(row);
        }
      } catch (error) {
        if (!this.#failing) log.error({ causes: causeChain(error) }, "operations cannot be read; trying again");
        this.#failing = true;
      }
    }
    this.#pumping = undefined;
  }

  #begin(row: OperationRow): void {
    const { db, clock, owner, log, exclusive } = this.#options;
    const abort = new AbortController();
    const keeper = new LeaseKeeper({ db, clock, log, lease: { id: row.id, owner }, abort, exclusive });
    const done = this.#run(row, abort, keeper);
    this.#active.set(row.id, { kind: row.kind, abort, done, look: () => keeper.look() });
  }

  async #run(row: OperationRow, abort: AbortController, keeper: LeaseKeeper): Promise<void> {
    const { db, clock, owner, log } = this.#options;
    const run = new Run({ db, clock, log, owner, changed: (changed) => this.#changed(changed) }, row, abort);
    this.#changed(row);
    const deadline = clock.after(row.deadline - clock.now(), () => abort.abort(this.#late(run)));
    try {
      if (row.cancel_requested === 1 && row.committed === 0) throw new Cancelled();
      await this.#attempt(run, abort.signal);
      await this.#whenStored(abort.signal, () => this.#finish(run, { state: "succeeded" }));
    } catch (error) {
      const reason: unknown = abort.signal.aborted ? abort.signal.reason : error;
      await this.#whenStored(abort.signal, () => this.#ended(run, reason)).catch((cause: unknown) =>
        // The lease lapses and the operation is taken up again: by then the database may be well.
        log.error({ operation: row.id, causes: causeChain(cause) }, "the end of an operation could not be stored"),
      );
    } finally {
      keeper.end();
      deadline.cancel();
      this.#active.delete(row.id);
      this.#wake();
    }
  }

  /** The handler, again and again while its errors are transient. */
  async #attempt(run: Run, signal: AbortSignal): Promise<void> {
    const { clock, handlers, log } = this.#options;
    for (let failures = 0; ;) {
      try {
        signal.throwIfAborted();
        const { kind } = run.row;
        if (kind === COMPOSED) throw new BugError("rollout_claimed", "A rollout is not run itself");
        await withinGrace(handlers[kind](run), signal, clock);
        return;
      } catch (error) {
        if (signal.aborted || !(error instanceof TransientError)) throw error;
        failures += 1;
        log.warn({ operation: run.id, failures, causes: causeChain(error) }, "an operation will be tried again");
        run.say(`${error.message}; trying again`);
        run.lastError = error;
        await sleep(clock, backoffDelay(BACKOFF, failures), signal);
      }
    }
  }

  /** What ends an operation, again and again while the database is away; another engine does it when the lease is lost by then, or this one stops. */
  async #whenStored(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    for (let failures = 0; ;) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof TransientError) || this.#stopped || signal.reason instanceof LeaseLost) throw error;
        failures += 1;
        await sleep(this.#options.clock, backoffDelay(BACKOFF, failures));
      }
    }
  }

  async #ended(run: Run, reason: unknown): Promise<void> {
    const { db, owner, log } = this.#options;
    if (reason instanceof LeaseLost) return log.warn({ operation: run.id }, "another platform took this operation over");
    if (reason instanceof Stopping || reason instanceof MovedToApp) {
      await run.settle();
      const state = reason instanceof MovedToApp ? ({ state: "queued", app: reason.app } as const) : {};
      await updateLeased(db, { id: run.id, owner }, { ...state, lease_until: 0 });
      return;
    }
    const kept = await this.#undo(run);
    if (kept) return this.#finish(run, { state: "failed", message: kept.message }, notTakenBack(run, reason, kept));
    if (reason instanceof Cancelled) return this.#finish(run, { state: "cancelled", message: reason.message });
    const failure = toFailure(reason);
    if (failure.code === "internal") log.error({ operation: run.id, error: reason }, "a fault of ours ended an operation");
    await this.#finish(run, { state: "failed", message: failure.message }, reason);
  }

  /** What cannot be undone does not keep the operation from its end, but is how it ended. */
  async #undo(run: Run): Promise<Error | undefined> {
    try {
      await this.#options.undo?.[run.row.kind]?.(run);
      return undefined;
    } catch (error) {
      this.#options.log.error({ operation: run.id, causes: causeChain(error) }, "an operation could not be taken back");
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  async #finish(run: Run, outcome: Outcome, error?: unknown): Promise<void> {
    const { db, clock, owner, settle } = this.#options;
    await run.settle();
    const failure = outcome.state === "succeeded" ? null : toFailure(error ?? new Cancelled());
    const said = failure?.said === undefined ? {} : { said: failure.said };
    const phases_json = run.close(
      outcome.state === "succeeded" ? "succeeded" : "failed",
      "message" in outcome ? { message: outcome.message, ...said } : undefined,
    );
    const failure_json = failure && JSON.stringify(failure);
    const row = await db.transaction().execute(async (transaction) => {
      const values = { state: outcome.state, phases_json, failure_json, finished_at: clock.now(), lease_until: 0 } as const;
      const written = await updateLeased(transaction, { id: run.id, owner }, values);
      if (!written) return undefined;
      await settle(transaction, written, outcome);
      const { kind, id, team, app, env, created_by: by } = written;
      const resources = touchedBy({ kind, team, app, env, request: JSON.parse(written.request_json) });
      await touch(transaction, clock.now(), { resources, what: `${kind}, operation ${id}`, by });
      return written;
    });
    if (row) this.#changed(row);
  }

  #late(run: Run): Error {
    const minutes = Math.round(run.row.timeout / 60_000);
    return operationError(
      "deadline_exceeded",
      `Not finished within ${minutes} minutes${run.phase ? `: it was in the phase ${run.phase}` : ""}`,
      {
        cause: run.lastError,
        hint: "See its log for what took so long, and try again.",
      },
    );
  }
}

async function accept(transaction: Database, operation: NewOperation): Promise<OperationRow> {
  const { id, kind, team, app, env, now, unguarded = false, putsBack = false } = operation;
  const overridden = unguarded ? {} : await refuseFrozen(transaction, operation);
  const approval = unguarded || putsBack ? undefined : await approvalNeed(transaction, operation);
  const inserted = await insertOperation(transaction, operation, approval === undefined ? "queued" : "waiting");
  const changes = await changesOf(transaction, inserted);
  if (approval) await requestApproval(transaction, inserted, { ...approval, changes });
  const object = app !== "" ? `app/${app}` : env !== "" ? `environment/${team}/${env}` : `team/${team}`;
  const side = (value: "from" | "to") => Object.fromEntries(changes.map((change) => [change.path, change[value]]));
  const before = { ...(env === "" ? {} : { environment: env }), ...side("from") };
  const after = {
    ...before,
    ...side("to"),
    operation: id,
    kind,
    approvals: approval?.needed ?? 0,
    ...(putsBack ? { putsBack } : {}),
    ...overridden,
  };
  const touches = touchedBy(operation);
  await record(transaction, now, { action: "operation.accepted", object, team, before, after, touches, what: `${kind}, operation ${id}` });
  return inserted;
}

/** The work; if it does not end within the grace after an abort, the abort's reason is thrown without it. */
async function withinGrace(work: Promise<void>, signal: AbortSignal, clock: Clock): Promise<void> {
  let timer: Timer | undefined;
  let listener: (() => void) | undefined;
  const overdue = new Promise<never>((_resolve, reject) => {
    listener = () => (timer = clock.after(ABORT_GRACE, () => reject(signal.reason)));
    signal.addEventListener("abort", listener, { once: true });
  });
  try {
    await Promise.race([work, overdue]);
  } finally {
    timer?.cancel();
    if (listener) signal.removeEventListener("abort", listener);
  }
}

function notTakenBack(run: Run, reason: unknown, kept: Error): Error {
  const whole = run.app === "";
  return operationError("not_taken_back", `What the operation had done to ${whole ? run.env : run.app} could not be taken back`, {
    hint: whole
      ? "Look at what serves: ebb apps. What is left elsewhere is taken away when it is done again."
      : `Look at what serves, then put it back: ebb status ${run.app}, ebb rollback ${run.app}.`,
    cause: kept,
    details: { chain: [toFailure(reason).message] },
  });
}
