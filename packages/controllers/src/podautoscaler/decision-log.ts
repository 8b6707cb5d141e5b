import { appendFile, mkdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { Decision } from "@ebb/autoscaler";
import { causeChain, replaceFile, systemCode, type Clock, type Logger } from "@ebb/base";

/** Per revision, as the scaler's own journal. */
const KEPT = 50;
const LONGEST = 7 * 24 * 3600 * 1000;
/** Of them the file is written anew with what is still to be kept: some 10 MiB. */
const MAX_LINES = 20_000;

export interface DecisionLogOptions {
  path: string;
  clock: Clock;
  log: Logger;
}

/** One line of the file: a decision about `key`, or that what was known of `key` is over. */
type Line = { key: string; decision: Decision } | { key: string; removed: true };

/**
 * Scaling decisions on disk, a JSON object a line, so that "why" is answered across restarts of the control plane. It is for people to read
 * and nothing is decided by it: lines are appended without fsync, and what cannot be read or written is reported and left out.
 */
export class DecisionLog {
  readonly #options: DecisionLogOptions;
  #past = new Map<string, Decision[]>();
  #lines = 0;
  #due: string[] = [];
  #writing: Promise<void> = Promise.resolve();
  #failing = false;

  constructor(options: DecisionLogOptions) {
    this.#options = options;
  }

  /** Reads what an earlier run has left. */
  async start(): Promise<void> {
    this.#past = await this.#compact();
  }

  /** Resolves when everything is written. */
  stop(): Promise<void> {
    return this.#writing;
  }

  /** Hands over what an earlier run decided on a revision, oldest first. */
  take(key: string): Decision[] {
    const past = this.#past.get(key) ?? [];
    this.#past.delete(key);
    return past;
  }

  add(key: string, decision: Decision): void {
    this.#append({ key, decision });
  }

  /** Another revision of that name starts without a past. */
  remove(key: string): void {
    this.#past.delete(key);
    this.#append({ key, removed: true });
  }

  #append(line: Line): void {
    this.#due.push(`${JSON.stringify(line)}\n`);
    // What comes while it writes goes with the next write.
    if (this.#due.length === 1) this.#writing = this.#writing.then(() => this.#write());
  }

  async #write(): Promise<void> {
    const due = this.#due;
    this.#due = [];
    try {
      await appendFile(this.#options.path, due.join(""), { mode: 0o600 });
      this.#lines += due.length;
      this.#failing = false;
    } catch (error) {
      this.#failed(error);
    }
    if (this.#lines > MAX_LINES) await this.#compact();
  }

  /** Writes the file anew with what is kept, and returns that. */
  async #compact(): Promise<Map<string, Decision[]>> {
    const { path, clock } = this.#options;
    const kept = new Map<string, Decision[]>();
    const parts = new Map<string, unknown>();
    try {
      for (const line of parse(await readFile(path, "utf8"))) {
        if ("removed" in line) kept.delete(line.key);
        else if (line.decision.time > clock.now() - LONGEST) {
          const decisions = kept.get(line.key) ?? [];
          kept.set(line.key, [...decisions, sharing(parts, line.decision)].slice(-KEPT));
        }
      }
    } catch (error) {
      if (systemCode(error) !== "ENOENT") this.#failed(error);
    }
    const lines = [...kept].flatMap(([key, decisions]) => decisions.map((decision) => `${JSON.stringify({ key, decision })}\n`));
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await replaceFile(path, lines.join(""), 0o600);
    } catch (error) {
      this.#failed(error);
    }
    this.#lines = lines.length;
    return kept;
  }

  #failed(error: unknown): void {
    if (!this.#failing) this.#options.log.warn({ reason: causeChain(error) }, "scaling decisions cannot be kept on disk");
    this.#failing = true;
  }
}

/** With the parts that others have, too, kept once: thousands that sleep do so for one reason. */
function sharing(parts: Map<string, unknown>, decision: Decision): Decision {
  const shared = Object.entries(decision).map(([name, part]: [string, unknown]) => {
    if (typeof part !== "object") return [name, part];
    const text = JSON.stringify(part);
    if (!parts.has(text)) parts.set(text, part);
    return [name, parts.get(text)];
  });
  return Object.fromEntries(shared) as Decision;
}

/** Lines that are whole; a kill may have cut the last one. */
function* parse(text: string): Generator<Line> {
  for (const line of text.split("\n")) {
    let value: Partial<Record<keyof Line | "decision" | "removed", unknown>> | null;
    try {
      value = JSON.parse(line) as typeof value;
    } catch {
      continue;
    }
    if (typeof value?.key !== "string") continue;
    if (value.removed === true || (value.decision as Decision | undefined)?.time !== undefined) yield value as Line;
  }
}
