import { chmodSync, closeSync, fstatSync, mkdirSync, openSync, readSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { systemCode } from "@ebb/base";
import { makeMemoryFolder } from "../volumes/memory-folder.ts";

/** The kubelet's, bytes; of a longer one, the end. */
const LONGEST = 4096;

/** Folders that only this process may pass through. */
interface Places {
  /** On a file system in memory: whatever a program writes there counts as its own, up to its limit. */
  memory: string;
  /** Where there is no such, nothing but the disk bounds it. */
  disk: string;
}

/**
 * What programs leave behind of their own ends: a file for each, mounted where its spec says. They may write into it whatever they like; what it is and
 * where it is they cannot change.
 */
export class TerminationMessages {
  readonly #places: Places;
  #folder: string | undefined;

  constructor(places: Places) {
    this.#places = places;
  }

  path(id: string): string {
    // No instance's name begins so.
    return join((this.#folder ??= folderOf(this.#places)), `.message-${id}`);
  }

  /** Before each start: empty, and the same file for a container that has it already. Whatever user the program becomes can write it. */
  prepare(id: string): void {
    const path = this.path(id);
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(path, "");
    chmodSync(path, 0o666);
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

function folderOf({ memory, disk }: Places): string {
  return makeMemoryFolder(memory) ? disk : memory;
}
