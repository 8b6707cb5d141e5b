import type { TrafficPolicy } from "@ebb/api";
import { useSpeech } from "../../../i18n/language.tsx";
import { ChangeSentences, Sentences } from "../../../ui/change-sentences.tsx";
import { guardWords } from "./guard-words.ts";

/** In words: what is in force, and what applying would change; `after` is null while the draft is not complete. */
export function GuardPreview({ before, after }: { before: TrafficPolicy; after: TrafficPolicy | null }) {
  const { text, format } = useSpeech();
  const { guard } = text;
  const now = guardWords(before, text, format);
  return (
    <div className="plan" aria-live="polite">
      <h3>{guard.inForce}</h3>
      {now.length === 0 ? <p className="faint">{guard.nothing}</p> : <Sentences words={now} />}
      <ChangeSentences before={now} after={guardWords(after ?? before, text, format)} />
    </div>
  );
}
