import { RE2JS } from "re2js";
import type { TextMatch } from "../route-table.ts";

/** Longest pattern, and the most states that it may become: what keeps one match of a 16 KiB path within milliseconds. */
export const LONGEST_PATTERN = 1024;
const MOST_STATES = 2000;

export interface Pattern {
  matches(text: string): boolean;
  /** With `\1` for what the first group matched, as RE2 writes it. */
  replaceAll(text: string, replacement: string): string;
  groups: number;
}

/** A compiled expression, or what is wrong with it. RE2: time is linear in the text, whatever the expression. */
export function compilePattern(source: string): Pattern | { problem: string } {
  if (source.length > LONGEST_PATTERN) return { problem: `the regular expression is longer than ${LONGEST_PATTERN} characters` };
  try {
    const compiled = RE2JS.compile(source);
    if (compiled.programSize() > MOST_STATES) return { problem: `the regular expression ${JSON.stringify(source)} is too large` };
    return {
      matches: (text) => compiled.testExact(text),
      // The library's own references are `$1`; a dollar sign of the user's is itself.
      replaceAll: (text, replacement) =>
        compiled.matcher(text).replaceAll(replacement.replaceAll("$", "\\$").replace(/\\(\d)/g, "$$$1"), true),
      groups: compiled.groupCount(),
    };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

/** What is wrong with a replacement for that pattern, if anything. */
export function replacementProblem({ groups }: Pattern, replacement: string): string | undefined {
  const wrong = [...replacement.matchAll(/\\(\d)/g)].find(([, digit]) => Number(digit) > groups);
  return wrong && `the replacement speaks of ${wrong[0]}, and the expression has ${groups} groups`;
}

/** Whether a value fits; undefined stands for one that is not there. */
export type TextTest = (value: string | undefined) => boolean;

/** A pattern that cannot be compiled fits nothing: admission has refused it, and a gateway must serve on. */
export function compileText(match: TextMatch, ignoreCase = false): TextTest {
  if ("present" in match) return (value) => value !== undefined;
  if ("regex" in match) {
    const pattern = compilePattern(match.regex);
    return "problem" in pattern ? () => false : (value) => value !== undefined && pattern.matches(value);
  }
  const fold = ignoreCase ? (text: string) => text.toLowerCase() : (text: string) => text;
  if ("exact" in match) {
    const exact = fold(match.exact);
    return (value) => value !== undefined && fold(value) === exact;
  }
  const prefix = fold(match.prefix);
  return (value) => value !== undefined && fold(value).startsWith(prefix);
}

export function describeText(match: TextMatch): string {
  if ("present" in match) return "is present";
  if ("regex" in match) return `matches ${match.regex}`;
  return "exact" in match ? `is ${JSON.stringify(match.exact)}` : `starts with ${JSON.stringify(match.prefix)}`;
}
