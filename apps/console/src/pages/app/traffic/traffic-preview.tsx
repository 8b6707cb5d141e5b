import type { TrafficRule } from "@ebb/api";
import { useText } from "../../../i18n/language.tsx";
import { RuleWords } from "./rule-words.tsx";
import type { RuleChanges } from "./rules-draft.ts";
import type { SplitChange } from "./split-draft.ts";

/** What applying would change, before it is applied. */
export function TrafficPreview({ split, rules }: { split: readonly SplitChange[]; rules: RuleChanges }) {
  const text = useText();
  const none = split.length === 0 && rules.added.length === 0 && rules.removed.length === 0 && !rules.reordered;
  return (
    <div className="traffic-preview" aria-live="polite">
      <h3>{text.traffic.preview}</h3>
      {none ? (
        <p className="faint">{text.traffic.noChange}</p>
      ) : (
        <ul>
          {rules.removed.map((of) => (
            <RuleLine key={`-${of.at}`} words={text.rules.removed(of.at)} rule={of.rule} />
          ))}
          {rules.added.map((of) => (
            <RuleLine key={`+${of.at}`} words={text.rules.added(of.at)} rule={of.rule} />
          ))}
          {rules.reordered && <li>{text.rules.reordered}</li>}
          {split.map((change) => (
            <li key={change.version}>
              <b>{text.traffic.change(change.version, change.from, change.to)}</b>{" "}
              <span className="faint">
                {change.to === 0 && text.traffic.gone(change.version)}
                {change.from === 0 && text.traffic.fresh(change.version)}
              </span>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function RuleLine({ words, rule }: { words: string; rule: TrafficRule }) {
  return (
    <li>
      <b>{words}</b> <RuleWords rule={rule} />
    </li>
  );
}
