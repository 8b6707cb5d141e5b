import { closeSync, constants, openSync, readSync } from "node:fs";
import { Socket } from "node:net";
import { systemCode, type Clock, type Logger, type Timer } from "@ebb/base";
import type { LogFile } from "../logs/log-file.ts";
import { RecordWriter } from "../logs/log-format.ts";
import type { LogLine } from "../port.ts";

/** A pipe's capacity on Linux. One buffer for all pumps: each chunk is written before the next is read. */
const shared = Buffer.allocUnsafe(64 * 1024);

/** What one instance may write into its log in a second before its pipe is left full for the rest of it: no instance takes Ebb's time from the others. */
const BUDGET_BYTES = 2 * 1024 * 1024;
const BUDGET_PERIOD = 1000;
/** More than what two pipes hold; only an instance that still writes has more. */
const LARGEST_REST = 1024 * 1024;

interface PumpOptions {
  fifos: Record<LogLine["stream"], string>;
  file: LogFile;
  clock: Clock;
  log: Logger;
}

/**
 * Moves an instance's output from its FIFOs into its log.
 *
 * The FIFOs are opened for reading and writing here and in the instance: each holds a reader, so the instance never sees EPIPE when Ebb
 * dies; it waits when a pipe is full, and what is in a pipe is there for the next Ebb.
 */
export class OutputPump {
  readonly #options: PumpOptions;
  readonly #sources: { path: string; writer: RecordWriter; socket: Socket }[];
  #spent = 0;
  #timer: Timer | undefined;
  #paused = false;
  #lost = false;

  constructor(options: PumpOptions) {
    this.#options = options;
    this.#sources = (["stdout", "stderr"] as const).map((stream) => {
      const path = options.fifos[stream];
      const writer = new RecordWriter(stream);
      return { path, writer, socket: this.#open(path, writer) };
    });
  }

  /** Stops reading; what is in the pipes stays there. */
  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    for (const { socket } of this.#sources) socket.destroy();
  }

  /** Reads what is left in the pipes after the instance has ended, and ends the log. */
  finish(): void {
    // The second descriptors are there before the sockets close: a FIFO that nobody has open forgets its contents.
    const rests = this.#sources.map(({ path, writer }) => ({
      writer,
      descriptor: openSync(path, constants.O_RDONLY | constants.O_NONBLOCK),
    }));
    this.close();
    for (const { writer, descriptor } of rests) {
      try {
        this.#drain(descriptor, writer);
        this.#write(writer.finish(this.#options.clock.now()));
      } finally {
        closeSync(descriptor);
      }
    }
    this.#options.file.end();
  }

  #open(path: string, writer: RecordWriter): Socket {
    const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    const onread = {
      buffer: () => shared,
      callback: (length: number) => {
        this.#write(writer.records(shared.subarray(0, length), this.#options.clock.now()));
        return !this.#paused;
      },
    };
    const socket = new Socket({ fd, readable: true, writable: false, onread });
    socket.on("error", (error) => this.#options.log.warn({ path, error }, "cannot read the output of an instance"));
    return socket;
  }

  #drain(descriptor: number, writer: RecordWriter): void {
    for (let total = 0; total < LARGEST_REST;) {
      let length: number;
      try {
        length = readSync(descriptor, shared);
      } catch (error) {
        // EAGAIN: it is empty, though a process that left the instance may still have it open.
        if (systemCode(error) === "EAGAIN") return;
        throw error;
      }
      if (length === 0) return;
      total += length;
      this.#write(writer.records(shared.subarray(0, length), this.#options.clock.now()));
    }
  }

  #write(records: Buffer): void {
    try {
      this.#options.file.append(records);
      if (this.#lost) this.#options.log.info({ folder: this.#options.file.folder }, "an instance's output is kept again");
      this.#lost = false;
    } catch (error) {
      // A full disk must not hold up the applications: their output is dropped until there is room.
      if (!this.#lost) this.#options.log.warn({ folder: this.#options.file.folder, error }, "an instance's output is being dropped");
      this.#lost = true;
    }
    this.#spend(records.length);
  }

  #spend(bytes: number): void {
    this.#spent += bytes;
    this.#timer ??= this.#options.clock.after(BUDGET_PERIOD, () => this.#refill());
    if (this.#spent < BUDGET_BYTES || this.#paused) return;
    this.#paused = true;
    for (const { socket } of this.#sources) socket.pause();
  }

  #refill(): void {
    this.#timer = undefined;
    this.#spent = 0;
    if (!this.#paused) return;
    this.#paused = false;
    for (const { socket } of this.#sources) socket.resume();
  }
}
