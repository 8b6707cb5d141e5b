import { CODE, ConnectionError, FLAG, FRAME, FRAME_HEAD } from "./codes.ts";

/** A whole frame (RFC 9113 §4.1): its content is `bytes[from, to)`. One object is all frames of a connection in turn. */
export interface Frame {
  type: number;
  flags: number;
  stream: number;
  bytes: Buffer;
  from: number;
  to: number;
}

/** Leaves out of a frame's content its padding, and what HEADERS says of priorities. */
export function unpad(frame: Frame): void {
  const { type, flags, bytes, from, to } = frame;
  const isPadded = (flags & FLAG.padded) !== 0;
  if (isPadded && from === to) throw frameSizeError();
  const padding = isPadded ? (bytes[from] as number) : 0;
  const priority = type === FRAME.headers && (flags & FLAG.priority) !== 0 ? 5 : 0;
  const start = from + (isPadded ? 1 : 0) + priority;
  if (start + padding > to) throw protocolError("more padding than there is room for");
  frame.from = start;
  frame.to = to - padding;
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

/** Makes `frame` the one at `start`: a frame lasts for microseconds, and a call takes a dozen. */
export function readFrame(frame: Frame, bytes: Buffer, start: number): void {
  const from = start + FRAME_HEAD;
  frame.type = bytes[start + 3] as number;
  frame.flags = bytes[start + 4] as number;
  frame.stream = uint32(bytes, start + 5) & 0x7fffffff;
  frame.bytes = bytes;
  frame.from = from;
  frame.to = from + frameSize(bytes, start);
}
