import type { RuleCondition, TrafficRule } from "@ebb/api";

export type ConditionKind = RuleCondition["on"];
export type Operator = "exact" | "prefix" | "regex" | "present";

/** A condition as it is typed; `name` is the header's for users, whose `value` has one a line or comma. */
export interface DraftCondition {
  on: ConditionKind;
  name: string;
  is: Operator;
  value: string;
}

export interface DraftRule {
  /** Of the draft alone: rows keep their fields while they move. */
  key: number;
  version: string;
  when: DraftCondition[];
}

/** As the API's schema has them; the platform says the rest. */
const TOKEN = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$/;
const TEXT = /^[\x20-\x7e]{1,256}$/;

export const newCondition = (): DraftCondition => ({ on: "header", name: "", is: "exact", value: "" });

export function draftOf(rules: readonly TrafficRule[]): DraftRule[] {
  return rules.map(({ version, when }, key) => ({ key, version, when: when.map(draftCondition) }));
}

export function draftCondition(condition: RuleCondition): DraftCondition {
  if (condition.on === "users") return { on: "users", name: condition.header, is: "exact", value: condition.users.join(", ") };
  return { on: condition.on, name: condition.on === "path" ? "" : condition.name, is: condition.is, value: condition.value ?? "" };
}

export function usersOf(value: string): string[] {
  return value
    .split(/[,\n]/)
    .map((user) => user.trim())
    .filter((user) => user !== "");
}

/** What is wrong with it; null when it can be sent. */
export function faultOf({ on, name, is, value }: DraftCondition): "name" | "value" | null {
  if (on !== "path" && !TOKEN.test(name)) return "name";
  if (on === "users") {
    const users = usersOf(value);
    return users.length > 0 && users.length <= 200 && users.every((user) => TEXT.test(user)) ? null : "value";
  }
  return (is === "present" && on !== "path") || TEXT.test(value) ? null : "value";
}

/** The condition that it stands for; only of one without a fault. */
export function conditionOf({ on, name, is, value }: DraftCondition): RuleCondition {
  if (on === "users") return { on, header: name, users: usersOf(value) };
  if (on === "path") return { on, is: is === "present" ? "prefix" : is, value };
  return { on, name, is, ...(is === "present" ? {} : { value }) };
}

export const rulesOf = (draft: readonly DraftRule[]): TrafficRule[] =>
  draft.map(({ version, when }) => ({ version, when: when.map(conditionOf) }));

export const isComplete = (draft: readonly DraftRule[]): boolean =>
  draft.every(({ when }) => when.length > 0 && when.every((condition) => faultOf(condition) === null));

export function moved<T>(list: readonly T[], from: number, to: number): T[] {
  const item = list[from];
  if (item === undefined || to < 0 || to >= list.length) return [...list];
  return list.toSpliced(from, 1).toSpliced(to, 0, item);
}

export interface RuleChanges {
  added: { rule: TrafficRule; at: number }[];
  removed: { rule: TrafficRule; at: number }[];
  /** Some that stay have another order, which decides where several fit. */
  reordered: boolean;
}

/** Positions count from 1, as the API's explanations do. */
export function ruleChanges(from: readonly TrafficRule[], to: readonly TrafficRule[]): RuleChanges {
  const [before, after] = [from, to].map((rules) => rules.map((rule) => JSON.stringify(rulesOf(draftOf([rule])))));
  const count = (keys: readonly string[]) => Map.groupBy(keys, (key) => key);
  const only = (rules: readonly TrafficRule[], keys: readonly string[] = [], others: readonly string[] = []) => {
    const left = new Map([...count(others)].map(([key, all]) => [key, all.length]));
    return rules.flatMap((rule, index) => {
      const key = keys[index] ?? "";
      const there = left.get(key) ?? 0;
      left.set(key, there - 1);
      return there > 0 ? [] : [{ rule, at: index + 1 }];
    });
  };
  const added = only(to, after, before);
  const removed = only(from, before, after);
  const kept = (keys: readonly string[] = [], gone: readonly { at: number }[]) =>
    keys.filter((_, index) => !gone.some(({ at }) => at === index + 1)).join("\n");
  return { added, removed, reordered: kept(before, removed) !== kept(after, added) };
}
