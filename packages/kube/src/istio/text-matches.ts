import { RE2JS } from "re2js";
import type { StringMatch } from "./istio.ts";

/** Whether a text is what a match asks for, as the data plane decides it: a regex is RE2 and takes the whole; nothing at all asks that it is there. */
export function textMatches({ exact, prefix, regex }: StringMatch, text: string): boolean {
  if (exact !== undefined) return text === exact;
  if (prefix !== undefined) return text.startsWith(prefix);
  return regex === undefined || regex === "*" || RE2JS.compile(regex).matches(text);
}
