import type { TrafficPolicy } from "@ebb/api";
import { describe, expect, test } from "vitest";
import { draftOf, entryFault, isSound, newEntry, newLimit, patchOf, policyOf, USUAL, type DraftEntry } from "./guard-draft.ts";

const policy: TrafficPolicy = {
  deny: [{ address: "203.0.113.0/24", until: "2099-01-01T00:00:00Z", note: "scraper" }, { header: "x-bad" }],
  allow: [{ header: "x-key", match: { regex: "a+" } }],
  rateLimits: [
    { requests: 20, perSeconds: 1, by: "client" },
    { requests: 100, perSeconds: 60, burst: 5, by: { header: "x-key" } },
  ],
  affinity: USUAL.affinity,
  ejection: null,
  retries: null,
};

describe("editing a traffic policy", () => {
  test("gives what is there back as it was, and sends nothing of it", () => {
    expect(policyOf(draftOf(policy))).toEqual(policy);
    expect(patchOf(policy, policyOf(draftOf(policy)))).toEqual({});
    expect(
      patchOf({ ...policy, deny: [{ header: "x-bad", match: { present: true } }] }, { ...policy, deny: [{ header: "x-bad" }] }),
    ).toEqual({});
  });

  test("sends the parts that differ, whole", () => {
    const draft = draftOf(policy);
    const next = policyOf({ ...draft, deny: draft.deny.slice(1), affinity: null, ejection: { ...USUAL.ejection } });
    expect(patchOf(policy, next)).toEqual({ deny: [{ header: "x-bad" }], affinity: null, ejection: USUAL.ejection });
  });

  test("begins new rows with what is usual: nothing for an entry, which is then not complete", () => {
    const draft = { ...draftOf(policy), rateLimits: [newLimit([])] };
    expect(isSound(draft)).toBe(true);
    expect(isSound({ ...draft, allow: [newEntry(draft.allow)] })).toBe(false);
    expect(isSound({ ...draft, retries: { ...USUAL.retries, on: [] } })).toBe(false);
    expect(isSound({ ...draft, affinity: { cookie: "a b", seconds: 1 } })).toBe(false);
    expect(isSound({ ...draft, rateLimits: [{ ...newLimit([]), by: "header", header: "X-Key" }] })).toBe(false);
  });
});

const address = (text: string): DraftEntry => ({ ...newEntry([]), address: text });
const header = (name: string, part: Partial<DraftEntry> = {}): DraftEntry => ({ ...newEntry([]), kind: "header", header: name, ...part });

test.each<[DraftEntry, string | null]>([
  [address("192.0.2.1"), null],
  [address("10.0.0.0/8"), null],
  [address("2001:db8::/32"), null],
  [address("::ffff:192.0.2.1"), null],
  [address(""), "address"],
  [address("10.0.0.256"), "address"],
  [address("10.0.0.0/33"), "address"],
  [address("10.0.0.0/8/8"), "address"],
  [address("evil.example"), "address"],
  [address(":::"), "address"],
  [header("x-key"), null],
  [header("X-Key"), "header"],
  [header(""), "header"],
  [header("x", { is: "prefix", value: "a" }), null],
])("judges an entry: %j", (entry, fault) => {
  expect(entryFault(entry)).toBe(fault);
});
