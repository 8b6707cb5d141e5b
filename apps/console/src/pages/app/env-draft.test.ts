import { describe, expect, test } from "vitest";
import { mistakeOf, newRow, parseAssignments, patchOf, rowsOf, withAssignments } from "./env-draft.ts";

const stored = { A: "1", B: "2" };

describe("editing variables", () => {
  test("sends nothing while nothing differs, not even for an empty new row", () => {
    const rows = rowsOf(stored);
    expect(patchOf(stored, [...rows, newRow(rows)])).toEqual({});
  });

  test("sends what changed, what is new and what goes", () => {
    const rows = rowsOf(stored).map((row) => (row.name === "A" ? { ...row, value: "9" } : { ...row, removed: true }));
    expect(patchOf(stored, [...rows, { ...newRow(rows), name: "C", value: "" }])).toEqual({ A: "9", B: null, C: "" });
  });

  test("renaming removes the old name, also when another row takes it over", () => {
    const renamed = rowsOf(stored).map((row) => (row.name === "A" ? { ...row, name: "Z" } : row));
    expect(patchOf(stored, renamed)).toEqual({ A: null, Z: "1" });
    const swapped = rowsOf(stored).map((row) => ({ ...row, name: row.name === "A" ? "B" : "A" }));
    expect(patchOf(stored, swapped)).toEqual({ A: "2", B: "1" });
  });

  test("finds bad and repeated names, but not beside a removed row", () => {
    const rows = rowsOf(stored);
    const again = { ...newRow(rows), name: "A", value: "x" };
    expect(mistakeOf(again, [...rows, again])).toBe("twice");
    expect(mistakeOf(again, [...rows.map((row) => ({ ...row, removed: true })), again])).toBeNull();
    expect(mistakeOf({ ...again, name: "1A" }, rows)).toBe("bad-name");
    expect(mistakeOf({ ...again, name: "" }, rows)).toBe("bad-name");
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

  test("leaves any other text to the field it was pasted into", () => {
    expect(parseAssignments("just words = here")).toBeNull();
    expect(parseAssignments("A=1\nnot one")).toBeNull();
    expect(parseAssignments("# only a comment")).toBeNull();
  });

  test("overwrites known names, brings back removed ones, adds the others", () => {
    const rows = rowsOf(stored).map((row) => ({ ...row, removed: row.name === "B" }));
    const next = withAssignments(
      [...rows, newRow(rows)],
      [
        { name: "B", value: "3" },
        { name: "C", value: "4" },
      ],
    );
    expect(patchOf(stored, next)).toEqual({ B: "3", C: "4" });
    expect(new Set(next.map((row) => row.id)).size).toBe(next.length);
  });
});
