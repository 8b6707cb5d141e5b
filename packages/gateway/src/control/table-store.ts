import { mkdir, open, readFile, rename, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { causeChain, syncFolder, systemCode, type Clock, type Logger, type Timer } from "@ebb/base";
import type { RouteTable } from "../route-table.ts";
import { line, readJournal, snapshotLines, type EntryChange } from "./table-journal.ts";

/** Changes within this are written together; the protocol promises at most 100 ms. */
const DEBOUNCE = 50;
/** So much of a snapshot is put into words between two turns of the event loop: requests go on meanwhile. */
const CHUNK = 64 * 1024;
/** A journal may grow to this beside a small snapshot. */
const SLACK = 1024 * 1024;

export interface TableStoreDeps {
  path: string;
  clock: Clock;
  log: Logger;
  /** What is in force, asked for when all of it is to be written. */
  table(): RouteTable;
}

/**
 * The table on disk: what the gateway serves from when it starts before, or without, the control plane. A snapshot, and behind it a line
 * for each change since, so that a change costs the same however many routes there are; it is written anew when the changes outweigh it.
 *
 * Invariant: at any moment the file gives a table that was in force: a snapshot is written beside it, brought to the disk, and renamed
 * over it; a last line that a crash cut off is of a change that was not acknowledged.
 */
export class TableStore {
  readonly #deps: TableStoreDeps;
  #timer: Timer | undefined;
  #writing: Promise<void> = Promise.resolve();
  /** The write that waits for the one at hand: it will hold whatever changes until it begins. */
  #next: Promise<void> | undefined;
  /** Put into words when they are written: until then they are the entries in force, and take no memory of their own. */
  #pending: EntryChange[] = [];
  /** Nothing can be added to what is there: it is missing, of another format, or a write of it failed. */
  #rewrite = true;
  #file: FileHandle | undefined;
  #snapshotBytes = 0;
  #journalBytes = 0;

  constructor(deps: TableStoreDeps) {
    this.#deps = deps;
  }

  /** The last table; an empty one when there is none, or none that can be read. */
  async load(): Promise<RouteTable> {
    const { path, log } = this.#deps;
    try {
      return readJournal(await readFile(path, "utf8"));
    } catch (error) {
      if (systemCode(error) !== "ENOENT") {
        log.warn({ path, reason: causeChain(error) }, "the route table on disk cannot be read; starting without routes");
      }
    }
    return { routes: [], backends: [], certificates: [] };
  }

  /** Writes the change soon. */
  changed(change: EntryChange): void {
    this.#pending.push(change);
    this.#timer ??= this.#deps.clock.after(DEBOUNCE, () => void this.save());
  }

  /** All of the table has changed: it is written whole with the next `save`. */
  replaced(): void {
    this.#rewrite = true;
  }

  /** Writes what has changed now; resolves when it is on the disk, or was reported as not written. */
  save(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#next ??= this.#writing = this.#writing.then(() => {
      this.#next = undefined;
      return this.#write();
    });
    return this.#next;
  }

  /** Writes what is due now, and resolves when nothing is being written. */
  async stop(): Promise<void> {
    await (this.#timer ? this.save() : this.#writing);
    await this.#file?.close();
    this.#file = undefined;
    this.#rewrite = true;
  }

  async #write(): Promise<void> {
    const { path, log } = this.#deps;
    try {
      if (this.#rewrite || !this.#file || this.#journalBytes > this.#snapshotBytes + SLACK) await this.#writeSnapshot();
      if (this.#pending.length > 0) this.#journalBytes += await this.#append(this.#file);
    } catch (error) {
      this.#rewrite = true;
      // Traffic flows on; only a restart of the gateway would miss what could not be written.
      log.error({ path, reason: causeChain(error) }, "the route table could not be written to disk");
    }
  }

  async #append(file: FileHandle | undefined): Promise<number> {
    const pending = this.#pending;
    this.#pending = [];
    if (!file) return 0;
    const bytes = await writeLines(file, lines(pending));
    await file.datasync();
    return bytes;
  }

  async #writeSnapshot(): Promise<void> {
    const { path, table } = this.#deps;
    await mkdir(dirname(path), { recursive: true });
    await this.#file?.close();
    this.#file = undefined;
    this.#rewrite = false;
    // Changes that come from here on are added behind the snapshot, which may hold them already: a line is a whole entry, not a difference.
    this.#pending = [];
    const file = await open(`${path}.new`, "w", 0o600);
    try {
      this.#snapshotBytes = await writeLines(file, snapshotLines(table()));
      await file.datasync();
      await rename(`${path}.new`, path);
    } catch (error) {
      await file.close();
      throw error;
    }
    this.#file = file;
    this.#journalBytes = 0;
    await syncFolder(dirname(path));
  }
}

function* lines(changes: readonly EntryChange[]): Generator<string> {
  for (const change of changes) yield line(change);
}

/** Returns the bytes written. */
async function writeLines(file: FileHandle, lines: Iterable<string>): Promise<number> {
  let bytes = 0;
  let chunk = "";
  const flush = async () => {
    const buffer = Buffer.from(chunk);
    chunk = "";
    bytes += buffer.length;
    await file.appendFile(buffer);
  };
  for (const each of lines) {
    chunk += each;
    if (chunk.length >= CHUNK) await flush();
  }
  await flush();
  return bytes;
}
