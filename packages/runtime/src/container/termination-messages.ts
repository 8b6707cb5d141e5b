import { chmodSync, closeSync, fstatSync, mkdirSync, openSync, readSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemCode } from "@ebb/base";

/** The kubelet's, bytes; of a longer one, the end. */
const LONGEST = 4096;

/**
 * What programs leave behind of their own ends: a file for each, mounted where its spec says. They may write into it whatever they like; what it is and
 * where it is they cannot change.
 */
export class TerminationMessages {
  readonly #folder: string;

  /** @param folder one that only this process may pass through. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  path(id: string): string {
    // No instance's name begins so.
    return join(this.#folder, `.message-${id}`);
  }

  /** Before each start: empty, and the same file for a container that has it already. Whatever user the program becomes can write it. */
  prepare(id: string): void {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    writeFileSync(this.path(id), "");
    chmodSync(this.path(id), 0o666);
  }

  /** Undefined when it says nothing. */
  read(id: string): string | undefined {
    let file: number;
    try {
      file = openSync(this.path(id), "r");
    } catch (error) {
      if (systemCode(error) === "ENOENT") return undefined;
      throw error;
    }
    try {
      const text = Buffer.alloc(LONGEST);
      const length = readSync(file, text, 0, LONGEST, Math.max(0, fstatSync(file).size - LONGEST));
      return length === 0 ? undefined : text.toString("utf8", 0, length);
    } finally {
      closeSync(file);
    }
  }

  remove(id: string): void {
    rmSync(this.path(id), { force: true });
  }
}
