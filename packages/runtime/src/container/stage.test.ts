import { expect, test } from "vitest";
import { stageOf, type Stage } from "./stage.ts";
import type { Fate } from "./releases.ts";

const NEVER = "0001-01-01T00:00:00Z";
const ONCE = "2026-11-29T03:00:00Z";

test.each<[string, { Status: string; Pid: number; StartedAt: string; Running?: boolean }, Fate | undefined, Stage]>([
  ["one that runs", { Status: "running", Pid: 7, StartedAt: ONCE, Running: true }, undefined, "running"],
  [
    "one that runs, noted by an Ebb that died after the engine knew",
    { Status: "running", Pid: 7, StartedAt: ONCE, Running: true },
    "runs",
    "running",
  ],
  ["one that was only made", { Status: "created", Pid: 0, StartedAt: NEVER }, undefined, "made"],
  ["one that was made again after its end", { Status: "configured", Pid: 0, StartedAt: ONCE }, undefined, "made"],
  ["one that is initialised", { Status: "created", Pid: 7, StartedAt: NEVER }, undefined, "prepared"],
  ["one that is initialised again after its end", { Status: "initialized", Pid: 7, StartedAt: ONCE }, undefined, "prepared"],
  ["one that was let go, and the engine does not know", { Status: "created", Pid: 7, StartedAt: NEVER }, "runs", "untold"],
  [
    "one that was let go and has ended, and the engine does not know",
    { Status: "created", Pid: 0, StartedAt: NEVER },
    "ended",
    "ended-untold",
  ],
  ["one that has ended", { Status: "exited", Pid: 0, StartedAt: ONCE }, undefined, "ended"],
])("%s", (_, state, fate, stage) => {
  expect(stageOf({ State: { Running: false, ...state } } as unknown as Parameters<typeof stageOf>[0], fate)).toBe(stage);
});
