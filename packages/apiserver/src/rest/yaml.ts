/** What every reader takes for text as it stands: of YAML 1.1 (Go's, PyYAML) as of 1.2. */
const PLAIN = /^[a-z_][\w./-]*$/i;
/** Words of YAML 1.1 that are no text, and one that some take for a number. */
const TAKEN = /^(?:y|yes|n|no|on|off|true|false|null|nan|inf)$/i;
/** Ends of lines and marks that are kept in JSON's quotes, and not in YAML's. */
const UNQUOTABLE = /[\u007f-\u009f\u2028\u2029\ufeff]/g;

/** What JSON.stringify writes of half a character, which Go's readers refuse: it is what they take it for in JSON, U+FFFD. */
const HALF = /(?<!\\)((?:\\\\)*)\\ud[89a-f][0-9a-f]{2}/g;

/** Longer keys need a mark of their own (YAML 1.2, 7.4.2). */
const LONGEST_KEY = 1024;

/** Characters of JSON that are written in blocks, in a quarter of a second: meanwhile nobody else is served. */
const MOST = 1024 * 1024;

/**
 * An object as a document of YAML, which holds what JSON.stringify would. Own code, as an answer must neither keep others waiting (the library takes two
 * hundred times as long as JSON) nor be read as something else by older readers: a text is in quotes unless it is a plain word. What is large stays JSON,
 * which is YAML, too.
 */
export function toYaml(value: unknown): string {
  const json = quoted(value);
  return json.length <= MOST && isFilled(value) ? block(value, "") : `${json}\n`;
}

/** Each line begins with the indent. */
function block(value: object, indent: string): string {
  let text = "";
  if (Array.isArray(value)) {
    const inner = `${indent}  `;
    // The first line of what is in a list stands behind its dash.
    for (const item of value)
      text += isFilled(item) ? `${indent}- ${block(item, inner).slice(inner.length)}` : `${indent}- ${scalar(item)}\n`;
    return text;
  }
  for (const [key, item] of Object.entries(value)) {
    if (item === undefined) continue;
    const name = scalar(key);
    const isLong = name.length > LONGEST_KEY;
    const rest = isFilled(item) ? `\n${block(item, Array.isArray(item) && !isLong ? indent : `${indent}  `)}` : ` ${scalar(item)}\n`;
    text += isLong ? `${indent}? ${name}\n${indent}:${rest}` : `${indent}${name}:${rest}`;
  }
  return text;
}

function isFilled(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  return Array.isArray(value) ? value.length > 0 : Object.values(value).some((item) => item !== undefined);
}

function scalar(value: unknown): string {
  if (typeof value === "string") return PLAIN.test(value) && !TAKEN.test(value) ? value : quoted(value);
  // A number of YAML 1.1 that has an exponent has a point.
  if (typeof value === "number") return JSON.stringify(value).replace(/^(-?\d+)e/, "$1.0e");
  return quoted(value);
}

function quoted(value: unknown): string {
  const marked = (mark: string) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return JSON.stringify(value ?? null)
    .replace(UNQUOTABLE, marked)
    .replace(HALF, (_, before: string) => `${before}\\ufffd`);
}
