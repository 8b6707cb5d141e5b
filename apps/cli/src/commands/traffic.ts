import type { SetTraffic, TrafficTarget } from "@ebb/api";
import { defineCommand } from "../command.ts";
import { usageError } from "../failure.ts";
import { finishChange } from "../operations.ts";
import { movesText } from "../moves-text.ts";
import { ENV, IF_REVISION, placeOf } from "../place.ts";
import { parseRule, ruleText } from "../rule-syntax.ts";

export const trafficCommand = defineCommand({
  name: "traffic",
  summary: "Shows or changes which versions get the traffic",
  description: `Percents add up to 100; versions that are not named get none. The change is made without losing a request.

A rule sends requests that fulfil all its conditions to a version, before the split: header.NAME, cookie.NAME, query.NAME, path and users.HEADER,
with = (exact), ^= (prefix) or ~= (RE2, the whole value); a name alone asks that it is there. The first rule that fits decides.`,
  args: {
    app: { summary: "The application", required: true, completes: "app" },
    targets: { summary: "VERSION=PERCENT; none shows the present split", required: false, variadic: true, completes: "version" },
  },
  options: {
    ...ENV,
    rule: { kind: "list", placeholder: "RULE", summary: "A rule before the split, in their order; those that there are are replaced" },
    plan: { kind: "flag", summary: "Only say which of the last requests it would move" },
    "no-rules": { kind: "flag", summary: "Remove all rules" },
    ...IF_REVISION,
  },
  prints: "table",
  uses: "platform",
  examples: [
    { run: "ebb traffic hello", what: "The present split" },
    { run: "ebb traffic hello v3=10 v2=90", what: "A tenth of the visitors see v3" },
    { run: "ebb traffic hello v3=100", what: "All of them do" },
    { run: 'ebb traffic hello --rule "v4 header.x-canary=1"', what: "Requests with this header see v4; the split stays" },
    { run: 'ebb traffic hello --rule "v4 header.x-canary=1" --plan', what: "Which of the last requests that would move" },
    { run: "ebb traffic hello --no-rules", what: "The split alone decides again" },
  ],
  async run(context, { args, options }) {
    const targets = parseTargets(args.targets);
    const client = await context.connect();
    const place = await placeOf(context, client, args.app, options.env);
    const changed = options["no-rules"] ? [] : options.rule.length > 0 ? options.rule.map(parseRule) : undefined;
    if (options["no-rules"] && options.rule.length > 0) throw usageError("--rule and --no-rules exclude each other", "Give one of them.");
    const app = await client.getAppEnvironment(place);
    if (targets.length > 0 || changed) {
      const body: SetTraffic = { targets: targets.length > 0 ? targets : app.traffic, ...(changed ? { rules: changed } : {}) };
      if (options.plan) {
        const moves = await client.planTraffic(place, body);
        context.output.show(moves, () => movesText(moves));
        return;
      }
      // What was just read is part of what is sent: nobody's change in between is overwritten by it.
      const ifMatch = options["if-revision"] ?? app.revision;
      await finishChange(context, client, await client.setTraffic(place, body, { ifMatch }));
      return;
    }
    if (options.plan) throw usageError("--plan is about a change", "Name the split or the rules that you think of.");
    if (!context.output.structured) context.output.lines(app.rules.map((rule) => `rule: ${ruleText(rule)}`));
    context.output.table({
      data: { targets: app.traffic, rules: app.rules, revision: app.revision },
      rows: app.traffic,
      columns: [
        { header: "VERSION", value: (target) => target.version },
        { header: "TRAFFIC", value: (target) => `${target.percent} %`, align: "right" },
      ],
      empty: `${app.app} gets no traffic yet: ${app.message || "no version of it has become ready"}`,
    });
  },
});

/** Throws Failure `usage` for what cannot be a split. */
export function parseTargets(words: readonly string[]): TrafficTarget[] {
  const targets = words.map((word) => {
    const [, version, digits] = /^(v[1-9][0-9]{0,6})=(\d{1,3})%?$/.exec(word) ?? [];
    if (version === undefined || Number(digits) > 100)
      throw usageError(`${JSON.stringify(word)} is not VERSION=PERCENT`, "Write it as v3=90; percents are whole numbers from 0 to 100.");
    return { version, percent: Number(digits) };
  });
  const twice = targets.find((target, at) => targets.findIndex((other) => other.version === target.version) !== at);
  if (twice) throw usageError(`${twice.version} is named twice`, "Name each version once.");
  const total = targets.reduce((sum, target) => sum + target.percent, 0);
  if (targets.length > 0 && total !== 100) throw usageError(`the percents add up to ${total}, not to 100`, "Change them so that they do.");
  return targets;
}
