import { escapeForJs, isList, isTrue, show, type Value } from "./value.ts";

export type Expression = (values: Readonly<Record<string, Value>>) => Value;

/** The fields there are: those of an inner shape, `map` (any key, by `index`), or a value. */
export interface Shape {
  readonly [field: string]: Shape | "map" | "value";
}

type Operand = Expression;
type Call = (operands: readonly Operand[]) => Expression;
type Token = { symbol: "(" | ")" | "|" } | { literal: string | number } | { path: readonly string[] } | { word: string };

const TOKEN = /\s*(?:([()|])|"((?:[^"\\]|\\.)*)"|`([^`]*)`|(-?\d+(?:\.\d+)?)|((?:\.\w+)+)|(\w+))/y;

/** A pipeline of a template's action. Throws SyntaxError for what is not understood, whole: nothing is passed over. */
export function parseExpression(text: string, shape: Shape): Expression {
  const tokens = tokensOf(text);
  const result = pipeline(tokens, shape);
  if (tokens.length > 0) throw new SyntaxError("a parenthesis too many");
  return result;
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  for (let at = 0; at < text.length; at = TOKEN.lastIndex) {
    const match = TOKEN.exec(text);
    if (!match) throw new SyntaxError(`cannot read ${text.slice(at)}`);
    const [, symbol, quoted, raw, number, path, word = ""] = match;
    if (symbol !== undefined) tokens.push({ symbol: symbol as "(" | ")" | "|" });
    else if (quoted !== undefined) tokens.push({ literal: unquoted(quoted) });
    else if (raw !== undefined) tokens.push({ literal: raw });
    else if (number !== undefined) tokens.push({ literal: Number(number) });
    else tokens.push(path !== undefined ? { path: path.slice(1).split(".") } : { word });
  }
  return tokens;
}

/** Go's escapes that JSON has, too; others are refused. */
function unquoted(text: string): string {
  return JSON.parse(`"${text}"`) as string;
}

/** Commands with `|` between them: the value of one is the last operand of the next. */
function pipeline(tokens: Token[], shape: Shape): Expression {
  let value = command(tokens, shape);
  while (isSymbol(tokens[0], "|")) {
    tokens.shift();
    value = command(tokens, shape, value);
  }
  return value;
}

/** A function with its operands, or one value. */
function command(tokens: Token[], shape: Shape, piped?: Operand): Expression {
  const [first] = tokens;
  if (!first || !("word" in first)) {
    const single = operand(tokens, shape);
    if (piped !== undefined || !isEnd(tokens[0])) throw new SyntaxError("two values where one is expected");
    return single;
  }
  tokens.shift();
  const operands: Operand[] = [];
  while (!isEnd(tokens[0])) operands.push(operand(tokens, shape));
  if (piped) operands.push(piped);
  const call = Object.hasOwn(FUNCTIONS, first.word) ? FUNCTIONS[first.word] : undefined;
  if (!call) throw new SyntaxError(`no function ${first.word}`);
  return call(operands);
}

function operand(tokens: Token[], shape: Shape): Operand {
  const token = tokens.shift();
  if (!token || "word" in token) throw new SyntaxError("a value is missing");
  if ("literal" in token) return () => token.literal;
  if ("path" in token) return field(token.path, shape);
  if (token.symbol !== "(") throw new SyntaxError("a value is missing");
  const inner = pipeline(tokens, shape);
  if (!isSymbol(tokens.shift(), ")")) throw new SyntaxError("a parenthesis is open");
  return inner;
}

function field(path: readonly string[], shape: Shape): Operand {
  let known: Shape[string] | undefined = shape;
  for (const name of path) known = typeof known === "object" && Object.hasOwn(known, name) ? known[name] : undefined;
  if (known === undefined || typeof known === "object") throw new SyntaxError(`no field .${path.join(".")}`);
  const missing: Value = known === "map" ? {} : "";
  return (values) => {
    let value: Value = values;
    for (const name of path) value = typeof value === "object" && !isList(value) ? value[name] : undefined;
    return value ?? missing;
  };
}

function isSymbol(token: Token | undefined, symbol: string): boolean {
  return token !== undefined && "symbol" in token && token.symbol === symbol;
}

function isEnd(token: Token | undefined): boolean {
  return token === undefined || isSymbol(token, ")") || isSymbol(token, "|");
}

const FUNCTIONS: Readonly<Record<string, Call>> = {
  index: several((operands) => (values) => operands.slice(1).reduce((inner, key) => at(inner, key(values)), operands[0]?.(values))),
  js: exactly(1, (value) => escapeForJs(show(value))),
  print: exactly(1, show),
  len: exactly(1, (value) => {
    if (typeof value === "string") return Buffer.byteLength(value);
    return typeof value === "object" ? (isList(value) ? value : Object.keys(value)).length : fail("that has no length");
  }),
  not: exactly(1, (value) => !isTrue(value)),
  ne: exactly(2, (a, b) => a !== b),
  lt: ordered((a, b) => a < b),
  le: ordered((a, b) => a <= b),
  gt: ordered((a, b) => a > b),
  ge: ordered((a, b) => a >= b),
  eq: several((operands) => (values) => operands.slice(1).some((other) => other(values) === operands[0]?.(values))),
  or: several((operands) => (values) => operands.map((each) => each(values)).find(isTrue) ?? operands.at(-1)?.(values)),
  and: several((operands) => (values) => {
    const found = operands.map((each) => each(values));
    return found.find((value) => !isTrue(value)) ?? found.at(-1);
  }),
};

function at(container: Value, key: Value): Value {
  if (isList(container) && typeof key === "number") return container[key] ?? fail(`index out of range: ${key}`);
  if (typeof container !== "object" || isList(container) || typeof key !== "string") return fail("cannot index that");
  return Object.hasOwn(container, key) ? container[key] : "";
}

function exactly(count: number, apply: (...operands: Value[]) => Value): Call {
  return (operands) => {
    if (operands.length !== count) throw new SyntaxError(`a function takes ${count} values`);
    return (values) => apply(...operands.map((each) => each(values)));
  };
}

function several(make: Call): Call {
  return (operands) => {
    if (operands.length < 2) throw new SyntaxError("a function takes two values");
    return make(operands);
  };
}

function ordered(holds: (a: string | number, b: string | number) => boolean): Call {
  return exactly(2, (a, b) => {
    if (typeof a === "number" && typeof b === "number") return holds(a, b);
    return typeof a === "string" && typeof b === "string" ? holds(a, b) : fail("incompatible types for comparison");
  });
}

function fail(why: string): never {
  throw new RangeError(why);
}
