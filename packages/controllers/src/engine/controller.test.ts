import { setImmediate as nextTurn } from "node:timers/promises";
import { silentLogger } from "@ebb/base";
import { notFound, Services, StatusError } from "@ebb/kube";
import { eventually, VirtualClock } from "@ebb/testkit";
import { describe, expect, test } from "vitest";
import { Controller } from "./controller.ts";

function controller(reconcile: (key: string) => Promise<number | void>, inRush = () => false) {
  const clock = new VirtualClock();
  const made = new Controller({ name: "test", clock, log: silentLogger, reconcile, inRush });
  return { clock, controller: made };
}

describe("Controller", () => {
  test("what one turn of the event loop asks for is one reconcile, begun after it", async () => {
    const seen: string[] = [];
    const { controller: shops } = controller(async (key) => void seen.push(key));
    shops.open();
    for (let i = 0; i < 3; i++) shops.add("team/shop");
    shops.add("team/other");
    await Promise.resolve();
    expect(seen).toEqual([]);
    await eventually(() => expect(seen).toEqual(["team/shop", "team/other"]));
    await shops.stop();
  });

  test("what a reconcile causes itself is looked at after its copies had a turn to follow", async () => {
    let copies = "behind";
    const seen: string[] = [];
    const { controller: shops } = controller(async (key) => {
      seen.push(copies);
      if (seen.length > 1) return;
      shops.add(key);
      await nextTurn();
      // The write is done; whoever follows it needs some steps more.
      void Promise.resolve()
        .then(() => undefined)
        .then(() => (copies = "in step"));
    });
    shops.open();
    shops.add("team/shop");
    await eventually(() => expect(seen).toEqual(["behind", "in step"]));
    await shops.stop();
  });

  test("in a crowd, what nobody waits for is put off, a second at most, and changes meanwhile are looked at once", async () => {
    const seen: string[] = [];
    const { controller: shops, clock } = controller(async (key) => void seen.push(key));
    shops.open();
    for (let i = 0; i < 100; i++) shops.addLater(`team/${i}`, 100);
    for (let i = 0; i < 100; i++) shops.addLater(`team/${i}`, 100);
    const after = async (milliseconds: number) => {
      await clock.advance(milliseconds);
      await nextTurn();
      return new Set(seen).size;
    };
    expect(await after(100)).toBe(1);
    expect(await after(200)).toBe(11);
    expect(await after(700)).toBe(100);
    expect(seen).toHaveLength(100);
    shops.addLater("team/alone", 100);
    await after(100);
    expect(seen.at(-1)).toBe("team/alone");
    await shops.stop();
  });

  test("what is only a record waits until nobody's program boots, two seconds at most, and what somebody waits for does not", async () => {
    const seen: string[] = [];
    let inRush = true;
    const { controller: shops, clock } = controller(
      async (key) => void seen.push(key),
      () => inRush,
    );
    shops.open();
    const after = async (milliseconds: number) => {
      await clock.advance(milliseconds);
      await nextTurn();
      return seen.splice(0);
    };
    shops.addLater("team/record", 50, true);
    shops.addLater("team/change", 50);
    expect(await after(100)).toEqual(["team/change"]);
    expect(await after(900)).toEqual([]);
    inRush = false;
    expect(await after(250)).toEqual(["team/record"]);
    inRush = true;
    shops.addLater("team/record", 50, true);
    expect(await after(1900)).toEqual([]);
    expect(await after(400)).toEqual(["team/record"]);
    shops.addLater("team/record", 50, true);
    shops.add("team/record");
    await nextTurn();
    expect(await after(0)).toEqual(["team/record"]);
    await shops.stop();
  });

  test("nothing begins before it is open, and nothing after it was stopped", async () => {
    const seen: string[] = [];
    const { controller: shops } = controller(async (key) => void seen.push(key));
    shops.add("team/shop");
    await nextTurn();
    expect(seen).toEqual([]);
    shops.open();
    await eventually(() => expect(seen).toEqual(["team/shop"]));
    shops.add("team/other");
    await shops.stop();
    await nextTurn();
    expect(seen).toEqual(["team/shop"]);
  });

  test("one that met a stale copy comes back at once, one that is gone does not", async () => {
    const seen: string[] = [];
    const { controller: shops, clock } = controller(async (key) => {
      seen.push(key);
      if (key === "team/gone") throw notFound(Services, "gone");
      if (seen.filter((other) => other === key).length === 1) throw new StatusError("Conflict", "stale");
    });
    shops.open();
    shops.add("team/stale");
    shops.add("team/gone");
    await eventually(() => expect(seen).toEqual(["team/stale", "team/gone"]));
    await eventually(() => expect(clock.pending).toBe(1));
    await clock.advance(20);
    await eventually(() => expect(seen).toEqual(["team/stale", "team/gone", "team/stale"]));
    await shops.stop();
  });
});
