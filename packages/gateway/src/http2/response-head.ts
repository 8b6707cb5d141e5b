import { kindOfName } from "../http1/known-fields.ts";
import { answerStatus } from "./field-rules.ts";
import { plainPairs, toLines } from "./fields.ts";
import type { FieldList } from "./hpack/decoder.ts";

export interface Http2Answer {
  status: number;
  /** End-to-end header lines, without the length. */
  fields: string;
  /** The line of the length, or "". */
  lengthFields: string;
  /** -1 when it says nothing. */
  length: number;
}

/** By list, as the same one comes again and again. */
const known = new WeakMap<FieldList, Http2Answer>();

/** What an answer's fields say; undefined when they are malformed. */
export function readAnswer(list: FieldList): Http2Answer | undefined {
  const before = known.get(list);
  if (before) return before;
  const status = answerStatus(list);
  const pairs = plainPairs(list.pairs);
  if (status === undefined || !pairs) return undefined;
  const lengths = new Set(pairs.filter(([name]) => name === "content-length").map(([, value]) => value));
  const [length = ""] = lengths;
  if (lengths.size > 1 || (lengths.size === 1 && !/^[0-9]{1,15}$/.test(length))) return undefined;
  const answer = {
    status,
    fields: toLines(pairs.filter(([name]) => passes(name))),
    lengthFields: length === "" ? "" : `content-length: ${length}\r\n`,
    length: length === "" ? -1 : Number(length),
  };
  known.set(list, answer);
  return answer;
}

function passes(name: string): boolean {
  const kind = kindOfName(name);
  return kind === "other" || kind === "x-request-id" || kind === "traceparent" || kind === "tracestate" || kind === "b3";
}
