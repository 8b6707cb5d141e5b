import type { Dictionary } from "./en.ts";

/** What a code says in the reader's language; undefined for one that this console does not know, as of a newer platform. */
export function problemWords({ problems }: Dictionary, code: string): string | undefined {
  return Object.hasOwn(problems, code) ? problems[code as keyof typeof problems] : undefined;
}
