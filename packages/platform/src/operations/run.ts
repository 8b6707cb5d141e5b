import { BugError, codeOf, TransientError, type Clock, type Logger, type Said } from "@ebb/base";
import type { Updateable } from "kysely";
import type { Origin } from "../apps/store.ts";
import type { Share } from "../compile/traffic.ts";
import type { Artifact } from "../compile/version-config.ts";
import type { Mirror, Rule } from "../compile/virtual-service.ts";
import type { Database } from "../database/database.ts";
import type { OperationTable } from "../database/schema.ts";
import type { ReleaseState } from "../releases/run-release.ts";
import { Cancelled } from "./failure.ts";
import { OperationLog } from "./logs.ts";
import { commitOperation, updateLeased, type OperationRow, type StoredPhase } from "./store.ts";

/** The operation goes on later, or elsewhere: what it has done so far is left as it is. */
export class Interrupted extends Error {}

/** Another engine has the operation now: nothing more may be done for it here. */
export class LeaseLost extends Interrupted {}

const FLUSH_DELAY = 100;
/** What could not be stored because the database is away is kept and tried again. */
const FLUSH_AGAIN = 1000;

/** What an operation remembers over a crash. */
export interface RunMemory {
  /** What its build made. */
  made?: Artifact;
  /** What that was built from. */
  origin?: Origin;
  /** What served before it moved traffic. */
  before?: Share[];
  /** The split that it set: recorded with its success. */
  shares?: Share[];
  /** The rules that it set, as well. */
  rules?: Rule[];
  /** The mirror that it set, or took away. */
  mirror?: Mirror | null;
  /** Where an environment was before it was moved, and since when it is elsewhere. */
  left?: { cluster: string; namespace: string };
  switchedAt?: number;
  /** How far a release has come. */
  release?: ReleaseState;
}

export interface RunDependencies {
  db: Database;
  clock: Clock;
  log: Logger;
  owner: string;
  /** Called after something that readers can see was written. */
  changed: (row: OperationRow) => void;
}

/**
 * One operation while it is worked on. A handler may be run again from its start at any time (after a crash, or a transient error), so each
 * of its steps must be one that can be repeated; what it must remember goes through `remember`.
 */
export class Run {
  readonly signal: AbortSignal;
  /** Why it had to be tried again, if it had. */
  lastError: Error | undefined;
  readonly #deps: RunDependencies;
  readonly #abort: AbortController;
  readonly #log: OperationLog;
  #row: OperationRow;
  #phases: StoredPhase[];
  #dirty = false;
  #writing: Promise<void> = Promise.resolve();
  #flushPlanned = false;

  constructor(deps: RunDependencies, row: OperationRow, abort: AbortController) {
    this.#deps = deps;
    this.#row = row;
    this.#abort = abort;
    this.signal = abort.signal;
    this.#phases = JSON.parse(row.phases_json) as StoredPhase[];
    this.#log = new OperationLog(deps.db, row.id);
  }

  get id(): string {
    return this.#row.id;
  }
  get app(): string {
    return this.#row.app;
  }
  get env(): string {
    return this.#row.env;
  }
  get team(): string {
    return this.#row.team;
  }
  get createdBy(): string {
    return this.#row.created_by;
  }
  get row(): OperationRow {
    return this.#row;
  }
  get phase(): string | undefined {
    return this.#phases.at(-1)?.name;
  }

  /** Whether it has begun to change what serves, in this run or in one before. */
  get committed(): boolean {
    return this.#row.committed === 1;
  }

  request(): unknown {
    return JSON.parse(this.#row.request_json);
  }

  /** What was remembered, by this run or one before it. */
  memory(): RunMemory {
    return JSON.parse(this.#row.state_json) as RunMemory;
  }

  /** Durable once it resolves; adds to what is there. */
  async remember(values: RunMemory): Promise<void> {
    await this.write({ state_json: JSON.stringify({ ...this.memory(), ...values }) });
  }

  /** Begins a phase; the one before it has succeeded. One that was begun before is begun anew, and those after it are forgotten. */
  enter(name: string, message: string | Said = ""): void {
    const now = this.#deps.clock.now();
    const again = this.#phases.findIndex((phase) => phase.name === name);
    if (again !== -1) this.#phases.length = again;
    this.#close("succeeded");
    this.#phases.push({ name, state: "running", ...said(message), startedAt: now, finishedAt: null });
    this.#touch();
  }

  /** What the phase is doing now, in words. */
  say(message: string | Said): void {
    const phase = this.#phases.at(-1);
    const next = said(message);
    if (!phase || phase.message === next.message) return;
    delete phase.said;
    Object.assign(phase, next);
    this.#touch();
  }

  log(line: string): void {
    this.#log.add(this.#deps.clock.now(), line);
    this.#plan(FLUSH_DELAY);
  }

  /** From here on it cannot be cancelled. Throws Cancelled if it was before. */
  async commit(): Promise<void> {
    this.signal.throwIfAborted();
    if (!(await commitOperation(this.#deps.db, this.#lease))) {
      const row = await updateLeased(this.#deps.db, this.#lease, {});
      throw row ? new Cancelled() : this.#lost();
    }
    this.#row = { ...this.#row, committed: 1 };
  }

  /** Throws LeaseLost when the operation is not ours any more. */
  async write(values: Updateable<OperationTable>): Promise<void> {
    const row = await updateLeased(this.#deps.db, this.#lease, values);
    if (!row) throw this.#lost();
    this.#row = row;
    this.#deps.changed(row);
  }

  /** The phases as they are with the last one closed, for the operation's last write. */
  close(state: "succeeded" | "failed", last?: Pick<StoredPhase, "message" | "said">): string {
    const phase = this.#phases.at(-1);
    if (phase && last !== undefined) {
      delete phase.said;
      Object.assign(phase, last);
    }
    this.#close(state);
    return JSON.stringify(this.#phases);
  }

  /** Everything said and logged so far is stored when it resolves. Throws TransientError when the database is away: nothing of it is lost then. */
  async settle(): Promise<void> {
    this.#plan(0);
    await this.#writing;
    await this.#store().catch((error: unknown) => {
      if (error instanceof TransientError) throw error;
    });
  }

  get #lease(): { id: string; owner: string } {
    return { id: this.#row.id, owner: this.#deps.owner };
  }

  #lost(): LeaseLost {
    const lost = new LeaseLost(`the lease of ${this.#row.id} was lost`);
    this.#abort.abort(lost);
    return lost;
  }

  #close(state: "succeeded" | "failed"): void {
    const phase = this.#phases.at(-1);
    if (phase?.state !== "running") return;
    phase.state = state;
    phase.finishedAt = this.#deps.clock.now();
  }

  #touch(): void {
    this.#dirty = true;
    this.#plan(0);
  }

  /** One write at a time; what comes meanwhile goes with the next. */
  #plan(delay: number): void {
    if (this.#flushPlanned) return;
    this.#flushPlanned = true;
    const run = () => {
      this.#flushPlanned = false;
      this.#writing = this.#writing.then(() => this.#flush());
    };
    if (delay === 0) queueMicrotask(run);
    else this.#deps.clock.after(delay, run);
  }

  async #flush(): Promise<void> {
    try {
      await this.#store();
    } catch (error) {
      if (error instanceof LeaseLost || this.signal.aborted) return;
      if (error instanceof TransientError) return this.#plan(FLUSH_AGAIN);
      this.#abort.abort(new BugError("progress_lost", "The progress of an operation could not be stored", { cause: error }));
    }
  }

  async #store(): Promise<void> {
    const logged = this.#log.waiting;
    if (logged) await this.#log.flush();
    if (this.#dirty) {
      this.#dirty = false;
      await this.write({ phases_json: JSON.stringify(this.#phases) }).catch((error: unknown) => {
        this.#dirty = true;
        throw error;
      });
    } else if (logged) this.#deps.changed(this.#row);
  }
}

function said(message: string | Said): Pick<StoredPhase, "message" | "said"> {
  return typeof message === "string" ? { message } : { message: message.words, said: codeOf(message) };
}
