import type { Environment } from "@marcbachmann/cel-js";
import { RE2JS } from "re2js";

/** Of one pattern, characters: RE2's time grows with pattern times text. */
const LONGEST_PATTERN = 1024;
const patterns = new Map<string, RE2JS>();
const MOST_PATTERNS = 500;

function compiled(pattern: string): RE2JS {
  const known = patterns.get(pattern);
  if (known) return known;
  if (pattern.length > LONGEST_PATTERN) throw new Error(`a pattern may have at most ${LONGEST_PATTERN} characters`);
  if (patterns.size >= MOST_PATTERNS) patterns.clear();
  const made = RE2JS.compile(pattern);
  patterns.set(pattern, made);
  return made;
}

function matches(text: string, pattern: string): boolean {
  return compiled(pattern).matcher(text).find();
}

function findAll(text: string, pattern: string, most: bigint): string[] {
  const found: string[] = [];
  const matcher = compiled(pattern).matcher(text);
  while ((most < 0n || found.length < most) && matcher.find()) found.push(matcher.group() ?? "");
  return found;
}

function replace(text: string, old: string, by: string, most: bigint): string {
  if (most < 0n) return text.replaceAll(old, () => by);
  let result = text;
  let at = 0;
  for (let left = most; left > 0n; left--) {
    const index = result.indexOf(old, at);
    if (index < 0) break;
    result = result.slice(0, index) + by + result.slice(index + old.length);
    at = index + by.length;
  }
  return result;
}

/** cel-go's `format`: the verbs that messages need. */
function format(template: string, values: readonly unknown[]): string {
  let next = 0;
  return template.replace(/%(%|\.?\d*[a-zA-Z])/g, (_, verb: string) => {
    if (verb === "%") return "%";
    const value = values[next++];
    if (verb === "s") return String(value);
    if (verb === "d" && typeof value === "bigint") return String(value);
    const precision = /^(?:\.(\d{1,2}))?f$/.exec(verb);
    if (precision && typeof value === "number") return value.toFixed(Number(precision[1] ?? 6));
    throw new Error(`could not parse formatting clause: unrecognized formatting clause "${verb}"`);
  });
}

/** The name that `matches` has inside: the library's own is JavaScript's, whose time has no bound. */
export const MATCHES = "matchesRe2";

/** k8s.io/apiserver pkg/cel/library/regex.go, and what of cel-go's ext.Strings the library lacks. */
export function registerText(env: Environment): void {
  env.registerFunction(`string.${MATCHES}(string): bool`, matches);
  env.registerFunction("matches(string, string): bool", matches);
  env.registerFunction("string.find(string): string", (text: string, pattern: string) => findAll(text, pattern, 1n)[0] ?? "");
  env.registerFunction("string.findAll(string): list<string>", (text: string, pattern: string) => findAll(text, pattern, -1n));
  env.registerFunction("string.findAll(string, int): list<string>", findAll);
  env.registerFunction("string.replace(string, string): string", (text: string, old: string, by: string) => replace(text, old, by, -1n));
  env.registerFunction("string.replace(string, string, int): string", replace);
  env.registerFunction("string.charAt(int): string", (text: string, index: bigint) => {
    if (index < 0n || index > text.length) throw new Error(`index out of range: ${index}`);
    return text.charAt(Number(index));
  });
  env.registerFunction("string.format(list): string", format);
}
