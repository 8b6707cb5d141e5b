import type { Environment } from "@ebb/api";
import { useFormat, useText } from "../../i18n/language.tsx";

/** Awake or asleep, and whether anything may be changed. */
export function EnvironmentState({ environment: { asleep, frozen } }: { environment: Environment }) {
  const text = useText();
  const format = useFormat();
  return (
    <span className="environment-state">
      <span className="state">
        <span className={`dot ${asleep === null ? "dot-good" : "dot-calm"}`} aria-hidden="true" />
        {asleep === null ? text.environments.awake : asleep.settled ? text.environments.asleep : text.environments.fallingAsleep}
      </span>
      {frozen !== null && (
        <span className="warn" title={text.environments.frozenUntil(format.dateTime(frozen.until))}>
          {text.environments.frozen}
        </span>
      )}
    </span>
  );
}
