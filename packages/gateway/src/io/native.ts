/**
 * Node's own bindings for TCP, as far as they are used here (node's src/stream_base.cc, src/tcp_wrap.cc; lib/net.js shows their use).
 * They are not documented: docs/adr/0006 says what they bring, and `loadNative` refuses any that are not what we know.
 */
import type { Server } from "node:net";

interface Request {
  oncomplete: ((status: number) => void) | undefined;
}
export interface WriteRequest extends Request {
  /** Keeps what is being written from being collected. */
  bytes: Buffer | undefined;
}

/** A TCP handle. Numbers returned are 0, or a negative libuv error. */
export interface Handle {
  /** Called after each read with what was read into new memory, or with nothing when there is a user buffer. */
  onread: ((bytes: ArrayBuffer | undefined) => void) | undefined;
  readStart(): number;
  readStop(): number;
  useUserBuffer(buffer: Uint8Array): void;
  writeLatin1String(request: WriteRequest, text: string): number;
  writeBuffer(request: WriteRequest, bytes: Uint8Array): number;
  readonly writeQueueSize: number;
  shutdown(request: Request): number;
  close(callback: () => void): void;
  reset(callback: () => void): number;
  setNoDelay(on: boolean): number;
  getpeername(into: { address?: string }): number;
  connect(request: Request, address: string, port: number): number;
  connect6(request: Request, address: string, port: number): number;
}

export interface Native {
  newHandle(): Handle;
  newWrite(): WriteRequest;
  newShutdown(): Request;
  newConnect(): Request;
  /** What the last read brought: a count of bytes, or a negative libuv error. */
  lastRead(): number;
  lastReadOffset(): number;
  lastWriteWasAsync(): boolean;
}

interface StreamBinding {
  WriteWrap: new () => WriteRequest;
  ShutdownWrap: new () => Request;
  streamBaseState: Int32Array;
  kReadBytesOrError: number;
  kArrayBufferOffset: number;
  kLastWriteWasAsync: number;
}
interface TcpBinding {
  TCP: new (type: number) => Handle;
  TCPConnectWrap: new () => Request;
  constants: { SOCKET: number };
}

const METHODS = [
  "readStart",
  "readStop",
  "useUserBuffer",
  "writeLatin1String",
  "writeBuffer",
  "shutdown",
  "close",
  "reset",
  "setNoDelay",
  "getpeername",
  "connect",
  "connect6",
] as const;

/** Undefined where the bindings are not there, or not what we know. */
export function loadNative(): Native | undefined {
  try {
    const { binding } = process as unknown as { binding(name: string): unknown };
    const stream = binding("stream_wrap") as StreamBinding;
    const tcp = binding("tcp_wrap") as TcpBinding;
    const { WriteWrap, ShutdownWrap, streamBaseState: state } = stream;
    const { TCP, TCPConnectWrap, constants } = tcp;
    const indexes = [stream.kReadBytesOrError, stream.kArrayBufferOffset, stream.kLastWriteWasAsync];
    const classes = [WriteWrap, ShutdownWrap, TCP, TCPConnectWrap];
    if (!(state instanceof Int32Array) || indexes.some((index) => !(index >= 0 && index < state.length))) return undefined;
    if (classes.some((type) => typeof type !== "function") || !isHandle(TCP.prototype)) return undefined;
    const { kReadBytesOrError, kArrayBufferOffset, kLastWriteWasAsync } = stream;
    return {
      newHandle: () => new TCP(constants.SOCKET),
      newWrite: () => new WriteWrap(),
      newShutdown: () => new ShutdownWrap(),
      newConnect: () => new TCPConnectWrap(),
      lastRead: () => state[kReadBytesOrError] as number,
      lastReadOffset: () => state[kArrayBufferOffset] as number,
      lastWriteWasAsync: () => state[kLastWriteWasAsync] !== 0,
    };
  } catch {
    return undefined;
  }
}

function isHandle(value: unknown): value is Handle {
  const handle = value as Partial<Handle> | null;
  return METHODS.every((method) => typeof handle?.[method] === "function");
}

/**
 * Takes over the accepting of a server that listens: connections come as handles, and no net.Socket is made for them. False where that is
 * not possible.
 */
export function acceptHandles(server: Server, accept: (handle: Handle) => void): boolean {
  const listening = (server as unknown as { _handle?: { onconnection?: unknown } | null })._handle;
  if (typeof listening?.onconnection !== "function") return false;
  listening.onconnection = (status: number, handle: unknown) => {
    // Out of file descriptors, say: this connection is lost, the next may work.
    if (status === 0 && isHandle(handle)) accept(handle);
  };
  return true;
}
