import type { OperationFailure, Said } from "@ebb/api";
import { firstLine } from "./first-line.ts";

export interface Cause {
  /** As the cluster says it. */
  words: string;
  said: Said | undefined;
}

/** What led to a failure, from the outside to the root, without what is said twice. */
export function causesOf({ message, chain, saidChain }: Pick<OperationFailure, "message" | "chain" | "saidChain">): Cause[] {
  // A cause may go on with the log lines, which are shown below.
  const all = chain.map((words, index): Cause => ({ words: firstLine(words), said: firstLines(saidChain?.[index]) }));
  return all.filter(
    ({ words }, index) =>
      words !== message &&
      all.findIndex((other) => other.words === words) === index &&
      // What a longer one says as well says nothing by itself.
      !all.some((other) => other.words !== words && other.words.includes(words)),
  );
}

/** The cluster's words are among what fills a code's, with the log behind them as well. */
function firstLines(said: Said | null | undefined): Said | undefined {
  if (!said) return undefined;
  const short = (value: string | number) => (typeof value === "string" ? firstLine(value) : value);
  const values = Object.entries(said.with ?? {}).map(([name, value]) => [name, short(value)] as const);
  return { code: said.code, with: Object.fromEntries(values) };
}
