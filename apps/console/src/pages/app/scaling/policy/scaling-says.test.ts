import type { ScalingPolicy } from "@ebb/api";
import { expect, test } from "vitest";
import { enPolicy } from "../../../../i18n/en-policy.ts";
import { createFormat } from "../../../../i18n/format.ts";
import { zhPolicy } from "../../../../i18n/zh-policy.ts";
import { DEFAULT } from "./scaling-draft.ts";
import { ownOf, scalingSays, sentencesOf, type Speech } from "./scaling-says.ts";

const english = { words: enPolicy, format: createFormat("en") };
const own = ownOf([
  { path: "port", value: "8080" },
  { path: "scaling.min", value: "1" },
  { path: "scaling.max", value: "0" },
  { path: "scaling.concurrency", value: "10" },
]);
const version = { name: "v2", own };
const said = (policy: ScalingPolicy, speech: Speech = english, of = version) => sentencesOf(scalingSays(policy, of, speech));
const policy: ScalingPolicy = {
  min: 1,
  max: 20,
  idle: "frozen",
  strategies: [
    { type: "concurrency", target: 10 },
    { type: "rps" },
    { type: "cron", start: "0 8 * * 1-5", end: "0 20 * * 1-5", timezone: "Europe/Berlin", replicas: 1 },
    { type: "lag", target: 100, url: "http://queue/waiting" },
  ],
};

test("says what is set, and one as one", () => {
  expect(said(policy)).toEqual([
    "At least 1 instance",
    "At most 20 instances",
    "By requests at once: 10 per instance",
    "By requests a second: per instance what the version says",
    "1 instance from “0 8 * * 1-5” to “0 20 * * 1-5” by the clocks of Europe/Berlin",
    "By waiting events, asked for at http://queue/waiting: 100 per instance",
    "While nobody asks the last instance is kept in memory, off the CPU",
  ]);
});

test("says what the version says where nothing is set, and no more where that is not known", () => {
  expect(own).toEqual({ min: 1, max: 0, concurrency: 10 });
  expect(said(DEFAULT)).toEqual([
    "At least what v2 says itself: 1",
    "At most what v2 says itself: no limit",
    "By requests at once, as v2 says itself: no more than 10 at once in an instance",
    "While nobody asks: what v2 says itself; usually nothing is kept",
  ]);
  expect(said(DEFAULT, english, { name: "v2", own: {} })).toContain("By what v2 says itself");
});

test("says all of it in Chinese too", () => {
  for (const sentence of said(policy, { words: zhPolicy, format: createFormat("zh-CN") })) expect(sentence).toMatch(/\p{Script=Han}/u);
});
