import { open, type FileHandle } from "node:fs/promises";
import { systemCode } from "@ebb/base";
import type { LogLine, LogOptions } from "../port.ts";
import { segmentNumbers, segmentPath, type LogFile } from "./log-file.ts";
import { RecordReader } from "./log-format.ts";

const CHUNK = 64 * 1024;
/** More than two full segments hold; keeps a careless `tail` from being a number without bound. */
const LONGEST_TAIL = 100_000;

/** What a reader needs of a log that is still being written. */
type LiveLog = Pick<LogFile, "ended" | "onChange">;

/**
 * The lines of the log in `folder`, oldest first; with `follow`, goes on until the log has ended or the signal is aborted. A reader that
 * is slower than the instance misses the segments that were dropped meanwhile; it holds up nobody.
 */
export async function* readLog(folder: string, live: LiveLog | undefined, options: LogOptions): AsyncGenerator<LogLine> {
  const isAborted = () => options.signal?.aborted === true;
  const cursor = new LogCursor(folder);
  const waiter = new ChangeWaiter(live, options.signal);
  const since = options.since ?? 0;
  try {
    if (options.tail !== undefined) yield* await lastLines(cursor, Math.min(options.tail, LONGEST_TAIL), since);
    while (!isAborted()) {
      // Asked before reading: a log that ended after this is read once more.
      const final = options.follow !== true || live === undefined || live.ended;
      for (let lines = await cursor.next(); lines !== undefined; lines = await cursor.next()) {
        for (const line of lines) if (line.time >= since) yield line;
        if (isAborted()) return;
      }
      if (final) break;
      await waiter.wait();
    }
    if (!isAborted()) for (const line of cursor.rest()) if (line.time >= since) yield line;
  } finally {
    waiter.close();
    await cursor.close();
  }
}

async function lastLines(cursor: LogCursor, count: number, since: number): Promise<LogLine[]> {
  let last: LogLine[] = [];
  for (let lines = await cursor.next(); lines !== undefined; lines = await cursor.next()) {
    last.push(...lines.filter((line) => line.time >= since));
    if (last.length > 2 * count) last = count === 0 ? [] : last.slice(-count);
  }
  return count === 0 ? [] : last.slice(-count);
}

/** Reads on from where it was, across segments. */
class LogCursor {
  readonly #folder: string;
  readonly #reader = new RecordReader();
  readonly #buffer = Buffer.allocUnsafe(CHUNK);
  #number = 0;
  #file: FileHandle | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The next lines; undefined when there is nothing more to read at present. */
  async next(): Promise<LogLine[] | undefined> {
    for (;;) {
      // Looked up before reading: when a newer segment exists already, an empty read means that this one is complete.
      const newer = segmentNumbers(this.#folder).find((number) => number > this.#number);
      const count = this.#file ? (await this.#file.read(this.#buffer, 0, CHUNK)).bytesRead : 0;
      if (count > 0) return this.#reader.lines(this.#buffer.subarray(0, count));
      if (newer === undefined) return undefined;
      await this.#advance(newer);
    }
  }

  rest(): LogLine[] {
    return this.#reader.rest();
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }

  async #advance(number: number): Promise<void> {
    await this.close();
    try {
      this.#file = await open(segmentPath(this.#folder, number), "r");
    } catch (error) {
      // Rotated away between listing and opening; the next listing has a newer one.
      if (systemCode(error) !== "ENOENT") throw error;
    }
    this.#number = number;
  }
}

/** Waits for a change or the abort; a change between two waits is not lost. */
class ChangeWaiter {
  #pending = false;
  #wake: (() => void) | undefined;
  readonly #stop: () => void;

  constructor(live: LiveLog | undefined, signal: AbortSignal | undefined) {
    const notify = () => {
      this.#pending = true;
      this.#wake?.();
    };
    const unsubscribe = live?.onChange(notify);
    signal?.addEventListener("abort", notify, { once: true });
    this.#stop = () => {
      unsubscribe?.();
      signal?.removeEventListener("abort", notify);
    };
  }

  async wait(): Promise<void> {
    if (!this.#pending) await new Promise<void>((resolve) => (this.#wake = resolve));
    this.#pending = false;
    this.#wake = undefined;
  }

  close(): void {
    this.#stop();
  }
}
