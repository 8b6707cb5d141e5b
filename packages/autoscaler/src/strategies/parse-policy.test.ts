import { describe, expect, test } from "vitest";
import { parseStrategies, policyOf } from "./parse-policy.ts";

describe("parseStrategies", () => {
  test("takes one of each", () => {
    const strategies = [
      { type: "concurrency" },
      { type: "rps", target: 50 },
      { type: "cpu", target: 70 },
      { type: "memory", target: 256 },
      { type: "cron", start: "0 8 * * *", end: "0 20 * * *", timezone: "Asia/Shanghai", replicas: 3 },
      { type: "lag", target: 10, lag: 0 },
      { type: "lag", target: 10, url: "http://127.0.0.1:9/lag" },
    ];
    expect(parseStrategies(JSON.stringify(strategies))).toEqual(strategies);
  });

  test.each<[string, unknown, RegExp]>([
    ["not JSON", "[", /is not JSON/],
    ["not an array", {}, /array of 1 to 16/],
    ["none", [], /array of 1 to 16/],
    ["too many", Array.from({ length: 17 }, () => ({ type: "rps" })), /array of 1 to 16/],
    ["an unknown type", [{ type: "luck" }], /strategies\[0\]\.type is not one of concurrency, rps/],
    ["a field of nobody's", [{ type: "rps", tarket: 1 }], /strategies\[0\]\.tarket is not a field of rps/],
    ["no target", [{ type: "rps" }, { type: "cpu" }], /strategies\[1\]\.target is not a number/],
    ["a target of 0", [{ type: "rps", target: 0 }], /at least 0.01/],
    ["no cron expression", [{ type: "cron", start: "8 o'clock", end: "0 20 * * *", replicas: 1 }], /"8 o'clock" in "UTC"/],
    ["no time zone", [{ type: "cron", start: "0 8 * * *", end: "0 20 * * *", timezone: "Moon/Base", replicas: 1 }], /Moon\/Base/],
    [
      "a time that never comes",
      [{ type: "cron", start: "0 8 * * *", end: "0 0 31 2 *", replicas: 1 }],
      /"0 0 31 2 \*" in "UTC" never comes/,
    ],
    ["a window without length", [{ type: "cron", start: "0 8 * * *", end: "0 8 * * *", replicas: 1 }], /starts and ends at the same time/],
    ["half an instance", [{ type: "cron", start: "0 8 * * *", end: "0 9 * * *", replicas: 1.5 }], /whole number/],
    ["lag from nowhere", [{ type: "lag", target: 1 }], /one of lag and url/],
    ["lag from two places", [{ type: "lag", target: 1, lag: 1, url: "http://a" }], /one of lag and url/],
    ["a file", [{ type: "lag", target: 1, url: "file:///etc/passwd" }], /http or https/],
    ["a password in a URL", [{ type: "lag", target: 1, url: "http://me:secret@a" }], /without a user/],
    ["an @ anywhere in a URL", [{ type: "lag", target: 1, url: "http://queue/?of=ann@example" }], /without a user/],
    ["what only a parser of URLs takes", [{ type: "lag", target: 1, url: "http:queue/x" }], /http or https URL/],
    ["more waiting than can be counted", [{ type: "lag", target: 1, lag: 2e15 }], /at most 1000000000000000/],
    ["a nickname", [{ type: "cron", start: "@daily", end: "0 9 * * *", replicas: 1 }], /start is not a text of 9 to 120/],
    ["more instances than there can be", [{ type: "cron", start: "0 8 * * *", end: "0 9 * * *", replicas: 100_001 }], /at most 100000/],
  ])("%s is refused", (_, value, message) => {
    expect(() => parseStrategies(typeof value === "string" ? value : JSON.stringify(value))).toThrow(message);
  });
});

describe("policyOf", () => {
  const key = (name: string) => `autoscaling.ebb.dev/${name}`;

  test("live annotations count before the version's own", () => {
    const own = { [key("min-scale")]: "1", [key("max-scale")]: "4" };
    expect(policyOf(own, { [key("min-scale")]: "2" })).toEqual({ min: 2, max: 4 });
  });

  test("what a Service keeps or wakes counts for the revisions that somebody is led to, the rest of it for all", () => {
    const cron = { type: "cron", start: "0 8 * * *", end: "0 9 * * *", timezone: "UTC", replicas: 20 };
    const live = {
      [key("min-scale")]: "20",
      [key("max-scale")]: "30",
      [key("strategies")]: JSON.stringify([{ type: "rps" }, cron]),
      [key("led-to")]: "shop-00001,shop-00003",
    };
    expect(policyOf({}, live, "shop-00003")).toEqual({ min: 20, max: 30, strategies: [{ type: "rps" }, cron] });
    expect(policyOf({}, live, "shop-00002")).toEqual({ max: 30, strategies: [{ type: "rps" }] });
    const { [key("led-to")]: _, ...all } = live;
    expect(policyOf({}, all, "shop-00002")).toMatchObject({ min: 20 });
    // Nothing is left: what the version says.
    expect(policyOf({}, { ...live, [key("strategies")]: JSON.stringify([cron]) }, "shop-00002")).toEqual({ max: 30 });
  });

  test("what the version says itself counts whoever is led to it, and where nothing of the Service's is left", () => {
    const cron = { type: "cron", start: "0 8 * * *", end: "0 9 * * *", timezone: "UTC", replicas: 20 };
    const own = {
      [key("min-scale")]: "2",
      [key("strategies")]: JSON.stringify([
        { type: "rps", target: 5 },
        { ...cron, replicas: 3 },
      ]),
    };
    const live = { [key("led-to")]: "shop-00003" };
    const its = {
      min: 2,
      strategies: [
        { type: "rps", target: 5 },
        { ...cron, replicas: 3 },
      ],
    };
    expect(policyOf(own, live, "shop-00002")).toEqual(its);
    const service = { ...live, [key("min-scale")]: "20", [key("strategies")]: JSON.stringify([cron]) };
    expect(policyOf(own, service, "shop-00002")).toEqual(its);
    expect(policyOf(own, service, "shop-00003")).toEqual({ min: 20, strategies: [cron] });
  });

  test("what the version keeps of itself gives way to the Service's bound, which else nobody would follow", () => {
    const own = { [key("min-scale")]: "5" };
    const live = { [key("min-scale")]: "1", [key("max-scale")]: "2", [key("led-to")]: "shop-00003" };
    expect(policyOf(own, live, "shop-00002")).toEqual({ min: 2, max: 2 });
    expect(policyOf(own, live, "shop-00003")).toEqual({ min: 1, max: 2 });
    expect(policyOf(own, { [key("max-scale")]: "2" })).toEqual({ min: 2, max: 2 });
    expect(policyOf(own, { ...live, [key("max-scale")]: "0" }, "shop-00002")).toEqual({ min: 5, max: 0 });
  });

  test.each<[string, Record<string, string>, RegExp]>([
    ["max below min", { [key("min-scale")]: "3", [key("max-scale")]: "2" }, /less than/],
    ["no number", { [key("min-scale")]: "some" }, /whole number/],
    ["no way to be idle", { [key("idle")]: "lukewarm" }, /none of cold, prepared and frozen/],
    ["bad strategies", { [key("strategies")]: "?" }, /not JSON/],
  ])("%s: nothing of it is followed, and it says why", (_, annotations, problem) => {
    expect(policyOf(annotations)).toEqual({ problem: expect.stringMatching(problem) as string });
  });

  test("max 0 is no limit", () => {
    expect(policyOf({ [key("min-scale")]: "3", [key("max-scale")]: "0" })).toEqual({ min: 3, max: 0 });
  });
});
