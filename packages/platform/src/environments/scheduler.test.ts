import { silentLogger, systemRandom } from "@ebb/base";
import { VirtualClock } from "@ebb/testkit";
import { expect } from "vitest";
import type { Database } from "../database/database.ts";
import type { NewOperation } from "../operations/store.ts";
import { insertOperation } from "../operations/store.ts";
import { describeDatabases } from "../testing/databases.ts";
import { EnvironmentScheduler } from "./scheduler.ts";
import { settleSleep } from "./sleep.ts";
import { getEnvironment } from "./store.ts";

const at = (text: string) => Date.parse(text);
const schedule = { timeZone: "UTC", sleep: ["0 20 * * *"], wake: ["0 7 * * *"], onRequest: "wake" } as const;

/** What two platforms on one database begin, at the same time. */
async function tickTwice(db: Database, clock: VirtualClock): Promise<NewOperation[]> {
  const submitted: NewOperation[] = [];
  const submit = (operation: NewOperation, first: (transaction: Database) => Promise<void>) =>
    db.transaction().execute(async (transaction) => {
      await first(transaction);
      submitted.push(operation);
      return insertOperation(transaction, operation);
    });
  const options = { db, clock, random: systemRandom, log: silentLogger, submit };
  const [one, two] = [new EnvironmentScheduler(options), new EnvironmentScheduler(options)];
  await Promise.all([one.tick(), two.tick()]);
  return submitted;
}

describeDatabases("the scheduler", (when, open) => {
  when("follows each change once, whichever of two platforms sees it, and settles only what is still wanted", async () => {
    const { db } = await open();
    const clock = new VirtualClock(at("2026-01-01T20:00:00Z"));
    const values = { settings_json: JSON.stringify({ schedule }), schedule_seen: at("2026-01-01T19:00:00Z") };
    await db.updateTable("environments").set(values).where("name", "=", "staging").execute();
    const submitted = await tickTwice(db, clock);
    expect(submitted).toMatchObject([{ kind: "sleep", team: "default", app: "", env: "staging", createdBy: "schedule", unguarded: true }]);
    const asleep = await getEnvironment(db, "default", "staging");
    expect(asleep).toMatchObject({ asleep: 1, sleep_settled: 0, schedule_seen: clock.now() });
    await settleSleep(db, { ...asleep, asleep: 0 });
    expect((await getEnvironment(db, "default", "staging")).sleep_settled).toBe(0);
    await settleSleep(db, asleep);
    expect((await getEnvironment(db, "default", "staging")).sleep_settled).toBe(1);
    expect(await db.selectFrom("audit").select(["action", "object"]).execute()).toEqual([
      { action: "environment.sleep", object: "environment/default/staging" },
    ]);
  });

  when("begins the deletion of a preview whose time is over, once", async () => {
    const { db } = await open();
    const clock = new VirtualClock(at("2026-01-01T20:00:00Z"));
    await db.updateTable("environments").set({ expires_at: clock.now() }).where("name", "=", "staging").execute();
    const submitted = await tickTwice(db, clock);
    expect(submitted).toMatchObject([{ kind: "delete", team: "default", app: "", env: "staging", createdBy: "expiry", unguarded: true }]);
  });

  when("begins nothing while a release goes on", async () => {
    const { db } = await open();
    const clock = new VirtualClock(at("2026-01-01T20:00:00Z"));
    await db.updateTable("environments").set({ asleep: 1, sleep_settled: 0 }).where("name", "=", "staging").execute();
    const about = { id: "r", kind: "release", team: "default", app: "shop", env: "staging", request: {}, createdBy: "ann" } as const;
    await insertOperation(db, { ...about, now: 0, timeout: 1 });
    const submitted: string[] = [];
    const submit = async (operation: NewOperation) => {
      submitted.push(operation.kind);
      return insertOperation(db, operation);
    };
    const scheduler = new EnvironmentScheduler({ db, clock, random: systemRandom, log: silentLogger, submit });
    await scheduler.tick();
    expect(submitted).toEqual([]);
    await db.deleteFrom("operations").execute();
    await scheduler.tick();
    expect(submitted).toEqual(["sleep"]);
  });
});
