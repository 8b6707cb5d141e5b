/** What a template works on. A list is of strings, as Go's http.Header has them. */
export type Value = string | number | boolean | undefined | readonly string[] | { readonly [name: string]: Value };

/** As Go's text/template takes a value for true: not the zero value of its sort. */
export function isTrue(value: Value): boolean {
  if (typeof value !== "object") return value !== undefined && value !== "" && value !== false && value !== 0;
  return (Array.isArray(value) ? value : Object.keys(value)).length > 0;
}

/** As Go's `%v` prints it. */
export function show(value: Value): string {
  if (value === undefined) return "<no value>";
  if (typeof value === "number") return showNumber(value);
  if (typeof value !== "object") return String(value);
  if (isList(value)) return `[${value.join(" ")}]`;
  const pairs = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `map[${pairs.map(([name, each]) => `${name}:${show(each)}`).join(" ")}]`;
}

export function isList(value: Value): value is readonly string[] {
  return Array.isArray(value);
}

/** strconv's shortest form: with an exponent of two digits below 1e-4 and from 1e21 on. */
function showNumber(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e21)) return value.toExponential().replace(/e([+-])(\d)$/, "e$10$2");
  return String(value);
}

const JS_ESCAPES: Readonly<Record<string, string>> = { "\\": "\\\\", "'": "\\'", '"': '\\"' };
const LINE_SEPARATORS = String.fromCodePoint(0x2028, 0x2029);
const JS_SPECIAL = new RegExp(`[\\\\'"<>&=\\u0000-\\u001f\\u007f${LINE_SEPARATORS}]`, "g");

/** template.JSEscapeString: within a string of JavaScript nothing of it ends the string, or begins a tag. */
export function escapeForJs(text: string): string {
  const code = (character: string) => `\\u${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
  return text.replaceAll(JS_SPECIAL, (character) => JS_ESCAPES[character] ?? code(character));
}
