import { expect, test } from "vitest";
import { childName, generateName } from "./names.ts";

// The first four are the cases of knative.dev/pkg kmeta/names_test.go.
test.each([
  ["asdf", "-deployment", "asdf-deployment"],
  ["f".repeat(63), "-deployment", "ffffffffffffffffffff105d7597f637e83cc711605ac3ea4957-deployment"],
  ["f".repeat(63), "-deploy", "ffffffffffffffffffffffff105d7597f637e83cc711605ac3ea4957-deploy"],
  ["a".repeat(52), "-deployment", `${"a".repeat(52)}-deployment`],
])("childName(%s, %s)", (parent, suffix, expected) => {
  expect(childName(parent, suffix)).toBe(expected);
});

test("a suffix too long to stand beside the hash is hashed with the parent, and the rest is filled up with it", () => {
  const name = childName("short", `-${"s".repeat(70)}`);
  expect(name).toMatch(/^short[0-9a-f]{32}-s+$/);
  expect(name).toHaveLength(63);
  expect(childName("p".repeat(40), "s".repeat(31))).toMatch(/^p{31}[0-9a-f]{32}$/);
});

test("what is cut off at a separator does not end in one", () => {
  // 26 characters of parent and 32 of hash leave 5 of the suffix, the last of which is a dash.
  expect(childName("p".repeat(26), `abcd-${"s".repeat(60)}`)).toMatch(/^p{26}[0-9a-f]{32}abcd$/);
});

test("generated names leave room for their suffix", () => {
  expect(generateName("x".repeat(80), { suffix: (length) => "z".repeat(length) })).toBe(`${"x".repeat(58)}zzzzz`);
});
