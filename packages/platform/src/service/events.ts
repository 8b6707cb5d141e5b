import type { ChangeEvent, OperationEvent } from "@ebb/api";
import type { Clock } from "@ebb/base";
import type { Database } from "../database/database.ts";
import type { OperationEngine } from "../operations/engine.ts";
import { readOperationLog } from "../operations/logs.ts";
import { getOperation, toOperation, type OperationRow } from "../operations/store.ts";
import type { RecentChanges } from "./recent-changes.ts";

export interface EventSources {
  db: Database;
  engine: OperationEngine;
  clock: Clock;
}

/** What others on the same database do is told at once, mostly (database/bus.ts): this is for what was not heard. */
const POLL = 1000;
const BATCH = 500;
/** A burst of the cluster's changes is told as one. */
const GATHER = 50;

/**
 * An operation's log lines and states as they come, from the beginning: read from the database, so that a slow reader holds up nothing and
 * any process can answer. The terminal state comes after the last line.
 */
export async function* operationEvents(sources: EventSources, first: OperationRow, signal: AbortSignal): AsyncGenerator<OperationEvent> {
  const { db, clock, engine } = sources;
  const waiter = new Waiter(signal);
  const unsubscribe = engine.changed.on((row) => {
    if (row.id === first.id || row.id === "") waiter.wake();
  });
  const timer = clock.every(POLL, () => waiter.wake());
  let row = first;
  let told = 0;
  let line = 0;
  try {
    while (!signal.aborted) {
      waiter.reset();
      row = await getOperation(db, first.id);
      // The row is read before the lines: all lines of an operation that has ended are there by then.
      const ended = row.finished_at !== null;
      if (!ended && row.changes !== told) yield { type: "operation", operation: toOperation(row, clock.now()) };
      told = row.changes;
      for (;;) {
        const lines = await readOperationLog(db, row.id, line, BATCH);
        for (const entry of lines) yield { type: "log", time: new Date(entry.time).toISOString(), line: entry.line };
        line = lines.at(-1)?.seq ?? line;
        if (lines.length < BATCH) break;
      }
      if (ended) {
        yield { type: "operation", operation: toOperation(row, clock.now()) };
        return;
      }
      await waiter.wait();
    }
  } finally {
    unsubscribe();
    timer.cancel();
  }
}

export interface ChangesRequest {
  signal: AbortSignal;
  visible: readonly string[] | undefined;
  /** Milliseconds: so long ago the reader has read what it has. Undefined: it has nothing. */
  ago?: number | undefined;
}

interface ChangeSources {
  db: Database;
  clock: Clock;
  recent: RecentChanges;
}

/**
 * What changes in the visible teams' apps, until the signal. It begins with what has changed since the reader read, or, where that is not known,
 * with an empty `app`: anything may have changed before. Bounded by the number of apps.
 */
export async function* changeEvents({ db, clock, recent }: ChangeSources, request: ChangesRequest): AsyncGenerator<ChangeEvent> {
  const { signal, visible, ago } = request;
  const waiter = new Waiter(signal);
  const waiting = new Map<string, ChangeEvent>();
  const keep = (event: ChangeEvent) => void waiting.set(`${event.type} ${event.app}`, event);
  const unsubscribe = recent.changed.on((event) => {
    keep(event);
    waiter.wake();
  });
  const before = ago === undefined ? undefined : recent.since(ago);
  try {
    if (before === undefined) yield { type: "app", app: "" };
    before?.forEach(keep);
    while (!signal.aborted) {
      waiter.reset();
      const events = [...waiting.values()];
      waiting.clear();
      yield* visible === undefined ? events : await ofTeams(db, visible, events);
      await waiter.wait();
      const gathered = new Waiter(signal);
      const timer = clock.after(GATHER, () => gathered.wake());
      await gathered.wait();
      timer.cancel();
    }
  } finally {
    unsubscribe();
  }
}

async function ofTeams(db: Database, teams: readonly string[], events: readonly ChangeEvent[]): Promise<ChangeEvent[]> {
  if (events.length === 0 || teams.length === 0) return [];
  const rows = await db
    .selectFrom("apps")
    .select("name")
    .where("team", "in", [...teams])
    .execute();
  const names = new Set(rows.map(({ name }) => name));
  // A cluster that has gone or come back: whose apps are on it, everybody sees by reading again.
  return events.filter(({ type, app }) => names.has(app) || (type === "app" && app === ""));
}

/** Waits for the next `wake` since `reset`, or for the signal. */
export class Waiter {
  readonly #signal: AbortSignal;
  #woken = false;
  #resolve: (() => void) | undefined;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener("abort", () => this.wake(), { once: true });
  }

  wake(): void {
    this.#woken = true;
    this.#resolve?.();
  }

  reset(): void {
    this.#woken = false;
  }

  async wait(): Promise<void> {
    if (this.#woken || this.#signal.aborted) return;
    await new Promise<void>((resolve) => (this.#resolve = resolve));
  }
}
