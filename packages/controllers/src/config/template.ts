import { UserError } from "@ebb/base";

/** What a domain or tag template may ask for. */
export interface TemplateValues {
  Name: string;
  Namespace?: string;
  Domain?: string;
  Tag?: string;
  Annotations?: Readonly<Record<string, string>>;
  Labels?: Readonly<Record<string, string>>;
}

type Value = string | boolean | Readonly<Record<string, string>>;
type Expression = (values: TemplateValues) => Value;
type Part = (values: TemplateValues) => string;

const FIELDS = ["Name", "Namespace", "Domain", "Tag", "Annotations", "Labels"] as const;
const TOKEN = /\s*(?:(\()|(\))|"([^"\\]*)"|\.(\w+)|(\w+))/y;
const ACTION = /\{\{-?\s*(.*?)\s*-?\}\}/gs;
const LONGEST = 1024;

/**
 * The part of Go's text/template that names hosts: fields, `index MAP "key"`, `eq`, `or`, `and`, parentheses, and
 * `{{if …}} … {{else}} … {{end}}`. Throws UserError `invalid_config` for any other action: a host made from half a template would be worse
 * than none.
 */
export function parseTemplate(text: string): (values: TemplateValues) => string {
  try {
    if (text.length > LONGEST) throw new SyntaxError("too long");
    const pieces = split(text);
    const part = sequence(pieces, []);
    if (pieces.length > 0) throw new SyntaxError("an end too many");
    return part;
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new UserError("invalid_config", `cannot read the template ${JSON.stringify(text.slice(0, LONGEST))}`, {
      cause,
      hint: 'Use {{.Name}}, {{.Namespace}}, {{.Domain}}, {{.Tag}}, {{index .Annotations "key"}}, {{index .Labels "key"}}, eq, or, and, if … else … end only.',
    });
  }
}

type Piece = { text: string } | { action: string };

function split(text: string): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  for (const match of text.matchAll(ACTION)) {
    pieces.push({ text: text.slice(at, match.index) }, { action: match[1] ?? "" });
    at = match.index + match[0].length;
  }
  pieces.push({ text: text.slice(at) });
  if (pieces.some((piece) => "text" in piece && /\{\{|\}\}/.test(piece.text))) throw new SyntaxError("an open action");
  return pieces;
}

/** Takes pieces until one of `ends`, which is left for the caller. */
function sequence(pieces: Piece[], ends: readonly string[]): Part {
  const parts: Part[] = [];
  for (let piece = pieces[0]; piece; piece = pieces[0]) {
    if ("action" in piece && ends.includes(piece.action)) break;
    pieces.shift();
    parts.push("text" in piece ? constant(piece.text) : action(piece.action, pieces));
  }
  return (values) => parts.map((part) => part(values)).join("");
}

function constant(text: string): Part {
  return () => text;
}

function action(text: string, pieces: Piece[]): Part {
  if (!text.startsWith("if ")) {
    const shown = expression(text);
    return (values) => {
      const value = shown(values);
      return typeof value === "object" ? "" : String(value);
    };
  }
  const condition = expression(text.slice("if ".length));
  const yes = sequence(pieces, ["else", "end"]);
  const no = take(pieces) === "else" ? sequence(pieces, ["end"]) : undefined;
  if (no && take(pieces) !== "end") throw new SyntaxError("an if without its end");
  return (values) => (isTrue(condition(values)) ? yes(values) : (no?.(values) ?? ""));
}

function take(pieces: Piece[]): string {
  const piece = pieces.shift();
  if (!piece || !("action" in piece)) throw new SyntaxError("an if without its end");
  return piece.action;
}

function isTrue(value: Value): boolean {
  return typeof value === "object" ? Object.keys(value).length > 0 : value !== "" && value !== false;
}

type Token = { open: true } | { close: true } | { literal: string } | { field: string } | { word: string };

function expression(text: string): Expression {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  for (let at = 0; at < text.length; at = TOKEN.lastIndex) {
    const match = TOKEN.exec(text);
    if (!match) throw new SyntaxError(`cannot read ${text.slice(at)}`);
    const [, open, close, literal, field, word = ""] = match;
    if (open !== undefined) tokens.push({ open: true });
    else if (close !== undefined) tokens.push({ close: true });
    else if (literal !== undefined) tokens.push({ literal });
    else tokens.push(field !== undefined ? { field } : { word });
  }
  const result = call(tokens);
  if (tokens.length > 0) throw new SyntaxError("a parenthesis too many");
  return result;
}

/** A function with its operands, or one operand. */
function call(tokens: Token[]): Expression {
  const [first] = tokens;
  if (!first || !("word" in first)) {
    const single = operand(tokens);
    if (tokens.length > 0 && !("close" in (tokens[0] ?? {}))) throw new SyntaxError("two values where one is expected");
    return single;
  }
  tokens.shift();
  const operands: Expression[] = [];
  while (tokens.length > 0 && !("close" in (tokens[0] ?? {}))) operands.push(operand(tokens));
  const [a, b] = operands;
  if (!a || !b) throw new SyntaxError(`${first.word} takes two values`);
  switch (first.word) {
    case "index":
      if (operands.length > 2) throw new SyntaxError("index takes a map and a key");
      return (values) => {
        const [map, key] = [a(values), b(values)];
        return typeof map === "object" && typeof key === "string" ? (map[key] ?? "") : "";
      };
    case "eq":
      return (values) => operands.slice(1).some((other) => other(values) === a(values));
    case "or":
      return (values) => operands.map((each) => each(values)).find(isTrue) ?? "";
    case "and":
      return (values) => operands.map((each) => each(values)).find((value) => !isTrue(value)) ?? operands.at(-1)?.(values) ?? "";
    default:
      throw new SyntaxError(`no function ${first.word}`);
  }
}

function operand(tokens: Token[]): Expression {
  const token = tokens.shift();
  if (!token || "close" in token || "word" in token) throw new SyntaxError("a value is missing");
  if ("literal" in token) return () => token.literal;
  if ("open" in token) {
    const inner = call(tokens);
    if (!("close" in (tokens.shift() ?? {}))) throw new SyntaxError("a parenthesis is open");
    return inner;
  }
  const name = FIELDS.find((known) => known === token.field);
  if (!name) throw new SyntaxError(`no field .${token.field}`);
  return (values) => values[name] ?? (name === "Annotations" || name === "Labels" ? {} : "");
}
