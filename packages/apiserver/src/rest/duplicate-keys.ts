import { isMap, isScalar, parseDocument, visit } from "yaml";

/** No more are told of; one is enough to refuse a body. */
const MAX_REPORTED = 20;

/** Where the scan is inside an object or a list. */
interface Frame {
  /** Absent in a list. */
  keys?: Set<string>;
  path: string;
  /** The key or the index that a value belongs to. */
  at: string;
  index: number;
  expectsKey: boolean;
}

const QUOTE = 0x22;
const COLON = 0x3a;

/** How many fields the objects of a JSON text have, those that are there twice counted twice. Valid JSON, as below. */
export function countJsonFields(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === COLON) count++;
    else if (code === QUOTE) at = endOfString(text, at);
  }
  return count;
}

/**
 * Fields that an object of a JSON text has twice, as `duplicate field "spec.a[0].b"`: JSON.parse takes the last and does not tell. The
 * text must be valid JSON already, so this only follows brackets and strings, in one pass.
 */
export function duplicateJsonKeys(text: string): string[] {
  const found: string[] = [];
  const frames: Frame[] = [];
  for (const token of tokensOf(text)) {
    const top = frames.at(-1);
    if (token === "{" || token === "[") frames.push(open(token, top));
    else if (token === "}" || token === "]") frames.pop();
    else if (token === ",") advance(top);
    else if (top?.keys && top.expectsKey) take(top, JSON.parse(token) as string, found);
    if (found.length === MAX_REPORTED) break;
  }
  return found;
}

/** Strings and what says where in the text one is: brackets and commas. */
function* tokensOf(text: string): Generator<string, void> {
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === '"') {
      const end = endOfString(text, at);
      yield text.slice(at, end + 1);
      at = end;
    } else if ("{}[],".includes(character)) yield character;
  }
}

/** The closing quote: one that an even number of backslashes stands in front of. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); ; end = text.indexOf('"', end + 1)) {
    if (end < 0) return text.length;
    let backslashes = 0;
    while (text.charAt(end - 1 - backslashes) === "\\") backslashes++;
    if (backslashes % 2 === 0) return end;
  }
}

function open(token: string, parent: Frame | undefined): Frame {
  const path = parent ? `${parent.path}${parent.at}` : "";
  if (token === "[") return { path, at: "[0]", index: 0, expectsKey: false };
  return { keys: new Set(), path, at: "", index: 0, expectsKey: true };
}

function advance(frame: Frame | undefined): void {
  if (!frame) return;
  if (frame.keys) frame.expectsKey = true;
  else frame.at = `[${++frame.index}]`;
}

function take(frame: Frame, key: string, found: string[]): void {
  frame.expectsKey = false;
  frame.at = frame.path === "" ? key : `.${key}`;
  if (frame.keys?.has(key)) found.push(`duplicate field ${JSON.stringify(`${frame.path}${frame.at}`)}`);
  frame.keys?.add(key);
}

/** The same of a YAML text, as `line 3: key "a" already set in map`. */
export function duplicateYamlKeys(text: string): string[] {
  const found: string[] = [];
  visit(parseDocument(text, { uniqueKeys: false, schema: "core" }), {
    Map(_, node) {
      const seen = new Set<unknown>();
      for (const { key } of isMap(node) ? node.items : []) {
        if (!isScalar(key)) continue;
        const line = text.slice(0, key.range?.[0] ?? 0).split("\n").length;
        if (seen.has(key.value) && found.length < MAX_REPORTED)
          found.push(`line ${line}: key ${JSON.stringify(key.value)} already set in map`);
        seen.add(key.value);
      }
    },
  });
  return found;
}
