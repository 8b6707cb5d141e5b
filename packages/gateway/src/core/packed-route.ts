import type { HostRule, RouteRule } from "../route-table.ts";

/** A host of an entry as it is kept while requests ask for it: what each needs as it is, its rules as text, from which they are compiled when one asks for them, and again later. */
export interface PackedHost extends Omit<HostRule, "rules"> {
  rules: string | undefined;
}

export function packHost({ rules, ...rest }: HostRule): PackedHost {
  return { ...rest, rules: rules && JSON.stringify(rules) };
}

export function rulesOf({ rules }: Pick<PackedHost, "rules">): RouteRule[] {
  return rules === undefined ? [] : (JSON.parse(rules) as RouteRule[]);
}
