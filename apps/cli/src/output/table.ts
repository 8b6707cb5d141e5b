import { stripVTControlCharacters } from "node:util";
import { textWidth, type Style } from "./style.ts";

export interface Column<Row> {
  readonly header: string;
  value(row: Row): string | number;
  /** Only with -o wide. */
  readonly wide?: boolean;
  readonly align?: "right";
  /** Colours the padded cell. */
  style?(text: string, style: Style): string;
}

export interface TableOptions {
  readonly wide: boolean;
  readonly style: Style;
  /** Columns of the terminal: the last cell of each line is cut to fit. Undefined: nothing is cut. */
  readonly columns?: number | undefined;
}

const GAP = "   ";

/** Aligned lines, the header first. */
export function renderTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[], options: TableOptions): string[] {
  const shown = columns.filter((column) => options.wide || !column.wide);
  const cells = rows.map((row) => shown.map((column) => oneLine(String(column.value(row)))));
  const widths = shown.map((column, at) => Math.max(textWidth(column.header), ...cells.map((line) => textWidth(line[at] ?? ""))));
  const line = (texts: readonly string[], styled: boolean) => {
    const parts = shown.map((column, at) => {
      const last = at === shown.length - 1 && column.align !== "right";
      const before = widths.slice(0, at).reduce((sum, width) => sum + width + GAP.length, 0);
      const text = last ? cut(texts[at] ?? "", options, before) : pad(texts[at] ?? "", widths[at] ?? 0, column.align);
      return styled && column.style ? column.style(text, options.style) : text;
    });
    return parts.join(GAP).trimEnd();
  };
  const header = line(
    shown.map((column) => column.header),
    false,
  );
  return [options.style.dim(header), ...cells.map((texts) => line(texts, true))];
}

/** A list of facts: names on the left, values aligned on the right. */
export function renderFacts(facts: readonly (readonly [string, string])[], style: Style): string[] {
  const width = Math.max(0, ...facts.map(([name]) => textWidth(name)));
  return facts.map(([name, value]) => `${style.dim(pad(name, width))}   ${value}`.trimEnd());
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

function pad(text: string, width: number, align?: "right"): string {
  const space = " ".repeat(Math.max(0, width - textWidth(text)));
  return align === "right" ? space + text : text + space;
}

function cut(text: string, options: TableOptions, before: number): string {
  const room = options.wide || options.columns === undefined ? Infinity : options.columns - before;
  if (textWidth(text) <= room || room < 8) return text;
  let kept = "";
  for (const character of stripVTControlCharacters(text)) {
    if (textWidth(kept + character) > room - 1) break;
    kept += character;
  }
  return `${kept}…`;
}
