import fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalJson, ChainCheck, GENESIS, hashOf, PRUNED, type AuditRow, type Breach, type Head } from "./chain.ts";

function trail(count: number): AuditRow[] {
  const rows: AuditRow[] = [];
  for (let seq = 1; seq <= count; seq++) append(rows, { action: "app.changed", after: { n: seq, name: `é${seq}` } });
  return rows;
}

function append(rows: AuditRow[], change: { action: string; after: unknown }): void {
  const last = rows.at(-1);
  const body = {
    seq: (last?.seq ?? 0) + 1,
    time: 1_700_000_000_000 + rows.length,
    actor: "ann",
    credential: "s1",
    address: "127.0.0.1",
    client: "ebb",
    object: "app/hello",
    team: "default",
    before: null,
    request: "r1",
    previous: last?.hash ?? GENESIS,
    ...change,
  };
  rows.push({ ...body, hash: hashOf(body) });
}

function verify(rows: readonly AuditRow[], head: Head, known?: Head): Breach | undefined {
  const check = new ChainCheck(known);
  for (const row of rows) check.add(row);
  return check.end(head);
}

const headOf = (rows: readonly AuditRow[]): Head => ({ seq: rows.at(-1)?.seq ?? 0, hash: rows.at(-1)?.hash ?? GENESIS });

test("a trail as it was written is whole, also an empty one", () => {
  expect(verify([], headOf([]))).toBeUndefined();
  expect(verify(trail(20), headOf(trail(20)))).toBeUndefined();
});

test("canonical JSON does not depend on the order of keys, and leaves out what is undefined", () => {
  expect(canonicalJson({ b: [1, { d: null, c: "é\n" }], a: undefined })).toBe(`{"b":[1,{"c":"é\\n","d":null}]}`);
});

const fields = [
  "time",
  "actor",
  "credential",
  "address",
  "client",
  "action",
  "object",
  "team",
  "before",
  "after",
  "request",
  "previous",
  "hash",
] as const;

test("any edit, removal, exchange, repetition or insertion is found", () => {
  const at = fc.nat(29);
  const tampering = fc.oneof(
    fc.record({ what: fc.constant("edit" as const), at, field: fc.constantFrom(...fields) }),
    fc.record({ what: fc.constant("rehash" as const), at, field: fc.constantFrom(...fields.filter((field) => field !== "hash")) }),
    fc.record({ what: fc.constantFrom("remove" as const, "repeat" as const, "truncate" as const, "swap" as const), at, with: at }),
  );
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 30 }), tampering, (count, how) => {
      const rows = trail(count);
      const head = headOf(rows);
      const index = how.at % count;
      const row = rows[index];
      if (!row) return;
      if (how.what === "edit" || how.what === "rehash") {
        const value = how.field === "time" ? row.time + 1 : how.field === "before" ? { was: 1 } : "0123";
        const edited = { ...row, [how.field]: value };
        rows[index] = how.what === "rehash" ? { ...edited, hash: hashOf(edited) } : edited;
      } else if (how.what === "remove") rows.splice(index, 1);
      else if (how.what === "repeat") rows.splice(index, 0, row);
      else if (how.what === "truncate") rows.splice(index);
      else {
        const other = rows[how.with % count];
        if (!other || other === row) return;
        [rows[index], rows[how.with % count]] = [other, row];
      }
      const breach = verify(rows, head);
      expect(breach).toBeDefined();
      // The place is told: no later than the row behind the one that was touched.
      if (how.what === "edit") expect(breach?.seq).toBeLessThanOrEqual(row.seq + 1);
    }),
    { numRuns: 500 },
  );
});

test("what retention removed is not missed, what somebody else removed is", () => {
  const rows = trail(10);
  const fifth = rows[4];
  if (!fifth) throw new Error("no fifth row");
  append(rows, { action: PRUNED, after: { seq: fifth.seq, hash: fifth.hash } });
  append(rows, { action: "app.changed", after: {} });
  expect(verify(rows.slice(5), headOf(rows))).toBeUndefined();
  expect(verify(rows.slice(6), headOf(rows))?.message).toContain("begins at row 7");
  expect(verify(rows.slice(4), headOf(rows))?.message).toContain("begins at row 5");
  const without = trail(10);
  expect(verify(without.slice(5), headOf(without))?.message).toContain("begins at row 6");
});

test("a head that was noted must be in the trail, or be the one that retention removed up to", () => {
  const rows = trail(6);
  append(rows, { action: PRUNED, after: headOf(rows.slice(0, 4)) });
  const kept = rows.slice(4);
  const at = (seq: number) => headOf(rows.slice(0, seq));
  const verdict = (known: Head) => verify(kept, headOf(rows), known)?.message;
  expect([at(0), at(4), at(5), at(7)].map(verdict)).toEqual([undefined, undefined, undefined, undefined]);
  expect(verdict(at(3))).toBe("row 3, whose hash you noted, was removed by retention: note a newer one");
  for (const seq of [4, 6, 9]) expect(verdict({ seq, hash: "0".repeat(64) })).toBe(`row ${seq} is not the one whose hash you noted`);
});
