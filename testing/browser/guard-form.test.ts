import { policyProblems } from "@ebb/kube";
import { expect, test } from "vitest";
import {
  draftOf,
  isSound,
  newEntry,
  policyOf,
  RETRY_ON,
  USUAL,
  type DraftEntry,
} from "../../apps/console/src/pages/app/guard/guard-draft.ts";

/** The console may not import what judges policies in the platform: here the two are held together. */
const nothing = draftOf({ deny: [], allow: [], rateLimits: [], affinity: null, ejection: null, retries: null });
const address = (text: string): DraftEntry => ({ ...newEntry([]), address: text });
const header = (name: string, part: Partial<DraftEntry> = {}): DraftEntry => ({ ...newEntry([]), kind: "header", header: name, ...part });

test.each([
  address("192.0.2.1"),
  address("10.0.0.0/8"),
  address("2001:db8::/32"),
  address("::ffff:192.0.2.1"),
  address(""),
  address("10.0.0.256"),
  address("10.0.0.0/33"),
  address("10.0.0.0/8/8"),
  address("evil.example"),
  address(":::"),
  header("x-key"),
  header("X-Key"),
  header(""),
  header("x", { is: "prefix", value: "a", until: "2099-01-01T00:00:00.000Z", note: "why" }),
])("the console's form judges an entry as the platform does: %j", (entry) => {
  const draft = { ...nothing, deny: [entry] };
  expect(policyProblems({ deny: policyOf(draft).deny }).length === 0).toBe(isSound(draft));
});

test("the console's form offers nothing that the platform would refuse", () => {
  const { affinity, ejection, retries } = policyOf({ ...nothing, ...USUAL, retries: { ...USUAL.retries, on: RETRY_ON } });
  expect(policyProblems({ affinity, ejection, retries })).toEqual([]);
});
