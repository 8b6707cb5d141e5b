import { CODE, ConnectionError, FLAG, FRAME, FRAME_HEAD } from "./codes.ts";

/** A whole frame (RFC 9113 §4.1): its content is `bytes[from, to)`. */
export interface Frame {
  type: number;
  flags: number;
  stream: number;
  bytes: Buffer;
  from: number;
  to: number;
}

/** The content of a frame without its padding, and without what HEADERS says of priorities. */
export function unpadded({ type, flags, bytes, from, to }: Frame): { from: number; to: number } {
  const isPadded = (flags & FLAG.padded) !== 0;
  if (isPadded && from === to) throw frameSizeError();
  const padding = isPadded ? (bytes[from] as number) : 0;
  const priority = type === FRAME.headers && (flags & FLAG.priority) !== 0 ? 5 : 0;
  const start = from + (isPadded ? 1 : 0) + priority;
  if (start + padding > to) throw protocolError("more padding than there is room for");
  return { from: start, to: to - padding };
}

export function uint32(bytes: Buffer, at: number): number {
  return (
    (((bytes[at] as number) << 24) | ((bytes[at + 1] as number) << 16) | ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number)) >>> 0
  );
}

export function protocolError(message: string): ConnectionError {
  return new ConnectionError(CODE.protocolError, message);
}
export function frameSizeError(): ConnectionError {
  return new ConnectionError(CODE.frameSizeError, "a frame of the wrong size");
}
export function windowError(): ConnectionError {
  return new ConnectionError(CODE.flowControlError, "a window wider than allowed");
}

/** How many bytes the frame at `start` has behind its head. */
export function frameSize(bytes: Buffer, start: number): number {
  return ((bytes[start] as number) << 16) | ((bytes[start + 1] as number) << 8) | (bytes[start + 2] as number);
}

export function frameAt(bytes: Buffer, start: number, size: number): Frame {
  const from = start + FRAME_HEAD;
  return {
    type: bytes[start + 3] as number,
    flags: bytes[start + 4] as number,
    stream: uint32(bytes, start + 5) & 0x7fffffff,
    bytes,
    from,
    to: from + size,
  };
}
