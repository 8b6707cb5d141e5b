import { LoadRecord, parseAutoscalerConfig, type Policy } from "@ebb/autoscaler";
import { VirtualClock } from "@ebb/testkit";
import { beforeEach, describe, expect, test } from "vitest";
import type { ColdStart } from "./cold-starts.ts";
import { whatIf, type Replayable } from "./what-if.ts";

let clock: VirtualClock;
let revision: Replayable;
let starts: ColdStart[];
beforeEach(() => {
  clock = new VirtualClock();
  const load = new LoadRecord();
  const now = Math.floor(clock.now() / 1000);
  // A request each two minutes of the hour before.
  for (let age = 3600; age > 0; age -= 120) load.add({ second: now - age, requests: 1, work: 0.05 });
  revision = { load, annotations: {}, containerConcurrency: 0, policy: {}, config: parseAutoscalerConfig({}) };
  starts = [start(900), start(300), start(400)];
});

function start(total: number, from: ColdStart["from"] = "cold"): ColdStart {
  const phases = { queued: 0, sandbox: 0, launch: 0, boot: total, seen: 0 };
  return { instance: "i", time: 0, from, waited: true, decision: 0, phases, firstByte: 10, total: total + 10 };
}

async function ask(query: Record<string, string>) {
  const answer = whatIf(revision, { query: new URLSearchParams(query), starts, clock });
  let done = false;
  answer.then(
    () => (done = true),
    () => (done = true),
  );
  while (!done) await clock.advance(1);
  return answer;
}

describe("whatIf", () => {
  test("plays the record against both policies, with the median of the starts that were measured", async () => {
    const { requests, busySeconds, starts: times, inForce, asked, notes } = await ask({ window: "5m" });
    expect({ requests, busySeconds, cold: times.cold, notes }).toEqual({ requests: 30, busySeconds: 30, cold: 0.4, notes: [] });
    expect([inForce.outcome.starts.cold, asked.outcome.starts.cold]).toEqual([30, 1]);
    expect(inForce.outcome.waitingSeconds).toBeCloseTo(30 * 0.4);
    expect(asked.outcome.instanceSeconds).toBeGreaterThan(inForce.outcome.instanceSeconds * 1.5);
    expect([inForce.policy.stableWindow, asked.policy.stableWindow]).toEqual([60_000, 300_000]);
  });

  test("what is not asked about stays as it is in force", async () => {
    revision.policy = { min: 1, idle: "frozen" } satisfies Policy;
    const { inForce, asked } = await ask({ max: "3" });
    expect(inForce.policy).toMatchObject({ min: 1, max: 0, idle: "frozen" });
    expect(asked.policy).toMatchObject({ min: 1, max: 3, idle: "frozen" });
    expect(asked.outcome.waited).toBe(0);
  });

  test("a target is that of the strategies where they have their own", async () => {
    revision.policy = {
      strategies: [
        { type: "rps", target: 10 },
        { type: "cpu", target: 80 },
      ],
    };
    const { asked, notes } = await ask({ target: "25" });
    expect(asked.policy.strategies).toEqual([
      { type: "rps", target: 25 },
      { type: "cpu", target: 80 },
    ]);
    expect(notes).toEqual([expect.stringContaining("CPU and memory are not recorded")]);
  });

  test("a short record, an unmeasured start and a time before the record are told", async () => {
    starts = [];
    const now = Math.floor(clock.now() / 1000);
    const load = new LoadRecord();
    load.add({ second: now - 30, requests: 4, work: 1 });
    revision = { ...revision, load };
    const { notes, saidNotes } = await ask({ min: "1" });
    expect(notes).toEqual([
      expect.stringContaining("No start of it was measured"),
      expect.stringContaining("The record is short: 30 s, less than two windows of 60 s"),
      expect.stringContaining("Nothing was recorded before"),
    ]);
    expect(saidNotes).toEqual([
      { code: "replay.assumed", with: { seconds: 1 } },
      { code: "replay.short", with: { length: 30, window: 60 } },
      { code: "replay.begins", with: { time: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/) } },
    ]);
  });

  test("without any record it is refused, not answered with zeros", async () => {
    revision = { ...revision, load: new LoadRecord() };
    await expect(ask({ min: "1" })).rejects.toMatchObject({ reason: "Conflict" });
  });

  test.each([
    ["a bound", { min: "-1" }, /min-scale=-1/],
    ["bounds against each other", { min: "5", max: "2" }, /less than min/],
    ["a window", { window: "2s" }, /6s to 1h/],
    ["a target", { target: "0" }, /at least 0.01/],
    ["a metric", { metric: "luck" }, /concurrency or rps/],
    ["strategies", { strategies: "[{}]" }, /strategies\[0\]\.type/],
    ["a time", { since: "yesterday" }, /RFC 3339/],
  ])("%s that cannot be read is refused", async (_, query, message) => {
    await expect(ask(query as Record<string, string>)).rejects.toThrow(message);
  });
});
