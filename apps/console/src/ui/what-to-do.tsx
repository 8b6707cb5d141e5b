import { useText } from "../i18n/language.tsx";
import { stepWords } from "../i18n/problem-words.ts";

/** What to do about a refusal or a failure: by its code in the reader's language, and the platform's own hint, which is more particular, in English. */
export function WhatToDo({ code, hint }: { code: string; hint: string | null | undefined }) {
  const step = stepWords(useText(), code);
  const own = hint === null || hint === undefined || hint === "" ? null : <span lang="en">{hint}</span>;
  if (step === undefined) return own;
  return (
    <>
      {step}
      {own !== null && <span className="faint own-hint">{own}</span>}
    </>
  );
}
