import { VirtualClock } from "@ebb/testkit";
import { describe, expect, test } from "vitest";
import { silentLogger } from "./log.ts";
import { WorkQueue } from "./work-queue.ts";

function queue(handle: (key: string) => Promise<void>, workers = 1) {
  const clock = new VirtualClock();
  return { clock, queue: new WorkQueue({ name: "test", clock, log: silentLogger, workers, handle }) };
}

describe("WorkQueue", () => {
  test("a key added many times while it waits is handled once", async () => {
    const handled: string[] = [];
    const { queue: q } = queue(async (key) => void handled.push(key));
    const gate = Promise.withResolvers<void>();
    const { queue: blocked } = queue(async (key) => (handled.push(key), gate.promise));
    blocked.add("first");
    for (let i = 0; i < 5; i++) blocked.add("a");
    gate.resolve();
    await blocked.idle();
    expect(handled).toEqual(["first", "a"]);
    await q.stop();
  });

  test("a key added while it is handled is handled again, never twice at once", async () => {
    let active = 0;
    let most = 0;
    let runs = 0;
    const { queue: q } = queue(async () => {
      most = Math.max(most, ++active);
      runs++;
      if (runs === 1) q.add("a");
      await Promise.resolve();
      active--;
    }, 4);
    q.add("a");
    await q.idle();
    expect({ runs, most }).toEqual({ runs: 2, most: 1 });
  });

  test("a failing key comes back with growing delays until it succeeds", async () => {
    const at: number[] = [];
    const { queue: q, clock } = queue(async () => {
      at.push(clock.monotonic());
      if (at.length < 4) throw new Error("not yet");
    });
    q.add("a");
    await clock.advance(1000);
    expect(at).toEqual([0, 5, 15, 35]);
    expect(clock.pending).toBe(0);
  });

  test("of several delays of one key the earliest counts", async () => {
    const at: number[] = [];
    const { queue: q, clock } = queue(async () => void at.push(clock.monotonic()));
    q.addAfter("a", 500);
    q.addAfter("a", 100);
    q.addAfter("a", 300);
    await clock.advance(1000);
    expect(at).toEqual([100]);
  });

  test("stop waits for the handler under way and starts nothing more", async () => {
    const gate = Promise.withResolvers<void>();
    const handled: string[] = [];
    const { queue: q } = queue(async (key) => (handled.push(key), gate.promise));
    q.add("a");
    q.add("b");
    const stopped = q.stop();
    gate.resolve();
    await stopped;
    expect(handled).toEqual(["a"]);
  });
});
