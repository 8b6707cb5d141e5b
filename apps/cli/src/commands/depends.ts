import { defineCommand } from "../command.ts";
import { usageError } from "../failure.ts";

export const dependsCommand = defineCommand({
  name: "depends",
  summary: "Says which applications one depends on",
  description: "An environment that wakes wakes those before it. Without any it shows them.",
  args: {
    app: { summary: "The application", required: true, completes: "app" },
    on: { summary: "All that it depends on, of its team", required: false, variadic: true, completes: "app" },
  },
  options: { none: { kind: "flag", summary: "It depends on nothing" } },
  prints: "data",
  uses: "platform",
  examples: [
    { run: "ebb depends shop cart accounts", what: "These are awake before it" },
    { run: "ebb depends shop --none", what: "It waits for nobody" },
  ],
  async run(context, { args, options }) {
    if (options.none && args.on.length > 0) throw usageError("--none goes with no application", "See `ebb depends --help`.");
    const client = await context.connect();
    const change = options.none || args.on.length > 0;
    const app = change ? await client.patchApp(args.app, { dependsOn: [...args.on] }) : await client.getApp(args.app);
    const { name, dependsOn } = app;
    const there = new Set((await client.listApps({ team: app.team })).map((each) => each.name));
    const missing = dependsOn.filter((each) => !there.has(each));
    if (missing.length > 0)
      context.progress.line(`No application of ${app.team} yet: ${missing.join(", ")}. What is not there is not waited for.`);
    context.output.show({ app: name, dependsOn }, () => [
      dependsOn.length === 0 ? `${name} depends on nothing.` : `${name} depends on ${dependsOn.join(", ")}.`,
    ]);
  },
});
