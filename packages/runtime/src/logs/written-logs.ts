import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { BugError } from "@ebb/base";
import type { LogLine, LogOptions } from "../port.ts";
import { LogFile } from "./log-file.ts";
import { RecordWriter } from "./log-format.ts";
import { readLog } from "./read-log.ts";

const ID = /^[a-z0-9](?:[a-z0-9.-]{0,252})$/;
const MOST_BYTES = 1024 * 1024;

/**
 * Logs of which Ebb writes the lines itself, one for each instance: a folder of segments below `folder`, as the drivers keep those of programs.
 *
 * Invariants: a log takes at most `maxBytes`, the oldest lines go first; no file is held open between two calls of `append`.
 */
export class WrittenLogs {
  readonly #folder: string;
  readonly #maxBytes: number;
  readonly #files = new Map<string, LogFile>();

  constructor(folder: string, maxBytes = MOST_BYTES) {
    this.#folder = folder;
    this.#maxBytes = maxBytes;
  }

  /** Lines in order of time. Throws what the file system throws. */
  append(id: string, lines: readonly Pick<LogLine, "time" | "text">[]): void {
    const writer = new RecordWriter("stdout");
    const file = this.#file(id);
    try {
      file.append(Buffer.concat(lines.map(({ time, text }) => writer.records(Buffer.from(`${text}\n`), Math.round(time)))));
    } finally {
      file.close();
    }
  }

  /** Oldest first. With `follow` it goes on until the instance is forgotten or the signal is aborted. */
  read(id: string, options: LogOptions): AsyncIterable<LogLine> {
    if (options.follow !== true) return readLog(this.#path(id), undefined, options);
    return readLog(this.#path(id), this.#file(id), options);
  }

  /** Deletes the logs of all others. */
  keepOnly(ids: ReadonlySet<string>): void {
    for (const [id, file] of this.#files) {
      if (ids.has(id)) continue;
      file.end();
      this.#files.delete(id);
    }
    for (const id of foldersIn(this.#folder)) if (!ids.has(id)) rmSync(join(this.#folder, id), { recursive: true, force: true });
  }

  #file(id: string): LogFile {
    const known = this.#files.get(id);
    if (known) return known;
    const made = new LogFile(this.#path(id), this.#maxBytes);
    this.#files.set(id, made);
    return made;
  }

  #path(id: string): string {
    if (!ID.test(id)) throw new BugError("BadInstanceId", `${JSON.stringify(id.slice(0, 100))} is no instance's id`);
    return join(this.#folder, id);
  }
}

/** None when there is no such folder. */
function foldersIn(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
