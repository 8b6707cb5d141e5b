import type { AppEnvironment } from "@ebb/api";
import { useText } from "../../../i18n/language.tsx";
import { TrafficBar, TrafficText } from "../../../ui/traffic-bar.tsx";
import { RuleWords } from "./rule-words.tsx";

/** The picture for whoever may not change it. */
export function TrafficShown({ now: { rules, traffic } }: { now: AppEnvironment }) {
  const text = useText();
  return (
    <div className="flow">
      <section>
        <h3>{text.rules.title}</h3>
        <p className="faint">{rules.length === 0 ? text.rules.none : text.rules.intro}</p>
        <ol className="rules" aria-label={text.rules.title}>
          {rules.map((rule, index) => (
            // oxlint-disable-next-line react/no-array-index-key -- rules have no name but their place
            <li key={index} className="rule">
              <b>{text.rules.rule(index + 1)}</b> <RuleWords rule={rule} />
            </li>
          ))}
        </ol>
      </section>
      <section>
        <h3>{rules.length === 0 ? text.traffic.everybody : text.traffic.everybodyElse}</h3>
        <TrafficBar targets={traffic} />
        <p>
          <TrafficText targets={traffic} />
        </p>
      </section>
    </div>
  );
}
