import { expect, test } from "vitest";
import { CallSlots } from "./call-slots.ts";

test("as many as there are slots run at once, the others in order, and who waits too long leaves the queue", async () => {
  const slots = new CallSlots(1);
  const never = new AbortController();
  const patience = new AbortController();
  const first = Promise.withResolvers<string>();
  const order: string[] = [];
  const note = (name: string) => async () => {
    order.push(name);
    return name;
  };
  const a = slots.run(never.signal, async () => {
    order.push("a");
    return first.promise;
  });
  const b = slots.run(patience.signal, note("b"));
  const c = slots.run(never.signal, note("c"));
  patience.abort(new Error("too long"));
  await expect(b).rejects.toThrow("too long");
  expect(order).toEqual(["a"]);
  first.resolve("a");
  expect(await Promise.all([a, c])).toEqual(["a", "c"]);
  expect(order).toEqual(["a", "c"]);
});
