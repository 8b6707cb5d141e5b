import { TransientError } from "@ebb/base";

/** The control frames of SPDY/3.1 that are used here, by their number. */
export const TYPE = { synStream: 1, synReply: 2, rstStream: 3, ping: 6, goAway: 7 } as const;
export const FIN = 1;
const VERSION = 3;
const HEADER = 8;
/** Clients send 32 KiB of data at once, and headers of a few words. */
const LARGEST_DATA = 1024 * 1024;
const LARGEST_CONTROL = 16 * 1024;

export type Frame =
  | { kind: "data"; stream: number; fin: boolean; body: Buffer }
  | { kind: "control"; type: number; flags: number; body: Buffer };

/** Frames as they come (SPDY/3.1 §2.2). Throws TransientError for what is no frame, or larger than it may be. */
export async function* readFrames(source: AsyncIterable<Buffer>): AsyncGenerator<Frame, void> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of source) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (rest.length >= HEADER) {
      const length = rest.readUIntBE(5, 3);
      const isControl = ((rest[0] ?? 0) & 0x80) !== 0;
      if (length > (isControl ? LARGEST_CONTROL : LARGEST_DATA)) throw broken("a frame is too large");
      if (rest.length < HEADER + length) break;
      yield frameOf(isControl, rest.subarray(0, HEADER), rest.subarray(HEADER, HEADER + length));
      rest = rest.subarray(HEADER + length);
    }
  }
}

function frameOf(isControl: boolean, header: Buffer, body: Buffer): Frame {
  const flags = header[4] ?? 0;
  if (!isControl) return { kind: "data", stream: header.readUInt32BE(0), fin: (flags & FIN) !== 0, body };
  if ((header.readUInt16BE(0) & 0x7fff) !== VERSION) throw broken("it is not SPDY/3.1");
  return { kind: "control", type: header.readUInt16BE(2), flags, body };
}

export function dataFrame(stream: number, body: Uint8Array, fin: boolean): Buffer {
  const header = Buffer.alloc(HEADER);
  header.writeUInt32BE(stream, 0);
  header[4] = fin ? FIN : 0;
  header.writeUIntBE(body.length, 5, 3);
  return Buffer.concat([header, body]);
}

export function controlFrame(type: number, body: Uint8Array): Buffer {
  const header = Buffer.alloc(HEADER);
  header.writeUInt16BE(0x8000 | VERSION, 0);
  header.writeUInt16BE(type, 2);
  header.writeUIntBE(body.length, 5, 3);
  return Buffer.concat([header, body]);
}

/** Of words of 32 bits, as most control frames are. */
export function words(...values: number[]): Buffer {
  const body = Buffer.alloc(4 * values.length);
  for (const [at, value] of values.entries()) body.writeUInt32BE(value, 4 * at);
  return body;
}

export function broken(why: string): TransientError {
  return new TransientError("spdy_broken", `the client's SPDY cannot be read: ${why}`);
}
