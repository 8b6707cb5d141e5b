import { describe, expect, test } from "vitest";
import { strategyOption, strategyText } from "./strategy-option.ts";

describe("strategyOption", () => {
  test.each([
    ["concurrency", { type: "concurrency" }],
    ["rps=50", { type: "rps", target: 50 }],
    ["cpu=70", { type: "cpu", target: 70 }],
    ["memory=256", { type: "memory", target: 256 }],
    ["lag=100@http://queue:9000/waiting?q=a@b", { type: "lag", target: 100, url: "http://queue:9000/waiting?q=a@b" }],
    [
      "cron=*/5 8 * * 1-5; 0 20 * * 1-5; Europe/Berlin; 3",
      { type: "cron", start: "*/5 8 * * 1-5", end: "0 20 * * 1-5", timezone: "Europe/Berlin", replicas: 3 },
    ],
    ['{"type":"lag","target":1,"lag":7}', { type: "lag", target: 1, lag: 7 }],
  ])("%s, and back", (text, strategy) => {
    expect(strategyOption(text)).toEqual(strategy);
    expect(strategyOption(strategyText(strategyOption(text)))).toEqual(strategy);
  });

  test.each(["luck", "cpu", "cpu=", "rps=0", "rps=many", "lag=5", "cron=0 8 * * *; 0 20 * * *; UTC; 0", "cron=a;b", "{"])(
    "%s is refused",
    (text) => expect(() => strategyOption(text)).toThrow(/not a strategy/),
  );
});
