import { sql } from "kysely";
import type { Database } from "../database/database.ts";
import { lockTrail } from "../revisions/store.ts";
import { COMPOSED, UNFINISHED, type OperationRow } from "./store.ts";

export interface Claim {
  owner: string;
  now: number;
  until: number;
}

/**
 * Takes the lease of the oldest operation that may run: the first unfinished one of its app in its environment (and of what both are part of),
 * not leased by anybody alive. Of several that try at once one gets it, and of two that are about the same only one runs, whoever runs it: all
 * claims on a database come one after the other.
 */
export async function claimOperation(db: Database, lease: Claim, except: readonly string[]): Promise<OperationRow | undefined> {
  // Mostly there is nothing, and then nobody is held up.
  if ((await candidates(db, lease.now, except)) === undefined) return undefined;
  return db.transaction().execute(async (transaction) => {
    await lockTrail(transaction);
    // Looked at again: what was claimed or accepted meanwhile is seen from here on.
    const row = await candidates(transaction, lease.now, except);
    if (!row) return undefined;
    return transaction
      .updateTable("operations")
      .set({
        state: "running",
        lease_owner: lease.owner,
        lease_until: lease.until,
        started_at: row.started_at ?? lease.now,
        // Time spent waiting for others does not count.
        deadline: row.started_at === null ? lease.now + row.timeout : row.deadline,
        changes: sql<number>`changes + 1`,
      })
      .where("id", "=", row.id)
      .where("state", "in", UNFINISHED)
      .where("lease_until", "=", row.lease_until)
      .returningAll()
      .executeTakeFirst();
  });
}

/**
 * What runs holds up whatever is about the same, also what is older: numbers are given before they can be seen, and an operation can be moved to
 * another app. What ran already and was left goes on before everything that waits.
 */
function candidates(db: Database, now: number, except: readonly string[]): Promise<OperationRow | undefined> {
  return db
    .selectFrom("operations as o")
    .selectAll()
    .where("o.state", "in", UNFINISHED)
    .where("o.lease_until", "<=", now)
    .where("o.kind", "!=", COMPOSED)
    .$if(except.length > 0, (query) => query.where("o.id", "not in", except))
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom("operations as e")
            .select("e.seq")
            .whereRef("e.team", "=", "o.team")
            .whereRef("e.id", "!=", "o.id")
            .where("e.kind", "!=", COMPOSED)
            .where((eb) => eb.or([eb("e.app", "=", eb.ref("o.app")), eb("e.app", "=", ""), eb("o.app", "=", "")]))
            .where((eb) => eb.or([eb("e.env", "=", eb.ref("o.env")), eb("e.env", "=", ""), eb("o.env", "=", "")]))
            .where((eb) =>
              eb.or([
                eb.and([eb("e.state", "=", "running"), eb("o.state", "=", "queued")]),
                eb.and([eb("e.state", "in", UNFINISHED), eb("e.state", "=", eb.ref("o.state")), eb("e.seq", "<", eb.ref("o.seq"))]),
              ]),
            ),
        ),
      ),
    )
    .orderBy("o.seq")
    .limit(1)
    .executeTakeFirst();
}
