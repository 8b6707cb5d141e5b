import { causeChain, type Clock, type Logger, type Random, type Runnable, type Timer } from "@ebb/base";
import { changed, record } from "../audit/store.ts";
import type { Database } from "../database/database.ts";
import type { SleepRequest } from "../deploy/sleep.ts";
import type { NewOperation, OperationRow } from "../operations/store.ts";
import { unfinishedOperations } from "../operations/store.ts";
import { TIMEOUTS } from "../operations/timeouts.ts";
import { lockTrail } from "../revisions/store.ts";
import { policiesOf, type EnvironmentRow } from "./policies.ts";
import { lastChange, nextChange, type Change } from "./schedule.ts";
import { BY_SCHEDULE, sleepOf } from "./sleep.ts";
import { listEnvironments } from "./store.ts";

export interface SchedulerOptions {
  db: Database;
  clock: Clock;
  random: Random;
  log: Logger;
  submit: (operation: NewOperation, first: (transaction: Database) => Promise<void>) => Promise<OperationRow>;
}

const PERIOD = 5000;
/** What did not come to its end is tried again, but not at once: its cause has been told by the operation. */
const AGAIN = 5 * 60_000;
const ID_LENGTH = 10;
/** Another platform on the database was faster. */
class BegunElsewhere extends Error {}
/** Who deletes previews, in operations. */
const BY_EXPIRY = "expiry";

/**
 * Lets environments sleep and wake as their schedules say, deletes previews whose time is over, and sees to it that what was begun comes to its end. Level-based: what a schedule said last
 * counts, so a platform that was away catches up; of several platforms on one database one follows each change.
 */
export class EnvironmentScheduler implements Runnable {
  readonly name = "environment schedules";
  readonly #options: SchedulerOptions;
  /** Environment → what was begun for it here last, and when. */
  readonly #begun = new Map<string, { what: string; at: number }>();
  #timer: Timer | undefined;
  #ticking: Promise<void> | undefined;

  constructor(options: SchedulerOptions) {
    this.#options = options;
  }

  start(): Promise<void> {
    this.#timer = this.#options.clock.every(PERIOD, () => void this.tick());
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    await this.#ticking;
  }

  /** Looks once; while it looks already, resolves with that. */
  tick(): Promise<void> {
    this.#ticking ??= this.#look()
      .catch((error: unknown) => this.#options.log.error({ causes: causeChain(error) }, "schedules cannot be followed; trying again"))
      .finally(() => (this.#ticking = undefined));
    return this.#ticking;
  }

  async #look(): Promise<void> {
    const { db, clock } = this.#options;
    const now = clock.now();
    for (const row of await listEnvironments(db)) await this.#follow(row, now);
    for (const row of await listEnvironments(db)) {
      if (row.expires_at !== null && row.expires_at <= now) await this.#expire(row, now);
      else if (row.sleep_settled === 0) await this.#finish(row, now);
    }
  }

  async #follow(row: EnvironmentRow, now: number): Promise<void> {
    const { schedule } = policiesOf(row);
    if (!schedule) return;
    const due = nextChange(schedule, row.schedule_seen);
    if (!due || due.at > now) return;
    const change = lastChange(schedule, now);
    if (change) await this.#mark(row, change, { now, onRequest: schedule.onRequest });
  }

  /** With its trace, unless another platform has been faster. */
  async #mark(
    row: EnvironmentRow,
    { to, at }: Change,
    { now, onRequest }: Pick<SleepRequest, "onRequest"> & { now: number },
  ): Promise<void> {
    const { db } = this.#options;
    const asleep = to === "sleep" ? 1 : 0;
    const sleep = { since: now, by: BY_SCHEDULE, onRequest };
    await db.transaction().execute(async (transaction) => {
      const marked = await transaction
        .updateTable("environments")
        .set({
          schedule_seen: now,
          ...(row.asleep === asleep ? {} : { asleep, sleep_settled: 0, sleep_json: JSON.stringify(sleep) }),
        })
        .where("team", "=", row.team)
        .where("name", "=", row.name)
        .where("schedule_seen", "=", row.schedule_seen)
        .where("asleep", "=", row.asleep)
        .executeTakeFirst();
      if (marked.numUpdatedRows === 0n || row.asleep === asleep) return;
      const change = changed({ asleep: row.asleep === 1 }, { asleep: asleep === 1, scheduled: new Date(at).toISOString() });
      await record(transaction, now, {
        action: `environment.${to}`,
        object: `environment/${row.team}/${row.name}`,
        team: row.team,
        ...change,
      });
    });
  }

  /** Begins the deletion of a preview whose time is over. */
  async #expire(row: EnvironmentRow, now: number): Promise<void> {
    const { db, random } = this.#options;
    const under = await unfinishedOperations(db, { team: row.team, app: "" });
    if (under.some(({ kind, env }) => kind === "delete" && (env === row.name || env === ""))) return;
    if (!this.#mayBegin(row, `expired ${row.expires_at}`, now)) return;
    const about = { id: random.suffix(ID_LENGTH), kind: "delete", team: row.team, app: "", env: row.name, request: {} } as const;
    await this.#submit(row, { ...about, createdBy: BY_EXPIRY, now, timeout: TIMEOUTS.delete, unguarded: true });
  }

  /** Unless another platform has begun it since we looked, or has come to its end with it. */
  async #submit(row: EnvironmentRow, operation: NewOperation): Promise<void> {
    const { team, name } = row;
    const first = async (transaction: Database) => {
      // Whoever submits such a one takes it: from here on nobody else does.
      await lockTrail(transaction);
      const present = await transaction
        .selectFrom("environments")
        .selectAll()
        .where("team", "=", team)
        .where("name", "=", name)
        .executeTakeFirst();
      const same = (["asleep", "sleep_settled", "sleep_json", "expires_at"] as const).every((column) => present?.[column] === row[column]);
      const under = await unfinishedOperations(transaction, { team, app: "" });
      if (!same || under.some(({ kind, env }) => kind === operation.kind && (env === name || env === ""))) throw new BegunElsewhere();
    };
    await this.#options.submit(operation, first).catch((error: unknown) => {
      if (!(error instanceof BegunElsewhere)) throw error;
    });
  }

  /** What did not come to its end is not begun again at once. */
  #mayBegin({ team, name }: EnvironmentRow, what: string, now: number): boolean {
    const key = `${team}/${name}`;
    const last = this.#begun.get(key);
    if (last?.what === what && now - last.at < AGAIN) return false;
    this.#begun.set(key, { what, at: now });
    return true;
  }

  /** Begins the operation that tells the cluster. While a release goes on it is not begun: everything that comes after would wait for both. */
  async #finish(row: EnvironmentRow, now: number): Promise<void> {
    const { db, random } = this.#options;
    const under = (await unfinishedOperations(db, { team: row.team })).filter(({ env }) => env === row.name || env === "");
    if (under.some(({ app, kind }) => app === "" || kind === "release")) return;
    if (!this.#mayBegin(row, `${row.asleep} ${row.sleep_json}`, now)) return;
    const kind = row.asleep === 1 ? "sleep" : "wake";
    const request: SleepRequest = { scheduled: true, onRequest: sleepOf(row).onRequest };
    const about = { id: random.suffix(ID_LENGTH), kind, team: row.team, app: "", env: row.name } as const;
    const createdBy = sleepOf(row).by || BY_SCHEDULE;
    await this.#submit(row, { ...about, request, createdBy, now, timeout: TIMEOUTS[kind], unguarded: true });
  }
}
