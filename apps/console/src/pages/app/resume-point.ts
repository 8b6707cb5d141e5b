import type { LogRecord } from "@ebb/api";
import type { Line } from "../../ui/line-list.tsx";

/**
 * Where a broken log stream goes on: at the latest time it has seen. `since` is a time, and several lines may bear the same one, so what was written at the last time comes
 * again after a reconnect: exactly as many of those lines are left out as were shown. Equal lines within one connection all count.
 */
export class ResumePoint {
  #since: string | undefined;
  /** How often each line bearing the last time was taken. */
  #taken = new Map<string, number>();
  /** How often each line is still expected to come again. */
  #again = new Map<string, number>();
  #count = 0;

  /** To be called before each connection: the time to ask from, undefined the first time. */
  reconnect(): string | undefined {
    this.#again = new Map(this.#taken);
    return this.#since;
  }

  /** The line to show, or null for one that is shown already. */
  take(record: LogRecord): Line | null {
    const identity = `${record.instance}\n${record.stream}\n${record.text}`;
    const expected = record.time === this.#since ? (this.#again.get(identity) ?? 0) : 0;
    if (expected > 0) {
      this.#again.set(identity, expected - 1);
      return null;
    }
    if (this.#since === undefined || record.time > this.#since) {
      this.#since = record.time;
      this.#taken.clear();
      this.#again.clear();
    }
    if (record.time === this.#since) this.#taken.set(identity, (this.#taken.get(identity) ?? 0) + 1);
    return {
      id: this.#count++,
      time: record.time,
      text: record.text,
      version: record.version,
      instance: record.instance,
      stderr: record.stream === "stderr",
    };
  }
}
