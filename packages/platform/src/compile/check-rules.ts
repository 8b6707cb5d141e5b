import type { RuleCondition, TrafficRule } from "@ebb/api";
import { admit, VirtualServices } from "@ebb/kube";
import { causeChain } from "@ebb/base";
import { refuse } from "../errors.ts";
import { versionNumber } from "./names.ts";
import { compileVirtualService, type Rule } from "./virtual-service.ts";

/** The rules as they are stored. Throws `invalid_rule` for what no cluster would take, or what could never fit a request. */
export function checkRules(rules: readonly TrafficRule[]): Rule[] {
  const stored = rules.map(({ version, when }) => ({ number: versionNumber(version) ?? 0, when }));
  for (const [index, rule] of stored.entries()) {
    const problem = problemOf(rule.when) ?? refusalOf(rule);
    if (problem !== undefined) throw refuse("invalid_rule", `Rule ${index + 1}: ${problem}`, { hint: HINT });
  }
  return stored;
}

const HINT = "See the section on rules in docs/guide/releases.md.";

function problemOf(when: readonly RuleCondition[]): string | undefined {
  const fields = when.map(fieldOf);
  const twice = fields.find((field, index) => fields.indexOf(field) !== index);
  if (twice !== undefined) return `it has two conditions on ${twice}; one regex can say both`;
  for (const condition of when) {
    if (condition.on === "users") continue;
    const { is, value } = condition;
    if (condition.on !== "path" && (is === "present") !== (value === undefined)) {
      return is === "present" ? "a condition `present` takes no value" : `a condition \`${is}\` needs a value`;
    }
    if (condition.on === "path" && is !== "regex" && !value?.startsWith("/")) return "a path begins with /";
    if (condition.on === "cookie" && is !== "regex" && value?.includes(";")) return "a cookie's value has no ;";
    if (condition.on === "header" && condition.name.toLowerCase() === "host") return "the host is not a rule's to ask for";
  }
  return undefined;
}

/** What a condition asks about; all cookies are in one header. */
function fieldOf(condition: RuleCondition): string {
  switch (condition.on) {
    case "path":
      return "the path";
    case "query":
      return `the query's ${condition.name}`;
    case "cookie":
      return "the header cookie";
    case "header":
      return `the header ${condition.name.toLowerCase()}`;
    case "users":
      return `the header ${condition.header.toLowerCase()}`;
  }
}

/** The words of the cluster's own admission, before anything has been stored. */
function refusalOf(rule: Rule): string | undefined {
  const made = compileVirtualService({
    app: "app",
    namespace: "default",
    host: "app.example.com",
    previews: [],
    rules: [rule],
    protocolOf: () => "http1",
  });
  try {
    admit(VirtualServices, made, { user: "" });
    return undefined;
  } catch (error) {
    return causeChain(error)[0]?.replace(/^.*configuration is invalid: /, "");
  }
}
