import { isIPv6 } from "node:net";
import { getSystemErrorName } from "node:util";
import type { TurnClock } from "./turn-clock.ts";
import type { Handle, Native, WriteRequest } from "./native.ts";
import type { Place, Places } from "./places.ts";
import { HIGH_WATER, NOBODY, type Wire, type WireEvents } from "./wire.ts";

/** All connections read here, one after the other: what a read brings is used, or copied, before the next one. */
const READ_BUFFER = Buffer.allocUnsafeSlow(64 * 1024);
/** What goes out is put together here. One that the kernel has not taken whole belongs to its write, and another takes its place. */
let writeBuffer = Buffer.allocUnsafeSlow(READ_BUFFER.length + 16 * 1024);
const END_OF_FILE = -4095;
/** What the first write to one says that was ended, and then reset; to one that was reset alone it says ECONNRESET. */
const AFTER_END = "EPIPE";

export interface HandleDeps {
  native: Native;
  clock: TurnClock;
}

/** A connection on the handle itself, without the stream machinery of net.Socket: that costs more than the rest of a request. */
export class HandleWire implements Wire {
  events: WireEvents = NOBODY;
  readonly remoteAddress: string;
  readonly secure = false;
  readonly #native: Native;
  readonly #clock: TurnClock;
  readonly #handle: Handle;
  /** Writes that the kernel has not taken whole yet. */
  #pending = 0;
  #wasFull = false;
  #lent = false;
  #reading = false;
  #peerEnded = false;
  #ended = false;
  /** Why nothing more can be written. */
  #unwritable: string | undefined;
  #gone = false;
  /** Of one that we began. */
  #place: Place | undefined;

  /** `handle` is connected; it is read from the next turn on. */
  constructor({ native, clock }: HandleDeps, handle: Handle, connected = true) {
    this.#native = native;
    this.#clock = clock;
    this.#handle = handle;
    const peer: { address?: string } = {};
    this.remoteAddress = connected && handle.getpeername(peer) === 0 ? (peer.address ?? "unknown") : "unknown";
    handle.onread = (memory) => this.#read(memory);
    if (connected) this.#opened();
  }

  static connect(deps: HandleDeps, places: Places, host: string, port: number): HandleWire {
    const wire = new HandleWire(deps, deps.native.newHandle(), false);
    wire.#place = places.enter(() => wire.#connect(host, port));
    return wire;
  }

  get roomy(): boolean {
    return !this.#wasFull;
  }
  get writable(): boolean {
    return this.#unwritable === undefined;
  }
  get waits(): boolean {
    return this.#place?.waits === true;
  }

  write(text: string, bytes?: Buffer): boolean {
    if (this.#gone || this.#unwritable !== undefined) return true;
    const handle = this.#handle;
    const request = (spare ??= this.#native.newWrite());
    const whole = bytes && assemble(text, bytes);
    const status = whole ? handle.writeBuffer(request, whole) : handle.writeLatin1String(request, text);
    if (status !== 0) process.nextTick(() => this.#cannotWrite(status));
    else if (this.#native.lastWriteWasAsync()) this.#wait(request, whole);
    return this.roomy;
  }

  pause(): void {
    if (!this.#reading || this.#gone) return;
    this.#reading = false;
    this.#handle.readStop();
  }

  resume(): void {
    if (this.#reading || this.#gone || this.#peerEnded) return;
    this.#reading = true;
    this.#handle.readStart();
  }

  end(): void {
    if (this.#ended || this.#gone) return;
    this.#ended = true;
    const request = this.#native.newShutdown();
    request.oncomplete = () => this.#closeIfDone();
    if (this.#handle.shutdown(request) !== 0) process.nextTick(() => this.destroy());
  }

  destroy(reason = "connection closed"): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#handle.close(() => this.events.closed(reason));
    this.#place?.leave();
  }

  reset(): void {
    if (this.#gone) return;
    this.#gone = true;
    const closed = () => this.events.closed("connection closed");
    // Refused while a shutdown is under way: then it closes without.
    if (this.#handle.reset(closed) !== 0) this.#handle.close(closed);
    this.#place?.leave();
  }

  lend(): void {
    if (this.#lent || this.#gone) return;
    this.#lent = true;
    this.#handle.useUserBuffer(READ_BUFFER);
  }

  #connect(host: string, port: number): void {
    const request = this.#native.newConnect();
    request.oncomplete = (status) => this.#connected(status);
    const status = isIPv6(host) ? this.#handle.connect6(request, host, port) : this.#handle.connect(request, host, port);
    if (status !== 0) process.nextTick(() => this.destroy(errorName(status)));
  }

  #connected(status: number): void {
    if (this.#gone) return;
    if (status !== 0) return this.destroy(errorName(status));
    this.#opened();
    this.events.connected?.();
  }

  #opened(): void {
    this.#handle.setNoDelay(true);
    this.resume();
  }

  #read(memory: ArrayBuffer | undefined): void {
    if (this.#gone) return;
    const count = this.#native.lastRead();
    if (count > 0) {
      this.#clock.begin();
      try {
        if (memory) this.events.read(Buffer.from(memory, this.#native.lastReadOffset(), count), count);
        else this.events.read(READ_BUFFER, count);
      } finally {
        this.#clock.end();
      }
    } else if (count === END_OF_FILE) {
      this.#peerEnded = true;
      this.#reading = false;
      // A reset is told once: to the write that failed by it. What looks like the end to the reads after it may be the middle.
      if (this.#unwritable === undefined || this.#unwritable === AFTER_END) this.events.ended();
      if (this.#unwritable === undefined) this.#closeIfDone();
      else this.destroy(this.#unwritable);
    } else if (count < 0) this.destroy(errorName(count));
  }

  #wait(request: WriteRequest, bytes: Buffer | undefined): void {
    spare = undefined;
    if (bytes?.buffer === writeBuffer.buffer) writeBuffer = Buffer.allocUnsafeSlow(writeBuffer.length);
    this.#pending++;
    if (this.#handle.writeQueueSize >= HIGH_WATER) this.#wasFull = true;
    request.bytes = bytes;
    request.oncomplete = (status) => {
      if (this.#gone) return;
      this.#pending--;
      if (status !== 0) return this.#cannotWrite(status);
      if (this.#pending > 0 || !this.#wasFull) return;
      this.#wasFull = false;
      this.events.drained();
    };
  }

  /**
   * What had come by then is read to its end: it may be an answer, from one who does not want to hear the rest (RFC 9112 §9.6). Whoever has paused it resumes it, or gives
   * it up. A client that has left must be known to have.
   */
  #cannotWrite(status: number): void {
    this.#unwritable ??= errorName(status);
    if (!this.#reading && !this.#place) return this.destroy(this.#unwritable);
    if (!this.#wasFull) return;
    // The rest is dropped: nobody needs to wait with it.
    this.#wasFull = false;
    this.events.drained();
  }

  #closeIfDone(): void {
    if (this.#ended && this.#peerEnded) this.destroy();
  }
}

function assemble(text: string, bytes: Buffer): Buffer {
  const length = text.length + bytes.length;
  const into = length <= writeBuffer.length ? writeBuffer : Buffer.allocUnsafeSlow(length);
  if (text !== "") into.write(text, "latin1");
  bytes.copy(into, text.length);
  return into.subarray(0, length);
}

/** A request that finished at once is used again: nearly all do. */
let spare: WriteRequest | undefined;

function errorName(status: number): string {
  return getSystemErrorName(status);
}
