import { BugError, Signal, silentLogger, TransientError, UserError } from "@ebb/base";
import { tempDir, VirtualClock } from "@ebb/testkit";
import { expect, onTestFinished, test } from "vitest";
import type { Bus, Notice } from "../database/bus.ts";
import { openDatabase, type Database } from "../database/database.ts";
import { OperationEngine, type Handler, type RunKind } from "./engine.ts";
import { readOperationLog } from "./logs.ts";
import { getOperation, toOperation, type OperationRow } from "./store.ts";

const MINUTE = 60_000;

async function database(): Promise<Database> {
  const { path, remove } = await tempDir();
  const db = await openDatabase({ kind: "sqlite", path: `${path}/p.db` });
  onTestFinished(async () => {
    await db.destroy();
    await remove();
  });
  return db;
}

function engineOn(
  db: Database,
  options: { clock: VirtualClock; handler: Handler; owner?: string; exclusive?: boolean; settle?: () => Promise<void>; bus?: Bus },
) {
  const { clock, handler, owner = "one", exclusive = true, settle = async () => undefined, bus } = options;
  const handlers: Record<RunKind, Handler> = {
    deploy: handler,
    promote: handler,
    traffic: handler,
    release: handler,
    config: handler,
    restart: handler,
    sleep: handler,
    wake: handler,
    delete: handler,
    move: handler,
  };
  return new OperationEngine({ db, clock, log: silentLogger, owner, handlers, settle, exclusive, ...(bus ? { bus } : {}) });
}

let ids = 0;
function submit(engine: OperationEngine, clock: VirtualClock, app: string, timeout = 10 * MINUTE): Promise<OperationRow> {
  return engine.submit({
    id: `op${++ids}`,
    kind: "deploy",
    team: "default",
    app,
    env: "test",
    request: { image: { name: app, image: "registry.test/app:1" } },
    createdBy: "ann",
    now: clock.now(),
    timeout,
  });
}

/** A handler that waits until the test lets each operation go on. */
function gated() {
  const started: string[] = [];
  const gates = new Map<string, PromiseWithResolvers<void>>();
  const gate = (id: string) => {
    const present = gates.get(id) ?? Promise.withResolvers<void>();
    gates.set(id, present);
    return present;
  };
  const handler: Handler = async (run) => {
    started.push(run.id);
    const aborted = new Promise<never>((_resolve, reject) =>
      run.signal.addEventListener("abort", () => reject(run.signal.reason as Error)),
    );
    await Promise.race([gate(run.id).promise, aborted]);
  };
  return { started, handler, release: (id: string) => gate(id).resolve(), fail: (id: string, error: Error) => gate(id).reject(error) };
}

test("operations of one app run one after another in their order, those of others beside them", async () => {
  const db = await database();
  const clock = new VirtualClock();
  const { started, handler, release } = gated();
  const engine = engineOn(db, { clock, handler });
  await engine.start();
  const [a1, a2, b1, a3] = await Promise.all(["a", "a", "b", "a"].map((app) => submit(engine, clock, app)));
  await clock.advance(3000);
  expect(new Set(started)).toEqual(new Set([a1?.id, b1?.id]));
  release(a1?.id ?? "");
  await clock.advance(3000);
  expect(started).toContain(a2?.id);
  expect(started).not.toContain(a3?.id);
  release(a2?.id ?? "");
  release(a3?.id ?? "");
  release(b1?.id ?? "");
  await clock.advance(3000);
  for (const row of [a1, a2, a3, b1]) expect((await getOperation(db, row?.id ?? "")).state).toBe("succeeded");
  await engine.stop();
  expect(clock.pending).toBe(0);
});

test("two engines on one database never run an operation twice, nor two of one app", async () => {
  const db = await database();
  const clock = new VirtualClock();
  let running = 0;
  const most: number[] = [];
  const runs: string[] = [];
  const handler: Handler = async (run) => {
    runs.push(run.id);
    most.push(++running);
    run.enter("work");
    await run.settle();
    running -= 1;
  };
  const engines = ["one", "two"].map((owner) => engineOn(db, { clock, handler, owner, exclusive: false }));
  for (const engine of engines) await engine.start();
  for (let i = 0; i < 10; i++) await submit(engines[i % 2] ?? engineOn(db, { clock, handler }), clock, "shop");
  await clock.advance(60_000);
  expect(new Set(runs).size).toBe(10);
  expect(runs.length).toBe(10);
  expect(Math.max(...most)).toBe(1);
  for (const engine of engines) await engine.stop();
});

test("a lapsed lease is taken over, and its former owner writes nothing more", async () => {
  const db = await database();
  const paused = new VirtualClock();
  const { handler, release } = gated();
  const writes: string[] = [];
  const former = engineOn(db, {
    clock: paused,
    owner: "former",
    exclusive: false,
    handler: async (run) => {
      await handler(run);
      await run.write({ version: "v666" });
      writes.push("former");
    },
  });
  await former.start();
  const { id } = await submit(former, paused, "shop");
  await paused.advance(100);
  // The former's clock stands still: it does not renew. Time goes on for the other.
  const clock = new VirtualClock(paused.now() + 20_000);
  const heir = engineOn(db, { clock, owner: "heir", exclusive: false, handler: (run) => run.write({ version: "v1" }) });
  await heir.start();
  await clock.advance(2000);
  expect(await getOperation(db, id)).toMatchObject({ state: "succeeded", version: "v1" });
  release(id);
  await paused.advance(1000);
  expect(await getOperation(db, id)).toMatchObject({ state: "succeeded", version: "v1" });
  expect(writes).toEqual([]);
  await former.stop();
  await heir.stop();
});

test("a lease is renewed as long as the work goes on", async () => {
  const db = await database();
  const clock = new VirtualClock();
  const { started, handler, release } = gated();
  const one = engineOn(db, { clock, handler, owner: "one", exclusive: false });
  const two = engineOn(db, { clock, handler, owner: "two", exclusive: false });
  await one.start();
  const { id } = await submit(one, clock, "shop");
  await clock.advance(100);
  await two.start();
  await clock.advance(5 * MINUTE);
  expect(started).toEqual([id]);
  release(id);
  await clock.advance(1000);
  await one.stop();
  await two.stop();
});

test("transient errors are tried again until the deadline, which says what it was", async () => {
  const db = await database();
  const clock = new VirtualClock();
  let tries = 0;
  const handler: Handler = async () => {
    tries += 1;
    throw new TransientError("cluster_unavailable", "the cluster does not answer");
  };
  const engine = engineOn(db, { clock, handler });
  await engine.start();
  const { id } = await submit(engine, clock, "shop", MINUTE);
  await clock.advance(2 * MINUTE);
  expect(tries).toBeGreaterThan(5);
  expect(tries).toBeLessThan(30);
  const { state, failure } = toOperation(await getOperation(db, id), clock.now());
  expect(state).toBe("failed");
  expect(failure).toMatchObject({ code: "deadline_exceeded", chain: ["the cluster does not answer"] });
  await engine.stop();
});

test("a handler that does not listen to its signal cannot hold its operation open", async () => {
  const db = await database();
  const clock = new VirtualClock();
  const engine = engineOn(db, { clock, handler: () => new Promise(() => undefined) });
  await engine.start();
  const { id } = await submit(engine, clock, "shop", MINUTE);
  await clock.advance(2 * MINUTE);
  expect(await getOperation(db, id)).toMatchObject({ state: "failed" });
  await engine.stop();
});

test("a fault of ours is not shown to people, and one of theirs is shown whole", async () => {
  const db = await database();
  const clock = new VirtualClock();
  const errors = [
    new Error("secret detail"),
    new BugError("impossible", "secret detail"),
    new UserError("build_failed", "npm failed", { cause: new Error("exit code 1"), hint: "Look", details: { log: ["line"] } }),
  ];
  const engine = engineOn(db, {
    clock,
    handler: async () => {
      throw errors.shift() ?? new Error("no more");
    },
  });
  await engine.start();
  const rows = [await submit(engine, clock, "a"), await submit(engine, clock, "b"), await submit(engine, clock, "c")];
  await clock.advance(1000);
  const failures = await Promise.all(rows.map(async ({ id }) => toOperation(await getOperation(db, id), 0).failure));
  expect(failures.map((failure) => failure?.code)).toEqual(["internal", "internal", "build_failed"]);
  expect(JSON.stringify(failures.slice(0, 2))).not.toContain("secret detail");
  expect(failures[2]).toEqual({ code: "build_failed", message: "npm failed", hint: "Look", chain: ["exit code 1"], log: ["line"] });
  await engine.stop();
});

test("cancelling: a queued one ends at once, a running one is aborted, a committed one goes on", async () => {
  const db = await database();
  const clock = new VirtualClock();
  const { handler, release } = gated();
  const engine = engineOn(db, {
    clock,
    handler: async (run) => {
      if (run.app === "committed") await run.commit();
      await handler(run);
    },
  });
  await engine.start();
  const running = await submit(engine, clock, "shop");
  const queued = await submit(engine, clock, "shop");
  const committed = await submit(engine, clock, "committed");
  await clock.advance(1000);
  expect(await engine.cancel(queued.id)).toMatchObject({ state: "cancelled", finished_at: clock.now() });
  await engine.cancel(running.id);
  await expect(engine.cancel(committed.id)).rejects.toMatchObject({ code: "operation_not_cancellable" });
  await clock.advance(1000);
  expect(await getOperation(db, running.id)).toMatchObject({ state: "cancelled" });
  release(committed.id);
  await clock.advance(1000);
  expect(await getOperation(db, committed.id)).toMatchObject({ state: "succeeded" });
  await engine.stop();
});

test("cancelling by another process is seen with the next heartbeat", async () => {
  const db = await database();
  const clock = new VirtualClock();
  const { handler } = gated();
  const one = engineOn(db, { clock, handler, owner: "one", exclusive: false });
  const two = engineOn(db, { clock, handler, owner: "two", exclusive: false });
  await one.start();
  const { id } = await submit(one, clock, "shop");
  await clock.advance(100);
  await two.cancel(id);
  await clock.advance(6000);
  expect(await getOperation(db, id)).toMatchObject({ state: "cancelled" });
  await one.stop();
});

test("stopping lets go of what is under way, and the next start takes it up with its phases and log", async () => {
  const db = await database();
  const clock = new VirtualClock();
  const { handler, release } = gated();
  const work: Handler = async (run) => {
    run.enter("build");
    run.log("line");
    await handler(run);
    run.enter("start");
  };
  const first = engineOn(db, { clock, handler: work });
  await first.start();
  const { id } = await submit(first, clock, "shop");
  await clock.advance(1000);
  await first.stop();
  expect(await getOperation(db, id)).toMatchObject({ state: "running", lease_until: 0 });
  const second = engineOn(db, { clock, handler: work, owner: "second" });
  await second.start();
  release(id);
  await clock.advance(1000);
  const operation = toOperation(await getOperation(db, id), clock.now());
  expect(operation.state).toBe("succeeded");
  expect(operation.phases.map((phase) => [phase.name, phase.state])).toEqual([
    ["build", "succeeded"],
    ["start", "succeeded"],
  ]);
  expect((await readOperationLog(db, id, 0, 10)).map((line) => [line.seq, line.line])).toEqual([
    [1, "line"],
    [2, "line"],
  ]);
  await second.stop();
});

test("the terminal state and what follows from it are written together, or neither", async () => {
  const db = await database();
  const clock = new VirtualClock();
  let fail = true;
  const engine = engineOn(db, {
    clock,
    handler: () => Promise.resolve(),
    settle: async () => {
      if (fail) throw new Error("disk full");
    },
  });
  await engine.start();
  const { id } = await submit(engine, clock, "shop");
  await clock.advance(1000);
  expect(await getOperation(db, id)).toMatchObject({ state: "running" });
  fail = false;
  await clock.advance(60_000);
  expect(await getOperation(db, id)).toMatchObject({ state: "succeeded" });
  await engine.stop();
});

test("output is bounded: so many lines, so long, in order", async () => {
  const db = await database();
  const clock = new VirtualClock();
  const engine = engineOn(db, {
    clock,
    handler: async (run) => {
      for (let i = 0; i < 6000; i++) run.log(i === 0 ? "x".repeat(100_000) : `line ${i}`);
    },
  });
  await engine.start();
  const { id } = await submit(engine, clock, "shop");
  await clock.advance(2000);
  const lines = await readOperationLog(db, id, 0, 10_000);
  expect(lines.length).toBe(5001);
  expect(lines[0]?.line.length).toBeLessThan(5000);
  expect(lines.at(-2)?.line).toBe("line 4999");
  await engine.stop();
});

test("a queue that is too long refuses more", async () => {
  const db = await database();
  const clock = new VirtualClock();
  const engine = engineOn(db, { clock, handler: gated().handler });
  await engine.start();
  for (let i = 0; i < 20; i++) await submit(engine, clock, "shop");
  await expect(submit(engine, clock, "shop")).rejects.toMatchObject({ code: "too_many_operations" });
  await submit(engine, clock, "other");
  await engine.stop();
});

test("more apps than places: those that wait while all are taken run when one is free", async () => {
  const db = await database();
  const clock = new VirtualClock();
  const { started, handler, release } = gated();
  const engine = engineOn(db, { clock, handler });
  await engine.start();
  const first = await Promise.all(["a", "b", "c", "d"].map((app) => submit(engine, clock, app)));
  await clock.advance(3000);
  expect(started).toHaveLength(4);
  // Each of these, and each tick, finds every place taken.
  const later = await Promise.all(["e", "f"].map((app) => submit(engine, clock, app)));
  await clock.advance(30_000);
  expect(started).toHaveLength(4);
  for (const row of [...first, ...later]) release(row.id);
  await clock.advance(3000);
  for (const row of later) expect((await getOperation(db, row.id)).state).toBe("succeeded");
  await engine.stop();
});

/** The same database, which does not answer while `away` says so. */
function leaving(db: Database, away: () => boolean): Database {
  return db.withPlugin({
    transformQuery({ node }) {
      if (away()) throw new TransientError("database_unavailable", "away");
      return node;
    },
    transformResult: ({ result }) => Promise.resolve(result),
  });
}

test.each([
  ["of its own: the work goes on and is told once it is back", true, 1],
  ["that others share: the work is left before another may take it, and done again", false, 2],
])("a database %s", async (_, exclusive, runs) => {
  const db = await database();
  const clock = new VirtualClock();
  let away = false;
  let begun = 0;
  const engine = engineOn(
    leaving(db, () => away),
    {
      clock,
      exclusive,
      async handler(run) {
        begun += 1;
        run.enter("work");
        run.log(`begun ${begun}`);
        await run.settle();
        if (begun === 1) away = true;
        for (let at = 0; at < 20; at++) {
          await new Promise<void>((resolve) => clock.after(1000, resolve));
          run.signal.throwIfAborted();
          run.log(`second ${at}`);
        }
      },
    },
  );
  await engine.start();
  const { id } = await submit(engine, clock, "shop");
  await clock.advance(26_000);
  expect(await getOperation(db, id)).toMatchObject({ state: "running" });
  away = false;
  await clock.advance(60_000);
  expect(await getOperation(db, id)).toMatchObject({ state: "succeeded", failure_json: null });
  expect(begun).toBe(runs);
  const lines = (await readOperationLog(db, id, 0, 100)).map(({ line }) => line);
  expect(lines).toEqual(expect.arrayContaining(["begun 1", ...Array.from({ length: 20 }, (__, at) => `second ${at}`)]));
  await engine.stop();
  expect(clock.pending).toBe(0);
});

/** Two that hear each other at once. */
function buses(): [Bus, Bus] {
  const make = () => ({
    name: "bus",
    heard: new Signal<Notice>(),
    missed: new Signal<void>(),
    start: async () => undefined,
    stop: async () => undefined,
  });
  const [one, two] = [make(), make()];
  return [
    { ...one, tell: (notice) => two.heard.emit(notice) },
    { ...two, tell: (notice) => one.heard.emit(notice) },
  ];
}

test("another platform's word is heard at once: what it queued is begun, what it cancelled is left, and its changes are told", async () => {
  const db = await database();
  const clock = new VirtualClock();
  const { started, handler } = gated();
  const [a, b] = buses();
  const idle: Handler = () => Promise.reject(new BugError("idle", "does nothing"));
  const worker = engineOn(db, { clock, handler, owner: "worker", exclusive: false, bus: a });
  const asked = engineOn(db, { clock, handler: idle, owner: "asked", exclusive: false, bus: b });
  await worker.start();
  const told: string[] = [];
  b.heard.on((notice) => told.push(notice.kind === "operation" ? `${notice.app} ${notice.id}` : ""));
  const { id } = await submit(asked, clock, "shop");
  // The one that was asked is not started: nobody else can have begun it.
  await clock.advance(300);
  expect(started).toEqual([id]);
  await asked.cancel(id);
  await clock.advance(100);
  expect(await getOperation(db, id)).toMatchObject({ state: "cancelled" });
  expect(new Set(told)).toEqual(new Set([`shop ${id}`]));
  // That it is begun, and that it has ended.
  expect(told.length).toBeGreaterThan(1);
  await worker.stop();
});
