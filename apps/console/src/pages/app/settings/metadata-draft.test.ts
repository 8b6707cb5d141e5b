import { expect, test } from "vitest";
import { badLabel, draftOf, patchOf } from "./metadata-draft.ts";

const APP = {
  description: "Sells",
  owner: "ann",
  serviceTag: "",
  level: "2",
  repository: "",
  contacts: ["a@x", "b@x"],
  labels: { tier: "web", "a/b": "x=y" },
};

test("what was typed is sent as what differs, lists by their lines", () => {
  const from = draftOf(APP);
  expect(patchOf(from, from)).toEqual({});
  expect(patchOf(from, { ...from, owner: " bob ", contacts: "b@x\n\n c@x", labels: `${from.labels}\nnew=` })).toEqual({
    owner: "bob",
    contacts: ["b@x", "c@x"],
    labels: { tier: "web", "a/b": "x=y", new: "" },
  });
});

test("a line that is no label is told", () => {
  const from = draftOf(APP);
  expect(badLabel(from)).toBeUndefined();
  expect(badLabel({ ...from, labels: "tier=web\nnonsense" })).toBe("nonsense");
});
