import type { RecentRequest } from "@ebb/api";
import { useText } from "../../../i18n/language.tsx";

/** The status that a request got, and in words what it alone does not say. */
export function AnswerMark({ request: { status, outcome } }: { request: RecentRequest }) {
  const text = useText();
  const colour = status >= 500 || outcome === "cut" ? "bad-text" : status >= 400 ? "warn" : "";
  return (
    <span className={`nowrap ${colour}`}>
      <b className="number">{status}</b>
      {outcome === "complete" ? "" : ` ${text.requests.outcome[outcome]}`}
    </span>
  );
}
