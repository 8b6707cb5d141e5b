import { systemClock } from "@ebb/base";
import { expect, onTestFinished, test, vi } from "vitest";
import { createTransport } from "./transport.ts";
import { TurnClock } from "./turn-clock.ts";

test("Node's own bindings are what we know: the Node that Ebb ships is used at its best", () => {
  expect(createTransport("native", new TurnClock(systemClock)).kind).toBe("native");
});

test.each([
  ["are gone", undefined],
  ["have lost a class", { streamBaseState: new Int32Array(5), kReadBytesOrError: 0, kArrayBufferOffset: 1, kLastWriteWasAsync: 3 }],
  ["are something else", 7],
])("bindings that %s are not used", (_, binding) => {
  const holder = process as unknown as { binding(name: string): unknown };
  const spy = vi.spyOn(holder, "binding").mockImplementation(() => {
    if (binding === undefined) throw new Error("No such binding");
    return binding;
  });
  onTestFinished(() => spy.mockRestore());
  expect(createTransport("native", new TurnClock(systemClock)).kind).toBe("documented");
});
