import { expect, test } from "vitest";
import type { InstanceSpec } from "../port.ts";
import { MadeAhead } from "./made-ahead.ts";

const SPEC = { id: "a" } as InstanceSpec;
const THERE = { made: true };

function place() {
  const look = Promise.withResolvers<void>();
  const made = Promise.withResolvers<typeof THERE>();
  let begun = 0;
  const ahead = new MadeAhead({ look: () => look.promise, make: () => (begun++, made.promise) });
  return { ahead, look, made, begun: () => begun };
}

test("who takes one during the look does not wait for it, and nothing is made any more", async () => {
  const { ahead, look, begun } = place();
  const making = ahead.make(SPEC);
  expect(await ahead.take("a")?.made).toBe("nothing");
  await making;
  look.resolve();
  await look.promise;
  expect([begun(), ahead.has("a")]).toEqual([0, false]);
});

test("who takes one that is being made waits for it", async () => {
  const { ahead, look, made } = place();
  const making = ahead.make(SPEC);
  look.resolve();
  await look.promise;
  const taken = ahead.take("a");
  made.resolve(THERE);
  expect(await taken?.made).toBe(THERE);
  await making;
  expect(ahead.take("a")).toBeUndefined();
});

test("one that could not be made is told of whoever has it: the one that took it, or else the one that made it", async () => {
  const late = place();
  const failing = late.ahead.make(SPEC);
  late.look.resolve();
  await expect.poll(late.begun).toBe(1);
  const its = late.ahead.take("a");
  late.made.reject(new Error("no"));
  expect(await its?.made).toBe("failed");
  await failing;

  const alone = place();
  alone.look.resolve();
  const refused = expect(alone.ahead.make(SPEC)).rejects.toThrow("no");
  alone.made.reject(new Error("no"));
  await refused;
  expect(alone.ahead.has("a")).toBe(false);
});
