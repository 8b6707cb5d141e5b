import type { RuleCondition, TrafficRule } from "@ebb/api";
import type { Dictionary } from "../../../i18n/en.ts";
import { useText } from "../../../i18n/language.tsx";
import { VersionMark } from "../../../ui/version-mark.tsx";

/** `header x-canary = 1`. */
function conditionWords(condition: RuleCondition, { rules }: Dictionary): string {
  if (condition.on === "users") return rules.usersIn(condition.header, condition.users.join(", "));
  const subject = condition.on === "path" ? rules.kinds.path : `${rules.kinds[condition.on]} ${condition.name}`;
  return rules.says[condition.is](subject, condition.value ?? "");
}

/** A rule in words: its conditions, and where it sends requests. */
export function RuleWords({ rule }: { rule: TrafficRule }) {
  const text = useText();
  return (
    <span className="rule-words">
      {rule.when.map((condition, index) => (
        // oxlint-disable-next-line react/no-array-index-key -- conditions do not move
        <span key={index}>
          {index > 0 && <span className="faint">{text.rules.andWord} </span>}
          <code>{conditionWords(condition, text)}</code>
        </span>
      ))}
      <span aria-hidden="true">→</span> <VersionMark version={rule.version} />
    </span>
  );
}
