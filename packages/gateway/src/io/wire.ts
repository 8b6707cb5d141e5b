/** What becomes of a connection, told to whoever owns it at the moment. After `closed` nothing more comes. */
export interface WireEvents {
  /** A connection that was asked for is there. */
  connected?(): void;
  /** The first `count` of these bytes were read. After `lend` they are the caller's for the time of this call only: the next read writes over them. */
  read(bytes: Buffer, count: number): void;
  /** All that was written has left, after a write that returned false. */
  drained(): void;
  /** The peer has sent its last byte. */
  ended(): void;
  closed(reason: string): void;
}

/**
 * One TCP connection: bytes in, bytes out. Half-open: the end of what the peer sends does not end what it is sent.
 *
 * Invariants: writes leave in the order in which they were made, also before `end`; no event comes during a call of a method; whatever is
 * written to a connection that has closed is dropped. One that we began, and whose peer takes no more, is read to its end before it closes, also when it is
 * paused meanwhile; a `net.Socket` closes at once. `ended` is never said of one that was reset.
 */
export interface Wire {
  events: WireEvents;
  /** Of the peer, "unknown" once it is gone. */
  readonly remoteAddress: string;
  /** Whether it is encrypted. */
  readonly secure: boolean;
  /** Whether more may be written now; if not, `drained` comes. */
  readonly roomy: boolean;
  /** False once its peer takes no more, though there may be something to read. */
  readonly writable: boolean;
  /** Whether it has not begun to connect, as there is no place for another (see `Places`). */
  readonly waits: boolean;
  /** Writes Latin-1 text, then bytes, in one system call where possible. The bytes may be lent. Returns `roomy`. */
  write(text: string, bytes?: Buffer): boolean;
  pause(): void;
  resume(): void;
  /** Closes our direction behind what was written; the connection closes when the peer has ended, too. */
  end(): void;
  /** Closes now. */
  destroy(reason?: string): void;
  /** Closes now, so that the peer sees a reset. */
  reset(): void;
  /** Allows to read into memory that is used again. */
  lend(): void;
}

/** What more than this waits in the process to be written, further writes should wait for. */
export const HIGH_WATER = 64 * 1024;

/** Before its owner is known. */
export const NOBODY: WireEvents = { read() {}, drained() {}, ended() {}, closed() {} };
