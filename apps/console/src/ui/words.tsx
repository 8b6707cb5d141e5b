import type { Said } from "@ebb/api";
import { useText } from "../i18n/language.tsx";
import { saidWords } from "../i18n/said.ts";

/** What the platform said, in the reader's language where its code has words there. */
export function Words({ said, english }: { said: readonly Said[] | undefined; english: string }) {
  const words = saidWords(useText(), said);
  return words === undefined ? <span lang="en">{english}</span> : <>{words}</>;
}
