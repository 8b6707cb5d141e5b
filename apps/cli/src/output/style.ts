import { stripVTControlCharacters, styleText } from "node:util";
import type { OutputStream } from "../host.ts";

type Look = Parameters<typeof styleText>[0];

/** Colours for one stream, or none at all. */
export interface Style {
  readonly colours: boolean;
  bold(text: string): string;
  dim(text: string): string;
  good(text: string): string;
  bad(text: string): string;
  warn(text: string): string;
  link(text: string): string;
}

/** Colours only on a terminal that has them; NO_COLOR (https://no-color.org) turns them off, FORCE_COLOR on. */
export function createStyle(stream: OutputStream, env: Readonly<Record<string, string | undefined>>): Style {
  const forced = env["FORCE_COLOR"] !== undefined && env["FORCE_COLOR"] !== "0";
  const colours = !env["NO_COLOR"] && (forced || (stream.isTTY === true && env["TERM"] !== "dumb"));
  const look = (format: Look) => (text: string) => (colours ? styleText(format, text, { validateStream: false }) : text);
  return {
    colours,
    bold: look("bold"),
    dim: look("dim"),
    good: look("green"),
    bad: look("red"),
    warn: look("yellow"),
    link: look("cyan"),
  };
}

/** States of applications, versions, instances and operations in their colours; unknown ones stay plain. */
export function colourState(style: Style, state: string): string {
  if (["ready", "succeeded", "running", "ok"].includes(state)) return style.good(state);
  if (["failed", "problem"].includes(state)) return style.bad(state);
  if (["deploying", "starting", "waiting", "queued", "cancelled", "warning"].includes(state)) return style.warn(state);
  return style.dim(state);
}

// oxlint-disable-next-line no-control-regex -- control characters are what it is about
const COLOUR = /(\u001b\[[0-9;]{0,32}m)/;
// oxlint-disable-next-line no-control-regex -- see above
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** Text that an application wrote, made safe for a terminal: colours stay, whatever moves the cursor or sets the title does not. */
export function printable(text: string): string {
  return text
    .split(COLOUR)
    .map((part) => (COLOUR.test(part) ? part : stripVTControlCharacters(part).replace(CONTROL, "")))
    .join("");
}

/** Columns that `text` takes on a terminal: East Asian wide characters take two. */
export function textWidth(text: string): number {
  let width = 0;
  for (const character of stripVTControlCharacters(text)) width += WIDE.test(character) ? 2 : 1;
  return width;
}
const WIDE = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}]/u;
