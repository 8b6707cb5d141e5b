import type { Explanation } from "@ebb/api";
import { useText } from "../../../i18n/language.tsx";
import { VersionMark } from "../../../ui/version-mark.tsx";

/** Which rule and version a request gets, and why not others. */
export function ExplainedRoute({ explanation }: { explanation: Explanation }) {
  const text = useText();
  const { version, rule, reason, skipped, split, unsure } = explanation;
  return (
    <div className="explanation" role="status">
      <p>
        {version === null ? <b>{text.explain.nobody}</b> : <VersionMark version={version} />}{" "}
        <span>{rule === null ? text.explain.bySplit : text.explain.byRule(rule)}</span>
      </p>
      <p className="faint">{reason}</p>
      {unsure.length > 0 && <p>{text.requests.unsure(unsure.join(", "))}</p>}
      {skipped.length > 0 && (
        <ul>
          {skipped.map((one) => (
            <li key={one.rule}>
              <b>{text.rules.rule(one.rule)}</b> {text.explain.skipped} <span className="faint">{one.because}</span>
            </li>
          ))}
        </ul>
      )}
      {rule === null && split.length > 1 && (
        <p>
          {text.explain.chance}{" "}
          {split.map((one) => (
            <span key={one.version}>
              <VersionMark version={one.version} /> <span className="number">{one.percent} %</span>{" "}
            </span>
          ))}
        </p>
      )}
    </div>
  );
}
