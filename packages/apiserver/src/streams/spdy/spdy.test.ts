import { PassThrough } from "node:stream";
import { duplexPair } from "node:stream";
import fc from "fast-check";
import { expect, test } from "vitest";
import { compressor, openStream } from "./client.fixture.ts";
import { DICTIONARY } from "./dictionary.ts";
import { controlFrame, dataFrame, readFrames, TYPE, words, type Frame } from "./frames.ts";
import { HeaderBlocks } from "./header-blocks.ts";
import { SpdySession } from "./session.ts";

test("the dictionary is the one that everybody has: zlib knows it by its Adler-32", () => {
  let [a, b] = [1, 0];
  for (const byte of DICTIONARY) {
    a = (a + byte) % 65_521;
    b = (b + a) % 65_521;
  }
  expect(b * 65_536 + a).toBe(0xe3c6a7c2);
});

const frame = fc.oneof(
  fc.record({ kind: fc.constant("data" as const), stream: fc.nat(2 ** 31 - 1), fin: fc.boolean(), body: fc.uint8Array({ maxLength: 30 }) }),
  fc.record({ kind: fc.constant("control" as const), type: fc.nat(20), body: fc.uint8Array({ maxLength: 30 }) }),
);

test("frames are read as they were written, however the stream is cut", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(frame, { maxLength: 6 }), fc.array(fc.nat(9), { maxLength: 40 }), async (frames, cuts) => {
      let rest = Buffer.concat(
        frames.map((one) => (one.kind === "data" ? dataFrame(one.stream, one.body, one.fin) : controlFrame(one.type, one.body))),
      );
      const pieces = cuts.map((cut) => {
        const piece = rest.subarray(0, cut);
        rest = rest.subarray(cut);
        return piece;
      });
      const read: Frame[] = [];
      const source = async function* () {
        yield* [...pieces, rest];
      };
      for await (const one of readFrames(source())) read.push({ ...one, body: Buffer.from(one.body) });
      expect(read).toEqual(frames.map((one) => ({ ...one, body: Buffer.from(one.body), ...(one.kind === "control" ? { flags: 0 } : {}) })));
    }),
  );
});

test.each([
  ["a data frame of 2 MiB", Buffer.from([0, 0, 0, 1, 0, 0x20, 0, 0])],
  ["a control frame of 64 KiB", Buffer.from([0x80, 3, 0, 1, 0, 1, 0, 0])],
  ["SPDY/2", Buffer.from([0x80, 2, 0, 1, 0, 0, 0, 0])],
])("%s is refused before it is there", async (_what, header) => {
  const source = async function* () {
    yield header;
  };
  await expect(readFrames(source()).next()).rejects.toThrow("SPDY cannot be read");
});

test("headers are read one block after the other; a bomb, and half a block, are refused", async () => {
  const compress = compressor();
  const blocks = new HeaderBlocks();
  expect(await blocks.read(await compress({ streamType: "error", port: "80" }))).toEqual(
    new Map(Object.entries({ streamtype: "error", port: "80" })),
  );
  expect(await blocks.read(await compress({ streamtype: "data", port: "80" }))).toEqual(
    new Map(Object.entries({ streamtype: "data", port: "80" })),
  );
  await expect(blocks.read(await compress({ bomb: "0".repeat(1_000_000) }))).rejects.toThrow("SPDY cannot be read");
  await expect(new HeaderBlocks().read(Buffer.from("no zlib"))).rejects.toThrow("cannot be decompressed");
});

test("streams are opened, answered and ended, pings come back, and what is no SPDY ends the connection", async () => {
  const [ours, theirs] = duplexPair();
  const got: string[] = [];
  const session = new SpdySession(ours, ({ headers, input, send, finish }) => {
    input.on("data", (chunk: Buffer) => got.push(chunk.toString()));
    input.on("end", () => void send(Buffer.from(`bye ${headers.get("port")}`)).then(finish));
  });
  const running = session.run();
  const compress = compressor();
  theirs.write(
    Buffer.concat([
      await openStream(compress, 1, { port: "80" }),
      dataFrame(1, Buffer.from("hello"), true),
      controlFrame(TYPE.ping, words(7)),
    ]),
  );
  const copy = new PassThrough();
  theirs.pipe(copy);
  const answers: string[] = [];
  for await (const one of readFrames(copy)) {
    answers.push(one.kind === "data" ? `${one.stream}:${one.body.toString()}${one.fin ? " fin" : ""}` : `type ${one.type}`);
    if (answers.length === 4) break;
  }
  expect(answers).toHaveLength(4);
  expect(answers).toEqual(expect.arrayContaining([`type ${TYPE.synReply}`, `type ${TYPE.ping}`, "1:bye 80", "1: fin"]));
  expect(got).toEqual(["hello"]);
  theirs.write("GET / HTTP/1.1\r\n\r\n");
  await running;
  expect(ours.destroyed).toBe(true);
});
