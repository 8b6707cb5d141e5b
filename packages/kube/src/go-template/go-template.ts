import { parseExpression, type Expression, type Shape } from "./expression.ts";
import { isTrue, show, type Value } from "./value.ts";

export type Template = (values: Readonly<Record<string, Value>>) => string;
type Part = (values: Readonly<Record<string, Value>>) => string;

const ACTION = /\{\{(- )?\s*(.*?)\s*( -)?\}\}/gs;
const COMMENT = /^\/\*.*\*\/$/s;

/**
 * The part of Go's text/template that configurations use: fields of `shape`, calls of the functions in `expression.ts`, pipelines, comments, and
 * `{{if …}} … {{else}} … {{end}}`, with trim markers. Throws SyntaxError for everything else, and for a field that there is none of: text made from half
 * a template would be worse than none. The template that is returned throws RangeError where Go's would fail on the values.
 */
export function parseGoTemplate(text: string, shape: Shape): Template {
  const pieces = split(text);
  const part = sequence(pieces, [], shape);
  if (pieces.length > 0) throw new SyntaxError("an end too many");
  return part;
}

type Piece = { text: string } | { action: string };

function split(text: string): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  let trims = false;
  for (const match of text.matchAll(ACTION)) {
    const [whole, left, action = "", right] = match;
    const literal = text.slice(at, match.index);
    const begun = trims ? literal.trimStart() : literal;
    pieces.push({ text: left ? begun.trimEnd() : begun });
    if (!COMMENT.test(action)) pieces.push({ action });
    trims = right !== undefined;
    at = match.index + whole.length;
  }
  const last = text.slice(at);
  pieces.push({ text: trims ? last.trimStart() : last });
  if (pieces.some((piece) => "text" in piece && /\{\{|\}\}/.test(piece.text))) throw new SyntaxError("an open action");
  return pieces;
}

/** Takes pieces until one of `ends`, which is left for the caller. */
function sequence(pieces: Piece[], ends: readonly string[], shape: Shape): Part {
  const parts: Part[] = [];
  for (let piece = pieces[0]; piece; piece = pieces[0]) {
    if ("action" in piece && ends.includes(piece.action)) break;
    pieces.shift();
    parts.push("text" in piece ? constant(piece.text) : action(piece.action, pieces, shape));
  }
  return (values) => parts.map((part) => part(values)).join("");
}

function constant(text: string): Part {
  return () => text;
}

function action(text: string, pieces: Piece[], shape: Shape): Part {
  if (!text.startsWith("if ")) {
    const shown: Expression = parseExpression(text, shape);
    return (values) => show(shown(values));
  }
  const condition = parseExpression(text.slice("if ".length), shape);
  const yes = sequence(pieces, ["else", "end"], shape);
  const no = take(pieces) === "else" ? sequence(pieces, ["end"], shape) : undefined;
  if (no && take(pieces) !== "end") throw new SyntaxError("an if without its end");
  return (values) => (isTrue(condition(values)) ? yes(values) : (no?.(values) ?? ""));
}

function take(pieces: Piece[]): string {
  const piece = pieces.shift();
  if (!piece || !("action" in piece)) throw new SyntaxError("an if without its end");
  return piece.action;
}
