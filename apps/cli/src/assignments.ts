import { usageError } from "./failure.ts";

const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,254}$/;

/** `KEY=VALUE` words as a record; a value may hold further equals signs. Throws Failure `usage`. */
export function parseAssignments(words: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    words.map((word): [string, string] => {
      const at = word.indexOf("=");
      if (at === -1)
        throw usageError(`${JSON.stringify(word)} is not KEY=VALUE`, "Write it as KEY=VALUE; `ebb vars unset` removes a variable.");
      return [variableName(word.slice(0, at)), word.slice(at + 1)];
    }),
  );
}

export function variableName(text: string): string {
  if (NAME.test(text)) return text;
  throw usageError(`${JSON.stringify(text)} cannot be the name of a variable`, "Use letters, digits and underscores; no digit first.");
}
