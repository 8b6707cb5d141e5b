import { versionColumns } from "../columns.ts";
import { defineCommand } from "../command.ts";

export const versionsCommand = defineCommand({
  name: "versions",
  summary: "Lists the versions of an application, the newest first",
  args: { app: { summary: "The application", required: true, completes: "app" } },
  options: {},
  prints: "table",
  uses: "platform",
  examples: [
    { run: "ebb versions hello", what: "Which version gets how much of the traffic" },
    { run: "ebb versions hello -o wide", what: "With preview URLs and images" },
  ],
  async run(context, { args }) {
    const client = await context.connect();
    const items = await client.listVersions(args.app);
    context.output.table({
      data: { items },
      rows: items,
      columns: versionColumns(context.host.clock.now()),
      empty: `No version of ${args.app} yet. Deploy one: ebb deploy --name ${args.app}`,
    });
  },
});
