import type { TrafficPolicy } from "@ebb/api";
import { useSpeech } from "../../../i18n/language.tsx";
import { guardWords, wordChanges } from "./guard-words.ts";

/** In words: what is in force, and what applying would change; `after` is null while the draft is not complete. */
export function GuardPreview({ before, after }: { before: TrafficPolicy; after: TrafficPolicy | null }) {
  const { text, format } = useSpeech();
  const { guard } = text;
  const now = guardWords(before, text, format);
  const { goes, comes } = wordChanges(now, guardWords(after ?? before, text, format));
  return (
    <div className="plan" aria-live="polite">
      <h3>{guard.inForce}</h3>
      {now.length === 0 ? <p className="faint">{guard.nothing}</p> : <Sentences words={now} />}
      <h3>{guard.preview}</h3>
      {goes.length + comes.length === 0 && <p className="faint">{guard.noChange}</p>}
      {goes.length > 0 && <p>{guard.goes}</p>}
      <Sentences words={goes} />
      {comes.length > 0 && <p>{guard.comes}</p>}
      <Sentences words={comes} />
    </div>
  );
}

function Sentences({ words }: { words: readonly string[] }) {
  if (words.length === 0) return null;
  return (
    <ul className="sentences">
      {words.map((sentence, index) => (
        // oxlint-disable-next-line react/no-array-index-key -- two may be the same
        <li key={index}>{sentence}</li>
      ))}
    </ul>
  );
}
