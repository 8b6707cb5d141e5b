import { badRequest } from "./status-errors.ts";
import type { StatusError } from "./status-error.ts";

export type Labels = Readonly<Record<string, string>>;
/** Whether an object's labels are selected. */
export type LabelMatcher = (labels: Labels | undefined) => boolean;

const KEY = /^(?:[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const VALUE = /^(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;

export function isLabelKey(text: string): boolean {
  return KEY.test(text);
}

export function isLabelValue(text: string): boolean {
  return VALUE.test(text);
}

/**
 * k8s.io/apimachinery labels.Parse: `a=b`, `a==b`, `a!=b`, `a in (b,c)`, `a notin (b,c)`, `a`, `!a`, `a>1`, `a<1`, all of which must
 * hold. `!=` and `notin` also select what lacks the key. Throws BadRequest for what cannot be read.
 */
export function parseLabelSelector(text: string): LabelMatcher {
  const requirements = splitOutsideParentheses(text).map((part) => requirement(part, text));
  return (labels = {}) => requirements.every((holds) => holds(labels));
}

type Requirement = (labels: Labels) => boolean;

function requirement(part: string, whole: string): Requirement {
  const set = /^(\S+)\s+(in|notin)\s*\(([^()]*)\)$/.exec(part);
  if (set) {
    const [, key = "", operator, list = ""] = set;
    const values = new Set(list.split(",").map((value) => value.trim()));
    check(key, values, whole);
    return operator === "in"
      ? (labels) => labels[key] !== undefined && values.has(labels[key])
      : (labels) => labels[key] === undefined || !values.has(labels[key]);
  }
  const comparison = /^([^\s=!<>]+)\s*(==|=|!=|>|<)\s*([^\s=!<>]*)$/.exec(part);
  if (comparison) return compare(comparison, whole);
  const existence = /^(!?)\s*(\S+)$/.exec(part);
  const [, not = "", key = ""] = existence ?? [];
  check(key, [], whole);
  return (labels) => (labels[key] !== undefined) === (not === "");
}

function compare([, key = "", operator, value = ""]: RegExpExecArray, whole: string): Requirement {
  check(key, [value], whole);
  if (operator === "!=") return (labels) => labels[key] !== value;
  if (operator === "=" || operator === "==") return (labels) => labels[key] === value;
  if (!/^-?\d+$/.test(value)) throw unreadable(whole, `for 'Gt', 'Lt' operators, the value must be an integer`);
  const bound = Number(value);
  const holds = operator === ">" ? (actual: number) => actual > bound : (actual: number) => actual < bound;
  return (labels) => /^-?\d+$/.test(labels[key] ?? "") && holds(Number(labels[key]));
}

function check(key: string, values: Iterable<string>, whole: string): void {
  if (!isLabelKey(key)) throw unreadable(whole, `invalid label key ${JSON.stringify(key)}`);
  for (const value of values) if (!isLabelValue(value)) throw unreadable(whole, `invalid label value ${JSON.stringify(value)}`);
}

function unreadable(whole: string, why: string): StatusError {
  return badRequest(`unable to parse requirement of label selector ${JSON.stringify(whole.slice(0, 200))}: ${why}`);
}

function splitOutsideParentheses(text: string): string[] {
  if (text.trim() === "") return [];
  return text.split(/,(?![^()]*\))/).map((part) => part.trim());
}

/** meta/v1 LabelSelector. */
interface StructuredSelector {
  matchLabels?: Labels;
  matchExpressions?: readonly { key: string; operator: string; values?: readonly string[] }[];
}

/** A meta/v1 LabelSelector as the text that `parseLabelSelector` reads, sorted by key; a text as it is. Nothing for what is neither. */
export function formatLabelSelector(selector: unknown): string {
  if (typeof selector === "string") return selector;
  const { matchLabels = {}, matchExpressions = [] } = (selector ?? {}) as StructuredSelector;
  const expressions = matchExpressions.map(({ key, operator, values = [] }) => {
    if (operator === "Exists") return [key, key] as const;
    if (operator === "DoesNotExist") return [key, `!${key}`] as const;
    return [key, `${key} ${operator === "In" ? "in" : "notin"} (${[...values].sort().join(",")})`] as const;
  });
  const terms = [...Object.entries(matchLabels).map(([key, value]) => [key, `${key}=${value}`] as const), ...expressions];
  return terms
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([, term]) => term)
    .join(",");
}
