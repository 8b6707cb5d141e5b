import type { HeadScanner } from "./head-scanner.ts";

/** Options of Connection that say something about the connection itself and name no other header. */
const CONNECTION_OPTIONS: ReadonlySet<string> = new Set(["close", "keep-alive", "upgrade", "te"]);

/** What `Connection` headers said. */
export class ConnectionOptions {
  close = false;
  keepAlive = false;
  upgrade = false;
  /** Headers it names as meant for this hop only, lower case. */
  names: Set<string> | undefined;

  add(value: string): void {
    // What nearly everyone says.
    if (value === "keep-alive") this.keepAlive = true;
    else if (value === "close") this.close = true;
    else this.#addList(value);
  }

  #addList(value: string): void {
    for (const part of value.toLowerCase().split(",")) {
      const option = part.trim();
      if (option === "close") this.close = true;
      else if (option === "keep-alive") this.keepAlive = true;
      else if (option === "upgrade") this.upgrade = true;
      if (option !== "" && !CONNECTION_OPTIONS.has(option)) (this.names ??= new Set()).add(option);
    }
  }
}

/** Marks which fields of the head at hand are kept. Sized for the largest head any scanner takes. */
export class FieldMarks {
  readonly #dropped: Uint8Array;
  constructor(size: number) {
    this.#dropped = new Uint8Array(size);
  }
  clear(count: number): void {
    // A dozen numbers: calling the engine's `fill` would take longer.
    for (let field = 0; field < count; field++) this.#dropped[field] = 0;
  }
  drop(field: number): void {
    this.#dropped[field] = 1;
  }

  /** The lines that are left, in one string; runs of kept lines are taken in one slice. */
  kept(scanner: HeadScanner, options: ConnectionOptions): string {
    if (options.names) this.#dropNamed(scanner, options.names);
    let text = "";
    let run = -1;
    for (let field = 0; field < scanner.count; field++) {
      if (this.#dropped[field] === 0) {
        if (run < 0) run = scanner.nameStart(field);
      } else if (run >= 0) {
        text += scanner.text(run, scanner.nameStart(field));
        run = -1;
      }
    }
    return run < 0 ? text : text + scanner.text(run, scanner.end - 2);
  }

  #dropNamed(scanner: HeadScanner, names: ReadonlySet<string>): void {
    for (let field = 0; field < scanner.count; field++) {
      const name = scanner.text(scanner.nameStart(field), scanner.nameEnd(field)).toLowerCase();
      if (names.has(name)) this.drop(field);
    }
  }
}
