import { expect, test } from "vitest";
import fc from "fast-check";
import { demultiplex } from "./engine-frames.ts";

const frame = fc.record({ channel: fc.constantFrom("stdout" as const, "stderr" as const), text: fc.string({ maxLength: 20 }) });

function encode({ channel, text }: { channel: string; text: string }): Buffer {
  const bytes = Buffer.from(text);
  const header = Buffer.alloc(8);
  header[0] = channel === "stderr" ? 2 : 1;
  header.writeUInt32BE(bytes.length, 4);
  return Buffer.concat([header, bytes]);
}

test("each channel gets its bytes in order, however the stream is cut", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(frame, { maxLength: 8 }), fc.array(fc.nat(11), { maxLength: 30 }), async (frames, cuts) => {
      let rest = Buffer.concat(frames.map(encode));
      const pieces: Buffer[] = [];
      for (const cut of cuts) {
        pieces.push(rest.subarray(0, cut));
        rest = rest.subarray(cut);
      }
      pieces.push(rest);
      const got: Record<string, Buffer[]> = { stdout: [], stderr: [] };
      const source = async function* () {
        yield* pieces;
      };
      await demultiplex(source(), async (part, channel) => void got[channel]?.push(part));
      for (const channel of ["stdout", "stderr"]) {
        const sent = frames.filter((one) => one.channel === channel).map(({ text }) => text);
        expect(Buffer.concat(got[channel] ?? []).toString()).toBe(sent.join(""));
      }
    }),
  );
});
