import type { Domain } from "@ebb/api";
import { expect, test } from "vitest";
import { toneOf } from "./tone.ts";

const problem = { code: "certificate_expiring", message: "", hint: "", retryAt: null };

test.each([
  ["live", null, "good"],
  ["live", problem, "bad"],
  ["failed", problem, "bad"],
  ["pending-verification", problem, "calm"],
  ["verified", problem, "busy"],
  ["certificate-pending", null, "busy"],
] satisfies [Domain["state"], Domain["problem"], string][])("%s with %o looks %s", (state, of, tone) =>
  expect(toneOf({ state, problem: of })).toBe(tone),
);
