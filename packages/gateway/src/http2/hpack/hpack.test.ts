import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { HpackDecoder } from "./decoder.ts";
import { HpackEncoder } from "./encoder.ts";

const LIMITS = { listBytes: 64 * 1024, fields: 200 };
const hex = (text: string) => Buffer.from(text.replaceAll(" ", ""), "hex");
const read = (decoder: HpackDecoder, bytes: Buffer) => decoder.decode(bytes, 0, bytes.length).pairs;

describe("the examples of RFC 7541, appendix C", () => {
  const REQUESTS = [
    [":method", "GET", ":scheme", "http", ":path", "/", ":authority", "www.example.com"],
    [":method", "GET", ":scheme", "http", ":path", "/", ":authority", "www.example.com", "cache-control", "no-cache"],
    [":method", "GET", ":scheme", "https", ":path", "/index.html", ":authority", "www.example.com", "custom-key", "custom-value"],
  ];
  test.each([
    [
      "without Huffman's code (C.3)",
      [
        "828684410f7777772e6578616d706c652e636f6d",
        "828684be58086e6f2d6361636865",
        "828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565",
      ],
    ],
    [
      "with it (C.4)",
      ["828684418cf1e3c2e5f23a6ba0ab90f4ff", "828684be5886a8eb10649cbf", "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf"],
    ],
  ])("%s", (_sentence, blocks) => {
    const decoder = new HpackDecoder(LIMITS);
    expect(blocks.map((block) => read(decoder, hex(block)))).toEqual(REQUESTS);
  });
});

test.each([
  ["an index of nothing", "80"],
  ["an index beyond the table", "be"],
  ["a number that does not end", "ff ff"],
  ["a number that is too large", "ff ff ff ff ff ff 0f"],
  ["a text longer than its block", "00 05 61"],
  ["a name without a value", "00 01 61"],
  ["a table larger than allowed", "3f e2 1f"],
  ["a table size behind a field", "82 20"],
  ["padding of eight bits", "00 01 61 82 1f ff"],
  ["padding that is not of ones", "00 01 61 81 18"],
  ["EOS", "00 01 61 84 ff ff ff ff"],
])("%s ends the connection", (_sentence, block) => {
  expect(() => read(new HpackDecoder(LIMITS), hex(block))).toThrow(/HPACK/);
});

test("a list that grows too large out of few bytes is cut, takes no memory, and the table stays right", () => {
  const decoder = new HpackDecoder(LIMITS);
  const value = "v".repeat(3000);
  read(decoder, Buffer.concat([hex("40 01 61 7f b9 16"), Buffer.from(value)]));
  const bomb = Buffer.alloc(10_000, 0xbe);
  const list = decoder.decode(bomb, 0, bomb.length);
  expect(list.isTooLarge).toBe(true);
  expect(list.pairs.length).toBeLessThan(50);
  expect(read(decoder, hex("be"))).toEqual(["a", value]);
});

test("a block that came twice gives the same list while the table is as it was, and another one afterwards", () => {
  const decoder = new HpackDecoder(LIMITS);
  read(decoder, hex("40 01 61 01 62"));
  const [first, second, third] = [read(decoder, hex("be")), read(decoder, hex("be")), read(decoder, hex("be"))];
  expect(first).toEqual(["a", "b"]);
  expect(third).toBe(second);
  read(decoder, hex("40 01 61 01 63"));
  expect(read(decoder, hex("be"))).toEqual(["a", "c"]);
});

const name = fc.constantFrom("a", "x-long-name", "content-type", "cookie", "x-request-id", "Accept", "SERVER");
const value = fc.oneof(
  fc.constantFrom("", "1", "text/html", "v".repeat(900), "w".repeat(1200)),
  fc.string({ unit: "grapheme-ascii", maxLength: 40 }),
);
const block = fc.record({
  path: fc.constantFrom("/", "/a", "/index.html", "/b?c"),
  lines: fc.array(fc.tuple(name, value), { maxLength: 12 }),
  table: fc.option(fc.constantFrom(0, 100, 2000, 4096, 65_536), { freq: 5 }),
});

test("property: what one side writes the other reads, whatever came before, and whatever becomes of the table's size", () => {
  fc.assert(
    fc.property(fc.array(block, { maxLength: 12 }), (blocks) => {
      const encoder = new HpackEncoder();
      const decoder = new HpackDecoder(LIMITS);
      for (const { path, lines, table } of [...blocks, ...blocks]) {
        if (table !== null) encoder.limit(table);
        encoder.begin();
        encoder.pseudo(":path", path);
        encoder.status(200);
        encoder.status(418);
        encoder.lines(lines.map(([key, text]) => `${key}: ${text}\r\n`).join(""));
        const { bytes, length } = encoder.block;
        const expected = lines.flatMap(([key, text]) => [key.toLowerCase(), text.trim()]);
        expect(decoder.decode(Buffer.from(bytes.subarray(0, length)), 0, length).pairs).toEqual([
          ":path",
          path,
          ":status",
          "200",
          ":status",
          "418",
          ...expected,
        ]);
      }
    }),
  );
});

test("property: any bytes are read or refused", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 4 }), (blocks) => {
      const decoder = new HpackDecoder(LIMITS);
      for (const bytes of blocks) {
        try {
          for (const text of read(decoder, Buffer.from(bytes))) expect(typeof text).toBe("string");
        } catch (error) {
          expect((error as Error).message).toMatch(/HPACK/);
          return;
        }
      }
    }),
  );
});
