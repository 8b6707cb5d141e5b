import { expect, test } from "vitest";
import { codeOf, fill, sayings } from "./said.ts";

const say = sayings({ ready: "{version} is ready after {seconds} s", done: "Done" });

test("a code is said in English with what fills it, and goes on without its words", () => {
  const said = say("ready", { version: "v2", seconds: 3 });
  expect(said.words).toBe("v2 is ready after 3 s");
  expect(codeOf(said)).toEqual({ code: "ready", with: { version: "v2", seconds: 3 } });
  expect(codeOf(say("done"))).toEqual({ code: "done" });
});

test("a hole that nothing fills stays, and what fills one is not filled again", () => {
  expect(fill("{a} {b} {constructor}", { a: "{b}" })).toBe("{b} {b} {constructor}");
});
