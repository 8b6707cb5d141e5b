import { StringDecoder } from "node:string_decoder";
import { stripVTControlCharacters } from "node:util";

const MOST_LINE = 2048;
/** A build that says more has gone wrong or is too chatty to be read. */
const MOST_LINES = 20_000;
const KEPT = 50;

/** The output of a build as lines for people: without colours and overwritten progress, each and all bounded. */
export class BuildOutputLines {
  readonly #log: (line: string) => void;
  readonly #decoder = new StringDecoder("utf8");
  #partial = "";
  #lines = 0;
  #last: string[] = [];

  constructor(log: (line: string) => void) {
    this.#log = log;
  }

  /** The last lines, for the error of a failed build. */
  get last(): string[] {
    return [...this.#last];
  }

  write(chunk: Buffer): void {
    const parts = (this.#partial + this.#decoder.write(chunk)).split("\n");
    // A line without an end must not grow without bounds; what is cut of it here would not be shown either.
    this.#partial = (parts.pop() ?? "").slice(0, MOST_LINE * 4);
    for (const part of parts) this.line(part);
  }

  end(): void {
    const rest = this.#partial + this.#decoder.end();
    this.#partial = "";
    if (rest !== "") this.line(rest);
  }

  line(raw: string): void {
    const shown = stripVTControlCharacters(raw).replace(/\r+$/, "").split("\r").at(-1) ?? "";
    const line = shown.length > MOST_LINE ? `${shown.slice(0, MOST_LINE)}…` : shown;
    this.#last.push(line);
    if (this.#last.length > KEPT) this.#last.shift();
    this.#lines += 1;
    if (this.#lines <= MOST_LINES) this.#log(line);
    if (this.#lines === MOST_LINES) this.#log(`… no more than ${MOST_LINES} lines are kept; the last ones are shown if the build fails`);
  }
}
