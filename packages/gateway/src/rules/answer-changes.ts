import type { ResponseHead } from "../http1/heads.ts";
import type { ForwardPlan } from "./decide.ts";
import { fieldValue } from "./request-view.ts";

/** The header lines of an answer as the rules on its way want them. */
export function answerFields(plan: ForwardPlan, { status, fields }: Pick<ResponseHead, "status" | "fields">): string {
  let text = fields;
  for (const { view, changes, cors } of plan.answer) {
    for (const change of changes) {
      const before = text;
      if (change) text = change.apply(text, { view, status, answerHeader: (name) => fieldValue(before, name) });
    }
    if (cors !== "") text = withoutCors(text) + cors;
  }
  return text;
}

/** What the policy says replaces what the application says: two origins are none to a browser. */
function withoutCors(fields: string): string {
  return fields.replace(/^access-control-allow-(?:origin|credentials):[^\r\n]*\r\n/gim, "");
}
