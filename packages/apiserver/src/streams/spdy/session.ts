import { once } from "node:events";
import { PassThrough, type Duplex, type Readable } from "node:stream";
import type { Clock } from "@ebb/base";
import { broken, controlFrame, dataFrame, FIN, readFrames, TYPE, words, type Frame } from "./frames.ts";
import { HeaderBlocks } from "./header-blocks.ts";

/** Two for each connection that is forwarded. */
const MOST_STREAMS = 512;
const REFUSED = 3;
/** Milliseconds between two pings, and the number of all of them; a server's are even. */
const PING_EVERY = 30_000;
const PING = 2;

/** A stream that the client has opened. */
export interface SpdyStream {
  headers: ReadonlyMap<string, string>;
  /** What the client sends, to its end; destroyed with the session. */
  input: Readable;
  /** Resolves when it has left; rejects when the client has gone. */
  send(chunk: Uint8Array): Promise<void>;
  /** Nothing more is sent; doing it twice does nothing. */
  finish(): void;
}

/**
 * The server's side of SPDY/3.1 as github.com/moby/spdystream speaks it, which is what Kubernetes' clients use: the client opens streams and is
 * answered, both send data, pings are answered. There is no flow control but that of the connection, as there.
 */
export class SpdySession {
  readonly #connection: Duplex;
  readonly #opened: (stream: SpdyStream) => void;
  readonly #headers = new HeaderBlocks();
  readonly #inputs = new Map<number, PassThrough>();

  constructor(connection: Duplex, opened: (stream: SpdyStream) => void) {
    this.#connection = connection;
    this.#opened = opened;
  }

  /** Serves until the connection ends; never throws. */
  async run(): Promise<void> {
    try {
      for await (const frame of readFrames(this.#connection as AsyncIterable<Buffer>)) {
        if (frame.kind === "control" && frame.type === TYPE.goAway) break;
        await this.#take(frame);
      }
    } catch {
      // It broke, or what came was no SPDY: all that can be done is to end it.
    }
    for (const input of this.#inputs.values()) input.destroy();
    this.#headers.close();
    this.#connection.destroy();
  }

  /** Makes the connection break when the client has gone without a word, also while nothing is read from it. */
  ping(): void {
    this.#write(controlFrame(TYPE.ping, words(PING))).catch(() => undefined);
  }

  async #take(frame: Frame): Promise<void> {
    if (frame.kind === "data") return this.#data(frame.stream, frame.body, frame.fin);
    const { type, flags, body } = frame;
    if (type === TYPE.synStream) return this.#open(body, (flags & FIN) !== 0);
    if (type === TYPE.ping) return this.#write(controlFrame(TYPE.ping, body));
    if (type === TYPE.rstStream && body.length >= 4) this.#drop(body.readUInt32BE(0));
  }

  async #open(body: Buffer, fin: boolean): Promise<void> {
    const FIXED = 10;
    if (body.length < FIXED) throw broken("a stream without a number");
    const id = body.readUInt32BE(0) & 0x7fffffff;
    const headers = await this.#headers.read(body.subarray(FIXED));
    if (this.#inputs.size >= MOST_STREAMS || this.#inputs.has(id)) return this.#write(controlFrame(TYPE.rstStream, words(id, REFUSED)));
    const input = new PassThrough();
    input.on("error", () => undefined);
    this.#inputs.set(id, input);
    if (fin) input.end();
    await this.#write(controlFrame(TYPE.synReply, Buffer.concat([words(id), await this.#headers.empty()])));
    let isFinished = false;
    this.#opened({
      headers,
      input,
      send: (chunk) => this.#write(dataFrame(id, chunk, false)),
      finish: () => {
        if (isFinished) return;
        isFinished = true;
        this.#write(dataFrame(id, new Uint8Array(), true)).catch(() => undefined);
        // Both sides are done, or will be when what is read is read.
        if (input.writableEnded) this.#inputs.delete(id);
        else input.once("finish", () => this.#inputs.delete(id));
      },
    });
  }

  async #data(id: number, body: Buffer, fin: boolean): Promise<void> {
    const input = this.#inputs.get(id);
    if (!input?.writable) return;
    if (body.length > 0 && !input.write(body)) await Promise.race([once(input, "drain"), once(input, "close")]);
    if (fin) input.end();
  }

  #drop(id: number): void {
    this.#inputs.get(id)?.destroy();
    this.#inputs.delete(id);
  }

  #write(bytes: Buffer): Promise<void> {
    return new Promise((resolve, reject) => this.#connection.write(bytes, (error) => (error ? reject(error) : resolve())));
  }
}

/** Runs a session on a connection of its own, watching over the client: resolves when either has ended. Never throws. */
export async function runSession(session: SpdySession, connection: Duplex, clock: Clock): Promise<void> {
  const closed = Promise.withResolvers<void>();
  connection.once("close", () => closed.resolve());
  const pings = clock.every(PING_EVERY, () => session.ping());
  await Promise.race([session.run(), closed.promise]);
  pings.cancel();
}
