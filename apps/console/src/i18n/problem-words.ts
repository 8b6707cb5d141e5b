import type { Dictionary } from "./en.ts";

/** What to do about it in the reader's language; undefined where the platform's own English is all there is. */
export function stepWords({ steps }: Dictionary, code: string): string | undefined {
  return Object.hasOwn(steps, code) ? steps[code] : undefined;
}

/** What a code says in the reader's language; undefined for one that this console does not know, as of a newer platform. */
export function problemWords({ problems }: Dictionary, code: string): string | undefined {
  return Object.hasOwn(problems, code) ? problems[code as keyof typeof problems] : undefined;
}
