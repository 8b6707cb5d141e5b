import { mkdir, open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { causeChain, systemCode, type Clock, type Logger, type Timer } from "@ebb/base";
import type { RouteTable } from "../route-table.ts";
import { parseTable } from "./parse-table.ts";
import { record } from "./parse-values.ts";

const FORMAT = 1;
/** Changes within this are written together; the protocol promises at most 100 ms. */
const DEBOUNCE = 50;

export interface TableStoreDeps {
  path: string;
  clock: Clock;
  log: Logger;
  /** What is to be written, asked for at the moment of writing. */
  table(): RouteTable;
}

/**
 * The table on disk: what the gateway serves from when it starts before, or without, the control plane.
 *
 * Invariant: at any moment the file is whole: the new one is written beside it, brought to the disk, and renamed over it.
 */
export class TableStore {
  readonly #deps: TableStoreDeps;
  #timer: Timer | undefined;
  #writing: Promise<void> = Promise.resolve();
  /** The write that waits for the one at hand: it will hold whatever changes until it begins. */
  #next: Promise<void> | undefined;

  constructor(deps: TableStoreDeps) {
    this.#deps = deps;
  }

  /** The last table; an empty one when there is none, or none that can be read. */
  async load(): Promise<RouteTable> {
    const { path, log } = this.#deps;
    try {
      const file = record(JSON.parse(await readFile(path, "utf8")), "file");
      if (file["format"] === FORMAT) return parseTable(file["table"]);
      log.warn({ path, format: file["format"] }, "the route table on disk has another format; starting without routes");
    } catch (error) {
      if (systemCode(error) !== "ENOENT") {
        log.warn({ path, reason: causeChain(error) }, "the route table on disk cannot be read; starting without routes");
      }
    }
    return { routes: [], backends: [], certificates: [] };
  }

  /** Writes the table soon. */
  changed(): void {
    this.#timer ??= this.#deps.clock.after(DEBOUNCE, () => void this.save());
  }

  /** Writes the table now; resolves when all that it holds at this moment is on the disk, or was reported as not written. */
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
  stop(): Promise<void> {
    return this.#timer ? this.save() : this.#writing;
  }

  async #write(): Promise<void> {
    const { path, log, table } = this.#deps;
    const beside = `${path}.new`;
    try {
      await mkdir(dirname(path), { recursive: true });
      const file = await open(beside, "w", 0o600);
      try {
        await file.writeFile(`${JSON.stringify({ format: FORMAT, table: table() })}\n`);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(beside, path);
      const folder = await open(dirname(path), "r");
      try {
        await folder.sync();
      } finally {
        await folder.close();
      }
    } catch (error) {
      // Traffic flows on; only a restart of the gateway would miss what could not be written.
      log.error({ path, reason: causeChain(error) }, "the route table could not be written to disk");
    }
  }
}
