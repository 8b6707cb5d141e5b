import type { RuleCondition, TrafficRule } from "@ebb/api";
import { usageError } from "./failure.ts";

const HELP = 'Write it as "v4 header.x-canary=1 path^=/beta": = exact, ^= prefix, ~= regex, a name alone: present.';
const OPERATORS = { "=": "exact", "^=": "prefix", "~=": "regex" } as const;

/** `v4 header.x-canary=1 users.x-user=ann,bob`: a version and what a request to it must have. Throws Failure `usage`. */
export function parseRule(text: string): TrafficRule {
  const [version = "", ...words] = text.trim().split(/\s+/);
  if (!/^v[1-9][0-9]{0,6}$/.test(version)) throw usageError(`${JSON.stringify(text)}: a rule begins with a version`, HELP);
  if (words.length === 0) throw usageError(`${JSON.stringify(text)}: a rule has conditions`, HELP);
  return { version, when: words.map(parseCondition) };
}

export function parseCondition(word: string): RuleCondition {
  const [, on = "", name, operator, value] = /^(header|cookie|query|users|path)(?:\.([^=^~]+))?(?:(\^=|~=|=)(.+))?$/.exec(word) ?? [];
  const is = operator === undefined ? "present" : OPERATORS[operator as keyof typeof OPERATORS];
  if (on === "path" && name === undefined && value !== undefined && is !== "present") return { on, is, value };
  if (on === "users" && name !== undefined && is === "exact" && value !== undefined) return { on, header: name, users: value.split(",") };
  if ((on === "header" || on === "cookie" || on === "query") && name !== undefined) {
    return { on, name, is, ...(value === undefined ? {} : { value }) };
  }
  throw usageError(`${JSON.stringify(word)} is no condition`, HELP);
}

/** The other way round: what `parseRule` reads. */
export function ruleText({ version, when }: TrafficRule): string {
  return [version, ...when.map(conditionText)].join(" ");
}

const SIGNS = { exact: "=", prefix: "^=", regex: "~=", present: "" } as const;

function conditionText(condition: RuleCondition): string {
  if (condition.on === "users") return `users.${condition.header}=${condition.users.join(",")}`;
  const name = condition.on === "path" ? "path" : `${condition.on}.${condition.name}`;
  return `${name}${SIGNS[condition.is]}${condition.value ?? ""}`;
}
