import { describe, expect, test } from "vitest";
import { createFormat } from "./format.ts";

const now = Date.parse("2026-11-23T12:00:00Z");

describe("format", () => {
  test("durations change their unit where a reader would", () => {
    const { duration } = createFormat("en");
    expect([0, 820, 999, 1000, 59_949, 59_950, 125_400, 11_400_000].map(duration)).toEqual([
      "0 ms",
      "820 ms",
      "999 ms",
      "1.0 s",
      "59.9 s",
      "1 min 0 s",
      "2 min 5 s",
      "3 h 10 min",
    ]);
    expect(createFormat("zh-CN").duration(125_400)).toBe("2 分 5 秒");
  });

  test("the past is never in the future, whatever the clocks say", () => {
    const { ago } = createFormat("en");
    expect(ago("2026-11-23T12:00:03Z", now)).toBe("now");
    expect(ago("2026-11-23T11:59:20Z", now)).toBe("40 seconds ago");
    expect(ago("2026-11-23T10:10:00Z", now)).toBe("1 hour ago");
    expect(ago("2026-11-20T12:00:00Z", now)).toBe("3 days ago");
    expect(createFormat("zh-CN").ago("2026-11-23T11:57:00Z", now)).toBe("3分钟前");
  });

  test("spans, in the largest unit that leaves nothing over", () => {
    expect([1, 90, 120, 3600, 172_800].map(createFormat("en").span)).toEqual(["1 second", "90 seconds", "2 minutes", "1 hour", "2 days"]);
    expect(createFormat("zh-CN").span(3600)).toBe("1小时");
  });

  test("times by the clock of a zone", () => {
    expect(createFormat("en").inZone("2026-11-27T19:00:00Z", "Europe/Berlin")).toBe("Fri, Nov 27, 20:00");
  });

  test("days of the calendar, in whatever zone the reader is", () => {
    expect(createFormat("en").day("2026-11-23")).toBe("Nov 23, 2026");
    expect(createFormat("zh-CN").day("2026-11-23")).toBe("2026年11月23日");
  });

  test("sizes", () => {
    const { bytes } = createFormat("en");
    expect([900, 2048, 5 * 1024 * 1024].map(bytes)).toEqual(["900 B", "2.0 KB", "5.0 MB"]);
  });
});
