import fc from "fast-check";
import { expect, test } from "vitest";
import { previewName } from "./preview-name.ts";

test.each([
  ["login", "login"],
  ["feature/Login", "feature-login"],
  ["42-fix--it_", "fix-it"],
  ["feature/a-very-long-branch-name", "feature-a-very"],
  ["分支", "preview"],
])("%s is at %s", (branch, expected) => {
  const name = previewName(branch);
  expect(name === expected || name.replace(/-[0-9a-f]{4}$/, "") === expected).toBe(true);
});

test("any branch has a name that an environment can have, the same each time", () => {
  // As EnvironmentName has it.
  const pattern = /^[a-z]([-a-z0-9]{0,18}[a-z0-9])?$/;
  fc.assert(
    fc.property(fc.string({ minLength: 1, unit: "grapheme" }), (branch) => {
      expect(previewName(branch)).toMatch(pattern);
      expect(previewName(previewName(branch))).toBe(previewName(branch));
    }),
  );
});
