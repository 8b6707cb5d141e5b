import type { PatchScaling, ScalingPolicy } from "@ebb/api";
import { defineCommand } from "../command.ts";
import { usageError } from "../failure.ts";
import { changeOptions, ENV, IF_REVISION, placeOf } from "../place.ts";
import { strategyOption, strategyText } from "../scaling/strategy-option.ts";

const DEFAULT = "default";

export const scaleCommand = defineCommand({
  name: "scale",
  summary: "Shows or changes by what an application is scaled, without a new version",
  description:
    "In force at once. What is set here counts for all versions of the application in the environment, over what each says itself; what keeps instances or wakes them by the clock counts for those that somebody is led to, and not for one that has a preview URL alone. Strategies vote; the largest vote wins within the bounds.",
  args: { app: { summary: "The application", required: true, completes: "app" } },
  options: {
    ...ENV,
    min: { kind: "text", placeholder: "N", summary: `At least so many instances; ${DEFAULT}: what the version says` },
    max: { kind: "text", placeholder: "N", summary: `At most so many; 0: no limit; ${DEFAULT}: what the version says` },
    idle: {
      kind: "text",
      placeholder: "WHAT",
      choices: ["cold", "prepared", "frozen", DEFAULT],
      summary: "What is kept of it while nobody asks",
    },
    strategy: { kind: "list", placeholder: "STRATEGY", summary: `Replaces all strategies; ${DEFAULT}: what the version says` },
    ...IF_REVISION,
    reset: { kind: "flag", summary: "Back to what the versions say, in everything" },
  },
  prints: "data",
  uses: "platform",
  examples: [
    { run: "ebb scale hello", what: "What is in force over the versions' own settings" },
    { run: "ebb scale hello --min 2 --max 20 --env prod", what: "Bounds" },
    { run: "ebb scale hello --strategy concurrency=10 --strategy cpu=70", what: "Two votes, of which the larger wins" },
    { run: "ebb scale hello --idle frozen", what: "Its last instance sleeps in memory" },
  ],
  async run(context, { args, options }) {
    const patch: PatchScaling = options.reset ? { strategies: null, min: null, max: null, idle: null } : patchOf(options);
    const client = await context.connect();
    const place = await placeOf(context, client, args.app, options.env);
    const reads = Object.keys(patch).length === 0;
    const policy = await (reads ? client.getScaling(place) : client.patchScaling(place, patch, changeOptions(options)));
    context.output.show(policy, () => lines(policy));
  },
});

function patchOf(options: {
  min: string | undefined;
  max: string | undefined;
  idle: string | undefined;
  strategy: readonly string[];
}): PatchScaling {
  const { min, max, idle, strategy } = options;
  const back = strategy.length === 1 && strategy[0] === DEFAULT;
  return {
    ...(min === undefined ? {} : { min: countOf("--min", min) }),
    ...(max === undefined ? {} : { max: countOf("--max", max) }),
    ...(idle === undefined ? {} : { idle: idle === "cold" || idle === "prepared" || idle === "frozen" ? idle : null }),
    ...(strategy.length === 0 ? {} : { strategies: back ? null : strategy.map(strategyOption) }),
  };
}

function countOf(option: string, text: string): number | null {
  if (text === DEFAULT) return null;
  if (!/^\d{1,6}$/.test(text)) throw usageError(`${option} ${text}: neither a number of instances nor ${DEFAULT}`, "For example 2.");
  return Number(text);
}

function lines({ strategies, min, max, idle, problem }: ScalingPolicy): string[] {
  const own = "as each version says";
  return [
    ...(problem === undefined
      ? []
      : [
          `What is set in the cluster cannot be followed, and nothing of it is in force: ${problem}.`,
          "Set it anew, or take it back with --reset.",
          "",
        ]),
    `strategies  ${strategies?.map(strategyText).join(", ") ?? own}`,
    `min         ${min ?? own}`,
    `max         ${max === 0 ? "no limit" : (max ?? own)}`,
    `idle        ${idle ?? "cold"}`,
  ];
}
