import { closeSync, fstatSync, mkdirSync, openSync, readdirSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { Signal } from "@ebb/base";

/** Two segments: when the newer is full the older goes, so between a half and the whole of the allowance is kept. */
const SEGMENTS = 2;

/** The numbers of the segments there are, oldest first; none when there is no such folder. */
export function segmentNumbers(folder: string): number[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return [];
  }
  return names
    .filter((name) => /^\d{1,12}\.log$/.test(name))
    .map((name) => Number.parseInt(name, 10))
    .sort((a, b) => a - b);
}

export function segmentPath(folder: string, number: number): string {
  return join(folder, `${number}.log`);
}

/**
 * The log of one instance: numbered segments, at most `maxBytes` together.
 *
 * Writes are synchronous on purpose: they go to the page cache (tens of microseconds for a pipe's 64 KiB), what was read from the instance
 * is safe from a kill -9 of Ebb before more is read, and the pipe behind it is the back-pressure.
 */
export class LogFile {
  readonly folder: string;
  readonly #segmentBytes: number;
  readonly #changed = new Signal<void>();
  #number: number;
  #descriptor: number | undefined;
  #size = 0;
  #ended = false;

  constructor(folder: string, maxBytes: number) {
    this.folder = folder;
    this.#segmentBytes = Math.max(1, Math.floor(maxBytes / SEGMENTS));
    const isNew = mkdirSync(folder, { recursive: true, mode: 0o700 }) !== undefined;
    this.#number = (isNew ? undefined : segmentNumbers(folder).at(-1)) ?? 1;
  }

  /** Throws what the file system throws (a full disk); the log can be written again later. */
  append(records: Buffer): void {
    if (records.length === 0) return;
    if (this.#descriptor === undefined) this.#open();
    else if (this.#size > 0 && this.#size + records.length > this.#segmentBytes) this.#rotate();
    for (let at = 0; at < records.length && this.#descriptor !== undefined;) at += writeSync(this.#descriptor, records, at);
    this.#size += records.length;
    this.#changed.emit();
  }

  /** No more will come: readers that follow come to an end. */
  end(): void {
    this.#ended = true;
    this.close();
    this.#changed.emit();
  }

  get ended(): boolean {
    return this.#ended;
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  onChange(listener: () => void): () => void {
    return this.#changed.on(listener);
  }

  #open(): void {
    this.#descriptor = openSync(segmentPath(this.folder, this.#number), "a", 0o600);
    this.#size = fstatSync(this.#descriptor).size;
  }

  #rotate(): void {
    this.close();
    this.#number++;
    this.#open();
    for (const number of segmentNumbers(this.folder))
      if (number <= this.#number - SEGMENTS) rmSync(segmentPath(this.folder, number), { force: true });
  }
}
