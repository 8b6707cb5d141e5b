import type { TrafficTarget } from "@ebb/api";
import { defineCommand } from "../command.ts";
import { usageError } from "../failure.ts";
import { finishChange } from "../operations.ts";
import { ENV, placeOf } from "../place.ts";

export const trafficCommand = defineCommand({
  name: "traffic",
  summary: "Shows or changes which versions get the traffic",
  description: "Percents add up to 100; versions that are not named get none. The change is made without losing a request.",
  args: {
    app: { summary: "The application", required: true, completes: "app" },
    targets: { summary: "VERSION=PERCENT; none shows the present split", required: false, variadic: true, completes: "version" },
  },
  options: ENV,
  prints: "table",
  uses: "platform",
  examples: [
    { run: "ebb traffic hello", what: "The present split" },
    { run: "ebb traffic hello v3=10 v2=90", what: "A tenth of the visitors see v3" },
    { run: "ebb traffic hello v3=100", what: "All of them do" },
  ],
  async run(context, { args, options }) {
    const targets = parseTargets(args.targets);
    const client = await context.connect();
    const place = await placeOf(context, client, args.app, options.env);
    if (targets.length > 0) {
      await finishChange(context, client, await client.setTraffic(place, { targets }));
      return;
    }
    const app = await client.getAppEnvironment(place);
    context.output.table({
      data: { targets: app.traffic },
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
