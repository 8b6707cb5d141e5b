import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { gather } from "./gather.ts";

describe("gathered calls", () => {
  const begun: string[] = [];
  let ends: (() => void)[] = [];
  let tell: (key: string) => void;

  beforeEach(() => {
    vi.useFakeTimers();
    begun.length = 0;
    ends = [];
    tell = gather((key: string) => {
      begun.push(key);
      return new Promise<void>((resolve) => ends.push(resolve));
    }, 250);
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test("of a burst are one, a moment after the first", async () => {
    tell("apps");
    await vi.advanceTimersByTimeAsync(200);
    tell("apps");
    tell("app shop");
    await vi.advanceTimersByTimeAsync(50);
    expect(begun).toEqual(["apps"]);
    await vi.advanceTimersByTimeAsync(1000);
    expect(begun).toEqual(["apps", "app shop"]);
  });

  test("while it goes on are one more after it, not a new beginning", async () => {
    tell("apps");
    await vi.advanceTimersByTimeAsync(250);
    for (let i = 0; i < 10; i++) {
      tell("apps");
      await vi.advanceTimersByTimeAsync(250);
    }
    expect(begun).toEqual(["apps"]);
    ends[0]?.();
    await vi.advanceTimersByTimeAsync(250);
    expect(begun).toEqual(["apps", "apps"]);
    ends[1]?.();
    await vi.advanceTimersByTimeAsync(5000);
    expect(begun).toEqual(["apps", "apps"]);
  });

  test("are not held up for ever by one that hangs", async () => {
    tell("apps");
    await vi.advanceTimersByTimeAsync(300);
    tell("apps");
    await vi.advanceTimersByTimeAsync(11_000);
    expect(begun).toEqual(["apps", "apps"]);
    ends[0]?.();
    await vi.advanceTimersByTimeAsync(5000);
    expect(begun).toEqual(["apps", "apps"]);
  });
});
