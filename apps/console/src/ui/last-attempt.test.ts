import { expect, test } from "vitest";
import { lastAttempt } from "./last-attempt.ts";

test.each<[string, string[], string[], number]>([
  ["nothing", [], [], 1],
  ["one attempt", ["a", "b"], ["a", "b"], 1],
  ["three of the same", ["a", "b", "a", "b", "a", "b"], ["a", "b"], 3],
  ["one that is cut off", ["b", "a", "b"], ["b", "a", "b"], 1],
  ["one line again and again", ["a", "a"], ["a"], 2],
  ["attempts that differ", ["a", "1", "a", "2"], ["a", "1", "a", "2"], 1],
])("%s", (_, lines, shown, times) => expect(lastAttempt(lines)).toEqual({ lines: shown, times }));
