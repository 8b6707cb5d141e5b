import type { Format } from "../common-options.ts";
import type { Host } from "../host.ts";
import { createStyle, type Style } from "./style.ts";
import { renderTable, type Column } from "./table.ts";

/** A result in all its formats: `data` is exactly what `-o json` prints; the rest is for people. */
export interface TableResult<Row> {
  readonly data: unknown;
  readonly rows: readonly Row[];
  readonly columns: readonly Column<Row>[];
  /** Said instead of an empty table: what to do next. */
  readonly empty: string;
}

type ToYaml = (data: unknown) => string;

/** Results, on standard output. Progress, notes and errors go to standard error (progress.ts), so that pipes get results alone. */
export class Output {
  readonly format: Format;
  readonly style: Style;
  readonly #host: Host;
  readonly #toYaml: ToYaml | undefined;

  private constructor(host: Host, format: Format, toYaml: ToYaml | undefined) {
    this.format = format;
    this.style = createStyle(host.stdout, host.env);
    this.#host = host;
    this.#toYaml = toYaml;
  }

  /** YAML's library is loaded only for who asks for it: that takes as long as a short command. */
  static async open(host: Host, format: Format): Promise<Output> {
    return new Output(host, format, format === "yaml" ? (await import("yaml")).stringify : undefined);
  }

  /** Whether the result is for a program. */
  get structured(): boolean {
    return this.format === "json" || this.format === "yaml";
  }

  get wide(): boolean {
    return this.format === "wide";
  }

  table<Row>(result: TableResult<Row>): void {
    if (this.structured) return this.data(result.data);
    if (result.rows.length === 0) {
      // Not a result: a script that counts lines must see none.
      this.#host.stderr.write(`${result.empty}\n`);
      return;
    }
    const columns = this.#host.stdout.isTTY ? this.#host.stdout.columns : undefined;
    this.lines(renderTable(result.columns, result.rows, { wide: this.wide, style: this.style, columns }));
  }

  /** `data` for programs, `lines` for people. */
  show(data: unknown, lines: () => readonly string[]): void {
    if (this.structured) this.data(data);
    else this.lines(lines());
  }

  data(data: unknown): void {
    if (this.#toYaml) this.#host.stdout.write(this.#toYaml(data));
    else this.#host.stdout.write(`${JSON.stringify(data, null, 2)}\n`);
  }

  /** One of a stream of results: a line of JSON, or a document of YAML. */
  item(data: unknown): void {
    if (this.#toYaml) this.#host.stdout.write(`---\n${this.#toYaml(data)}`);
    else this.#host.stdout.write(`${JSON.stringify(data)}\n`);
  }

  lines(lines: readonly string[]): void {
    if (lines.length > 0) this.#host.stdout.write(`${lines.join("\n")}\n`);
  }

  raw(text: string): void {
    this.#host.stdout.write(text);
  }
}
