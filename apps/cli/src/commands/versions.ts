import { versionColumns } from "../columns.ts";
import { defineCommand } from "../command.ts";
import { ENV, placeOf } from "../place.ts";

const APP = { summary: "The application", required: true, completes: "app" } as const;

export const versionsCommand = defineCommand({
  name: "versions",
  summary: "Lists the versions of an application in an environment, the newest first",
  args: { app: APP },
  options: ENV,
  prints: "table",
  uses: "platform",
  examples: [
    { run: "ebb versions hello", what: "Which version gets how much of the traffic" },
    { run: "ebb versions hello --env prod -o wide", what: "With preview URLs, commits and images" },
  ],
  async run(context, { args, options }) {
    const client = await context.connect();
    const items = await client.listVersions(await placeOf(context, client, args.app, options.env));
    context.output.table({
      data: { items },
      rows: items,
      columns: versionColumns(context.host.clock.now()),
      empty: `No version of ${args.app} yet. Deploy one: ebb deploy --name ${args.app}`,
    });
  },
});

export const versionsDiffCommand = defineCommand({
  name: "versions diff",
  summary: "Tells what differs between two versions: code, variables, secrets, scaling",
  args: {
    app: APP,
    from: { summary: "A version", required: true, completes: "version" },
    to: { summary: "Another one", required: true, completes: "version" },
  },
  options: {
    ...ENV,
    "from-env": {
      kind: "text",
      placeholder: "ENV",
      completes: "environment",
      summary: "The environment of the first one, when it is another",
    },
  },
  prints: "table",
  uses: "platform",
  examples: [
    { run: "ebb versions diff hello v3 v4", what: "What v4 changed" },
    { run: "ebb versions diff hello v4 v2 --from-env test --env prod", what: "What v4 of test would change in prod" },
  ],
  async run(context, { args, options }) {
    const client = await context.connect();
    const place = await placeOf(context, client, args.app, options.env);
    const diff = await client.diffVersions(place, { from: args.from, to: args.to, fromEnvironment: options["from-env"] });
    if (!context.output.structured) {
      context.output.lines([diff.sameArtifact ? "The code is the same." : `The code is another: ${diff.from.image} → ${diff.to.image}`]);
    }
    context.output.table({
      data: diff,
      rows: diff.changes,
      columns: [
        { header: "WHAT", value: ({ path }) => path },
        { header: `${diff.from.environment} ${diff.from.version}`, value: ({ from }) => from ?? "-" },
        { header: `${diff.to.environment} ${diff.to.version}`, value: ({ to }) => to ?? "-" },
      ],
      empty: "The configuration is the same.",
    });
  },
});
