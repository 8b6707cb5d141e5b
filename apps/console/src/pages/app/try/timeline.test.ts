import type { ColdStart } from "@ebb/api";
import { expect, test } from "vitest";
import { en } from "../../../i18n/en.ts";
import { timelineOf } from "./timeline.ts";

const phases = { decision: 2, queued: 0, sandbox: 20, launch: 30, boot: 100, seen: 3, firstByte: 5 };
const durations = (tried: Parameters<typeof timelineOf>[0]) => timelineOf(tried, en).map(({ duration }) => duration);

test.each([
  ["an awake app", { timings: { connected: 1, firstByte: 6, end: 8 }, coldStart: null }, [1, 5, 2]],
  [
    "one that was started",
    { timings: { connected: 1, firstByte: 171, end: 171 }, coldStart: { phases } as ColdStart },
    [1, 2, 20, 30, 100, 3, 5, 10],
  ],
  ["no answer", { timings: { connected: 2, firstByte: null, end: 60 }, coldStart: null }, [2, 58]],
  ["no connection", { timings: { connected: null, firstByte: null, end: 3 }, coldStart: null }, [3]],
  [
    "a clock that differs a little",
    { timings: { connected: 1, firstByte: 100, end: 101 }, coldStart: { phases } as ColdStart },
    [1, 2, 20, 30, 100, 3, 5, 1],
  ],
])("the time of %s is told, and adds up", (_, tried, expected) => expect(durations(tried)).toEqual(expected));
