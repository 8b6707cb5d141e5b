import type { Database } from "../database/database.ts";

export interface OperationLogLine {
  seq: number;
  time: number;
  line: string;
}

/** Sized for the chattiest builds seen (webpack with stats); the last lines of a failing build are kept with its failure besides. */
const MAX_LINES = 5000;
const MAX_LENGTH = 4096;
const CUT = "… further output is not kept";

/** Appends lines, `seq` counting on from those that are there; each is bounded, and so is the number of an operation. */
export class OperationLog {
  readonly #db: Database;
  readonly #operation: string;
  #next: number | undefined;
  #buffer: { time: number; line: string }[] = [];
  #dropped = false;

  constructor(db: Database, operation: string) {
    this.#db = db;
    this.#operation = operation;
  }

  add(time: number, line: string): void {
    if (this.#dropped) return;
    if ((this.#next ?? 0) + this.#buffer.length >= MAX_LINES) {
      this.#dropped = true;
      this.#buffer.push({ time, line: CUT });
      return;
    }
    // PostgreSQL takes NUL in no text.
    const text = line.replaceAll("\0", "\uFFFD");
    this.#buffer.push({ time, line: text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text });
  }

  get waiting(): boolean {
    return this.#buffer.length > 0;
  }

  /** Not to be called again before it has resolved. When it fails, the lines are kept for the next time. */
  async flush(): Promise<void> {
    if (this.#buffer.length === 0) return;
    this.#next ??= await this.#first();
    while (this.#buffer.length > 0) {
      // SQLite and PostgreSQL bind at most 32 766 and 65 535 parameters.
      const lines = this.#buffer.slice(0, 1000);
      const first: number = this.#next;
      const rows = lines.map(({ time, line }, index) => ({ operation: this.#operation, seq: first + index, time, line }));
      // Some may be there: of a time whose answer was lost.
      await this.#db
        .insertInto("operation_logs")
        .values(rows)
        .onConflict((conflict) => conflict.doNothing())
        .execute();
      this.#buffer.splice(0, lines.length);
      this.#next = first + lines.length;
    }
  }

  async #first(): Promise<number> {
    const row = await this.#db
      .selectFrom("operation_logs")
      .select(({ fn }) => fn.max("seq").as("last"))
      .where("operation", "=", this.#operation)
      .executeTakeFirst();
    return (row?.last ?? 0) + 1;
  }
}

/** At most `limit` lines after `after`, in order. */
export function readOperationLog(db: Database, operation: string, after: number, limit: number): Promise<OperationLogLine[]> {
  return db
    .selectFrom("operation_logs")
    .select(["seq", "time", "line"])
    .where("operation", "=", operation)
    .where("seq", ">", after)
    .orderBy("seq")
    .limit(limit)
    .execute();
}
