import type { AppEnvironment } from "@ebb/api";

/** Who answers whom, as people compare it. */
export function answering({ traffic, rules }: Pick<AppEnvironment, "traffic" | "rules">) {
  return { traffic: Object.fromEntries(traffic.map(({ version, percent }) => [version, percent])), rules };
}
