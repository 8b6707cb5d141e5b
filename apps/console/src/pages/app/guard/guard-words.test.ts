import type { TrafficPolicy } from "@ebb/api";
import { expect, test } from "vitest";
import { en } from "../../../i18n/en.ts";
import { createFormat } from "../../../i18n/format.ts";
import { zh } from "../../../i18n/zh.ts";
import { guardWords } from "./guard-words.ts";

const none: TrafficPolicy = { deny: [], allow: [], rateLimits: [], affinity: null, ejection: null, retries: null };
const words = (part: Partial<TrafficPolicy>) => guardWords({ ...none, ...part }, en, createFormat("en"));

test.each<[Partial<TrafficPolicy>, string]>([
  [{ deny: [{ address: "203.0.113.0/24", note: "scraper" }] }, "403 for 203.0.113.0/24 (scraper)"],
  [{ deny: [{ header: "x-bad" }] }, "403 for whoever sends x-bad"],
  [
    { allow: [{ header: "x-key", match: { prefix: "a" } }] },
    "Let in: whoever sends x-key that begins with a; 403 for everybody not let in",
  ],
  [
    { rateLimits: [{ requests: 5, perSeconds: 60, by: "client", burst: 2 }] },
    "429 above 5 requests in 1 minute, counted for each address; 2 at once",
  ],
  [{ rateLimits: [{ requests: 1, perSeconds: 1, by: "client" }] }, "429 above 1 request in 1 second, counted for each address"],
  [{ affinity: { cookie: "c", seconds: 3600 } }, "A client stays with its version and instance for 1 hour, by the cookie c"],
  [
    { retries: { attempts: 2, perTrySeconds: 3, on: ["5xx"], budgetPercent: 20 } },
    "Up to 2 further attempts after 5xx, never of a POST or PATCH; at most 20 % of the requests at hand; each may take 3 seconds",
  ],
])("says what %j does", (part, expected) => {
  expect(words(part)).toEqual([expected]);
});

test("says nothing of what guards nothing, in either language", () => {
  expect(words({})).toEqual([]);
  expect(guardWords({ ...none, ejection: { errors: 5, seconds: 30, maxPercent: 50 } }, zh, createFormat("zh-CN"))).toHaveLength(1);
});
