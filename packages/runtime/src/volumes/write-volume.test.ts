import { mkdirSync, readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { join } from "node:path";
import { BugError } from "@ebb/base";
import { tempDir } from "@ebb/testkit";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { isInside, writePart, writeVolume } from "./write-volume.ts";

const folder = await tempDir("ebb-volume-");
afterAll(() => folder.remove());
let count = 0;
const fresh = () => join(folder.path, String(count++));
const file = (text: string, mode = 0o644) => ({ content: Buffer.from(text), mode });

describe("a volume's files", () => {
  test("change in one step: a reader who holds the old folder sees the old files until it is gone", () => {
    const at = fresh();
    writeVolume(at, { a: file("1"), "deep/b": file("1", 0o400) });
    const before = readlinkSync(join(at, "..data"));
    expect(statSync(join(at, "deep/b")).mode & 0o777).toBe(0o400);
    writeVolume(at, { a: file("2"), c: file("2") });
    expect(readlinkSync(join(at, "..data"))).not.toBe(before);
    expect(readdirSync(at).sort()).toEqual(["..data", readlinkSync(join(at, "..data")), "a", "c"].sort());
    expect([readlinkSync(join(at, "a")), readFileSync(join(at, "a"), "utf8")]).toEqual(["..data/a", "2"]);
  });

  test("that are the same are not touched; a changed mode is a change", () => {
    const at = fresh();
    writeVolume(at, { a: file("1") });
    const before = readlinkSync(join(at, "..data"));
    writeVolume(at, { a: file("1") });
    expect(readlinkSync(join(at, "..data"))).toBe(before);
    writeVolume(at, { a: file("1", 0o600) });
    expect(statSync(join(at, "a")).mode & 0o777).toBe(0o600);
  });

  test("after any changes, what can be read is what was written last", () => {
    const name = fc.constantFrom("a", "b", "c", "d");
    const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("/"));
    const files = fc
      .dictionary(path, fc.string(), { maxKeys: 4 })
      .filter((all) => Object.keys(all).every((one) => !Object.keys(all).some((other) => other.startsWith(`${one}/`))));
    fc.assert(
      fc.property(fc.array(files, { minLength: 1, maxLength: 4 }), (states) => {
        const at = fresh();
        for (const state of states) writeVolume(at, Object.fromEntries(Object.entries(state).map(([key, text]) => [key, file(text)])));
        const last = states.at(-1) ?? {};
        const there = readdirSync(at, { recursive: true, encoding: "utf8" }).filter((entry) => !entry.startsWith(".."));
        const read = there
          .filter((entry) => statSync(join(at, entry)).isFile())
          .map((entry) => [entry, readFileSync(join(at, entry), "utf8")]);
        expect(Object.fromEntries(read)).toEqual({ ...last });
      }),
      { numRuns: 40 },
    );
  });

  test.each(["../a", "a/../../b", "/etc/passwd", "..data/a", "a//b", "./a", "a\0b", ""])("never %j", (path) => {
    expect(isInside(path)).toBe(false);
    expect(() => writeVolume(fresh(), { [path]: file("x") })).toThrow(BugError);
  });

  test("a part of a volume is a file, a folder, or an empty folder, and replaced as a whole", () => {
    const files = { "app.conf": file("x"), "tls/key": file("k"), "tls/more/cert": file("c") };
    const at = fresh();
    mkdirSync(at);
    writePart(join(at, "file"), { files, subPath: "app.conf" });
    expect(readFileSync(join(at, "file"), "utf8")).toBe("x");
    writePart(join(at, "file"), { files, subPath: "tls" });
    expect(readFileSync(join(at, "file/more/cert"), "utf8")).toBe("c");
    writePart(join(at, "file"), { files, subPath: "absent" });
    expect(readdirSync(join(at, "file"))).toEqual([]);
  });
});
