import type { InstanceStatus, StartPhases } from "@ebb/runtime";
import { VirtualClock } from "@ebb/testkit";
import { beforeEach, describe, expect, test } from "vitest";
import { instance } from "../testing.ts";
import { ColdStarts } from "./cold-starts.ts";

const KEY = "team/shop-00001";
const PHASES: StartPhases = { queued: 1, sandbox: 2, launch: 3, boot: 40, seen: 4 };

let running: InstanceStatus[];
let clock: VirtualClock;
let starts: ColdStarts;
beforeEach(() => {
  running = [];
  clock = new VirtualClock();
  starts = new ColdStarts({ instances: () => running }, clock);
});
function ready(id: string, phases: StartPhases = { ...PHASES }, from: "cold" | "prepared" | "frozen" = "cold"): void {
  running = [...running.filter((known) => known.id !== id), instance({ id, phase: "ready", start: { from, phases } })];
  starts.changed(KEY);
}

describe("ColdStarts", () => {
  test("one is kept when it is ready, once", () => {
    ready("a");
    starts.changed(KEY);
    expect(starts.list(KEY)).toMatchObject([{ instance: "a", from: "cold", waited: false, phases: PHASES, total: 50, firstByte: 0 }]);
  });

  test("what the request saw is filled in by the gateway: its phases add up to the whole", () => {
    ready("a");
    starts.answered({ revision: KEY, firsts: [{ endpoint: "a", heldMs: 53, answerMs: 7 }] });
    expect(starts.list(KEY)).toMatchObject([{ waited: true, decision: 3, firstByte: 7, total: 60 }]);
  });

  test.each([
    ["after it is known to serve", true],
    ["before it is", false],
  ])("of one that the gateway thawed, all that it took was that: told %s", (_, known) => {
    const firsts = [{ endpoint: "a", heldMs: 0.5, answerMs: 2, thawed: true as const }];
    const isReady = () => ready("a", { ...PHASES }, "frozen");
    if (known) isReady();
    starts.answered({ revision: KEY, firsts });
    if (!known) isReady();
    starts.changed(KEY);
    const phases = { queued: 0, sandbox: 0, launch: 0.5, boot: 0, seen: 0 };
    expect(starts.list(KEY)).toMatchObject([{ instance: "a", waited: true, decision: 0, phases, firstByte: 2, total: 2.5 }]);
  });

  test("of one whose program the gateway let go, all was its boot", () => {
    starts.answered({ revision: KEY, firsts: [{ endpoint: "a", heldMs: 3, answerMs: 2, thawed: true, tried: true }] });
    ready("a", { ...PHASES }, "prepared");
    const phases = { queued: 0, sandbox: 0, launch: 0, boot: 3, seen: 0 };
    expect(starts.list(KEY)).toMatchObject([{ waited: true, decision: 0, phases, firstByte: 2, total: 5 }]);
  });

  test.each([
    ["after it is known to serve", true],
    ["before it is", false],
  ])("of one that the gateway found ready by itself, nobody waited for it to be seen: told %s", (_, known) => {
    if (known) ready("a");
    starts.answered({ revision: KEY, firsts: [{ endpoint: "a", heldMs: 48, answerMs: 2, tried: true }] });
    if (!known) ready("a");
    const phases = { ...PHASES, boot: 42, seen: 0 };
    expect(starts.list(KEY)).toMatchObject([{ waited: true, decision: 0, phases, firstByte: 2, total: 50 }]);
  });

  test("of one that the gateway found ready long before it was looked at, the boot ends when the gateway had it", () => {
    ready("a", { ...PHASES, boot: 0, seen: 250 });
    starts.answered({ revision: KEY, firsts: [{ endpoint: "a", heldMs: 48, answerMs: 2, tried: true }] });
    expect(starts.list(KEY)).toMatchObject([{ decision: 0, phases: { ...PHASES, boot: 42, seen: 0 }, firstByte: 2, total: 50 }]);
  });

  test("what the gateway waited before its wake-up was acted on is the decision, though it tried", () => {
    ready("a", { ...PHASES, boot: 30, seen: 2 });
    starts.answered({ revision: KEY, firsts: [{ endpoint: "a", heldMs: 48, answerMs: 2, tried: true }] });
    expect(starts.list(KEY)).toMatchObject([{ decision: 10, phases: { ...PHASES, boot: 32, seen: 0 }, total: 50 }]);
  });

  test("an answer of an instance that is not known is nothing", () => {
    ready("a");
    starts.answered({ revision: KEY, firsts: [{ endpoint: "b", heldMs: 53, answerMs: 7 }] });
    starts.answered({ revision: "team/other", firsts: [{ endpoint: "a", heldMs: 53, answerMs: 7 }] });
    starts.answered({ revision: KEY });
    expect(starts.list(KEY)).toMatchObject([{ waited: false }]);
  });

  test("the same instance that starts again is another start", () => {
    ready("a");
    ready("a");
    expect(starts.list(KEY)).toHaveLength(2);
  });

  test("fifty are kept, and none of a revision that is gone", () => {
    for (let index = 0; index < 60; index++) {
      running = [];
      ready(`i${index}`);
    }
    expect(starts.list(KEY).map(({ instance: id }) => id)).toEqual(Array.from({ length: 50 }, (_, index) => `i${index + 10}`));
    starts.remove(KEY);
    expect(starts.list(KEY)).toEqual([]);
  });
});
