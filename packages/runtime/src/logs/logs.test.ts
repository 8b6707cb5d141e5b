import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { eventually, tempDir } from "@ebb/testkit";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import type { LogLine } from "../port.ts";
import { LogFile } from "./log-file.ts";
import { LONGEST_LINE, RecordReader, RecordWriter } from "./log-format.ts";
import { readLog } from "./read-log.ts";
import { WrittenLogs } from "./written-logs.ts";

function through(chunks: readonly Buffer[]): string[] {
  const writer = new RecordWriter("stdout");
  const reader = new RecordReader();
  const lines = chunks.flatMap((chunk) => reader.lines(writer.records(chunk, 7)));
  return [...lines, ...reader.lines(writer.finish(8)), ...reader.rest()].map((line) => line.text);
}

describe("log records", () => {
  it("give back the lines, however the stream was cut and whatever bytes it had", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 8 }), (chunks) => {
        const whole = Buffer.concat(chunks);
        const expected = whole.toString("latin1").split("\n");
        if (expected.at(-1) === "") expected.pop();
        expect(through(chunks.map((chunk) => Buffer.from(chunk)))).toEqual(
          expected.map((line) => Buffer.from(line, "latin1").toString("utf8")),
        );
      }),
    );
  });

  it.each([LONGEST_LINE - 1, LONGEST_LINE, LONGEST_LINE + 1, 3 * LONGEST_LINE])("split a line of %i bytes, and add nothing", (length) => {
    for (const size of [length, 1000, 65_536]) {
      const text = Buffer.from(`${"a".repeat(length)}\nnext\n`);
      const chunks: Buffer[] = [];
      for (let at = 0; at < text.length; at += size) chunks.push(text.subarray(at, at + size));
      const lines = through(chunks);
      expect(lines.at(-1)).toBe("next");
      expect(lines.slice(0, -1).join("")).toBe("a".repeat(length));
      expect(lines.length - 1).toBe(Math.ceil(length / LONGEST_LINE));
    }
  });

  it("are not split within a character", () => {
    const lines = through([Buffer.from("€".repeat(LONGEST_LINE))]);
    expect(lines.join("")).toBe("€".repeat(LONGEST_LINE));
  });

  it("skip what is not a record, such as the torn end of a file", () => {
    const reader = new RecordReader();
    expect(reader.lines(Buffer.from("garbage\n\n5 x y\n5 o fine\n")).map(({ text }) => text)).toEqual(["fine"]);
  });
});

describe("log file", () => {
  async function make(maxBytes: number): Promise<LogFile> {
    const folder = await tempDir();
    onTestFinished(() => folder.remove());
    return new LogFile(join(folder.path, "log"), maxBytes);
  }
  const size = (file: LogFile) => readdirSync(file.folder).reduce((sum, name) => sum + statSync(join(file.folder, name)).size, 0);
  async function collect(lines: AsyncIterable<LogLine>): Promise<string[]> {
    const texts: string[] = [];
    for await (const line of lines) texts.push(line.text);
    return texts;
  }

  it("never takes more than its allowance, and keeps the newest", async () => {
    const file = await make(10_000);
    const writer = new RecordWriter("stdout");
    for (let at = 0; at < 5000; at++) {
      file.append(writer.records(Buffer.from(`line ${at}\n`), at));
      if (at % 100 === 0) expect(size(file)).toBeLessThanOrEqual(10_000);
    }
    file.end();
    const lines = await collect(readLog(file.folder, file, {}));
    expect(lines.length).toBeGreaterThan(200);
    expect(lines).toEqual(lines.map((_, at) => `line ${5000 - lines.length + at}`));
  });

  it("goes on where an earlier Ebb stopped, in the middle of a line too", async () => {
    const file = await make(10_000);
    file.append(new RecordWriter("stdout").records(Buffer.from("one\ntw"), 1));
    file.close();
    const again = new LogFile(file.folder, 10_000);
    again.append(new RecordWriter("stdout").records(Buffer.from("o\nthree\n"), 2));
    expect(await collect(readLog(again.folder, again, {}))).toEqual(["one", "two", "three"]);
  });

  it("lets a follower read across rotations, and ends with the log", async () => {
    const file = await make(100_000);
    const seen = collect(readLog(file.folder, file, { follow: true }));
    const writer = new RecordWriter("stderr");
    for (let at = 0; at < 3000; at++) {
      file.append(writer.records(Buffer.from(`line ${at}\n`), at));
      // The follower gets its turn.
      if (at % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    }
    file.end();
    expect(await seen).toEqual(Array.from({ length: 3000 }, (_, at) => `line ${at}`));
  });

  it("has no lines where there is no log", async () => {
    expect(await collect(readLog("/no/such/folder", undefined, {}))).toEqual([]);
  });
});

describe("what Ebb writes of instances itself", () => {
  async function make() {
    const folder = await tempDir();
    onTestFinished(() => folder.remove());
    const logs = new WrittenLogs(join(folder.path, "written"), 10_000);
    const texts = async (id: string, tail?: number) =>
      (await Array.fromAsync(logs.read(id, tail === undefined ? {} : { tail }))).map(({ text }) => text);
    return { logs, texts, path: join(folder.path, "written") };
  }
  const lines = (...texts: string[]) => texts.map((text, time) => ({ time, text }));

  it("is read back by instance, also by the next Ebb, and is nobody's else", async () => {
    const { logs, texts, path } = await make();
    logs.append("shop-1", lines("one", "two"));
    logs.append("shop-2", lines("other"));
    expect([await texts("shop-1"), await texts("shop-1", 1), await texts("shop-2"), await texts("none")]).toEqual([
      ["one", "two"],
      ["two"],
      ["other"],
      [],
    ]);
    const next = new WrittenLogs(path);
    next.append("shop-1", lines("three"));
    expect((await Array.fromAsync(next.read("shop-1", {}))).map(({ text }) => text)).toEqual(["one", "two", "three"]);
    expect(statSync(join(path, "shop-1")).mode & 0o077).toBe(0);
  });

  it("a follower reads on until the instance is forgotten, and then nothing is left of it", async () => {
    const { logs, path } = await make();
    const seen: string[] = [];
    const follower = (async () => {
      for await (const { text } of logs.read("shop-1", { follow: true })) seen.push(text);
    })();
    logs.append("shop-1", lines("one"));
    logs.append("shop-2", lines("other"));
    logs.append("shop-1", lines("two"));
    await eventually(() => seen.length === 2);
    logs.keepOnly(new Set(["shop-2"]));
    await follower;
    expect(seen).toEqual(["one", "two"]);
    expect(readdirSync(path)).toEqual(["shop-2"]);
  });

  it.each(["../x", "a/b", "", "."])("an id that is none makes no file: %j", async (id) => {
    const { logs } = await make();
    expect(() => logs.append(id, lines("x"))).toThrow("is no instance's id");
  });
});
