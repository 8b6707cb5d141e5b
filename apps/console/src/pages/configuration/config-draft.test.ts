import { describe, expect, test } from "vitest";
import {
  countOf,
  itemsOfApp,
  itemsOfLayer,
  mistakeOf,
  NO_EDITS,
  parseAssignments,
  patchOf,
  withAdded,
  withAssignments,
  withEdit,
} from "./config-draft.ts";

const items = itemsOfApp({
  fault: null,
  items: [
    { name: "A", kind: "variable", text: "1", value: "1", layer: "app", over: ["team"] },
    { name: "B", kind: "variable", text: "2", value: "2", layer: "team", over: [] },
    { name: "GONE", kind: "hidden", text: null, value: null, layer: "app", over: ["team"] },
    { name: "S", kind: "secret", text: null, value: null, layer: "app", over: [] },
  ],
});
const row = (name: string, value: string, kind: "variable" | "secret" = "variable") => ({ kind, name, value });

describe("editing configuration", () => {
  test("sends nothing while nothing differs: not for an empty new row, the value as it was, or a secret left empty", () => {
    let draft = withAdded(NO_EDITS, row("", ""));
    draft = withEdit(draft, "A", { act: "set", value: "1" });
    draft = withEdit(draft, "S", { act: "set", value: "" });
    expect(patchOf(items, draft)).toEqual({});
    expect(countOf(patchOf(items, draft))).toBe(0);
  });

  test("sends what changed, what is new, what goes and what layers above shall say again", () => {
    let draft = withEdit(NO_EDITS, "A", { act: "inherit" });
    draft = withEdit(draft, "B", { act: "remove" });
    draft = withEdit(draft, "GONE", { act: "inherit" });
    draft = withEdit(draft, "S", { act: "set", value: "new" });
    draft = withAdded(withAdded(draft, row("EMPTY", "")), row("TOKEN", "t", "secret"));
    const patch = patchOf(items, draft);
    expect(patch).toEqual({ variables: { B: null, EMPTY: "" }, secrets: { S: "new", TOKEN: "t" }, inherit: ["A", "GONE"] });
    expect(countOf(patch)).toBe(6);
    expect(patchOf(items, withEdit(NO_EDITS, "S", { act: "remove" }))).toEqual({ secrets: { S: null } });
  });

  test("keeps what was typed while what is there changes, and forgets an edit that is taken back", () => {
    const draft = withEdit(NO_EDITS, "B", { act: "set", value: "mine" });
    const meanwhile = items.map((item) => (item.name === "B" ? { ...item, text: "theirs", value: "theirs" } : item));
    expect(patchOf(meanwhile, draft)).toEqual({ variables: { B: "mine" } });
    expect(withEdit(draft, "B", null)).toEqual(NO_EDITS);
  });

  test("finds bad names, names that are there already, and secrets without a value", () => {
    const mistake = (name: string, value = "x", kind: "variable" | "secret" = "variable") => {
      const draft = withAdded(withAdded(NO_EDITS, row("C", "x")), row(name, value, kind));
      const added = draft.added[1];
      return added && mistakeOf(added, items, draft);
    };
    expect(mistake("1A")).toBe("bad-name");
    expect(mistake("")).toBe("bad-name");
    expect(mistake("", "")).toBeNull();
    expect(mistake("A")).toBe("twice");
    expect(mistake("C")).toBe("twice");
    expect(mistake("D", "", "secret")).toBe("no-value");
    expect(mistake("D", "")).toBeNull();
  });

  test("shows what a layer states by name, with who wrote it", () => {
    const one = { kind: "variable" as const, value: "x", updatedAt: "2026-11-23T09:00:00Z", updatedBy: "ada" };
    const shown = itemsOfLayer({
      layer: "team",
      items: [
        { ...one, name: "Z" },
        { ...one, name: "A" },
      ],
    });
    expect(shown.map(({ name }) => name)).toEqual(["A", "Z"]);
    expect(shown[0]).toMatchObject({ layer: "team", text: "x", updated: { by: "ada" } });
  });
});

describe("pasting a .env file", () => {
  test("understands export, comments, quotes and '=' within values", () => {
    const pasted = `# database\nexport URL=postgres://u:p@h/db?x=1\n\nNAME="a b"\r\nEMPTY=\nQUOTE='it"s'`;
    expect(parseAssignments(pasted)).toEqual([
      { name: "URL", value: "postgres://u:p@h/db?x=1" },
      { name: "NAME", value: "a b" },
      { name: "EMPTY", value: "" },
      { name: "QUOTE", value: 'it"s' },
    ]);
  });

  test("leaves any other paste alone", () => {
    expect(parseAssignments("just a word")).toBeNull();
    expect(parseAssignments("A=1\nand then")).toBeNull();
    expect(parseAssignments("# only a comment")).toBeNull();
  });

  test("overwrites what is known, also in a row of its own, and replaces an empty new row", () => {
    let draft = withAdded(withAdded(NO_EDITS, row("", "")), row("C", "old"));
    const assignments = [
      { name: "A", value: "9" },
      { name: "S", value: "8" },
      { name: "C", value: "7" },
      { name: "D", value: "6" },
    ];
    draft = withAssignments(items, draft, { kind: "secret", assignments });
    expect(patchOf(items, draft)).toEqual({ variables: { A: "9", C: "7" }, secrets: { S: "8", D: "6" } });
    expect(draft.added.map(({ name }) => name)).toEqual(["C", "D"]);
  });
});
