import { useText } from "../i18n/language.tsx";
import { wordChanges } from "./word-changes.ts";

/** In words: what applying would change, before it does. */
export function ChangeSentences({ before, after }: { before: readonly string[]; after: readonly string[] }) {
  const { guard } = useText();
  const { goes, comes } = wordChanges(before, after);
  return (
    <>
      <h3>{guard.preview}</h3>
      {goes.length + comes.length === 0 && <p className="faint">{guard.noChange}</p>}
      {goes.length > 0 && <p>{guard.goes}</p>}
      <Sentences words={goes} />
      {comes.length > 0 && <p>{guard.comes}</p>}
      <Sentences words={comes} />
    </>
  );
}

export function Sentences({ words }: { words: readonly string[] }) {
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
