import type { Client } from "@ebb/api";
import { appColumns, instanceColumns, trafficText, versionColumns } from "../columns.ts";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { ageOf } from "../output/durations.ts";
import { colourState } from "../output/style.ts";
import { renderFacts, renderTable } from "../output/table.ts";

export const appsCommand = defineCommand({
  name: "apps",
  summary: "Lists applications, or shows one",
  args: { app: { summary: "Show this one with its versions and instances", required: false, completes: "app" } },
  options: {},
  prints: "table",
  uses: "platform",
  examples: [
    { run: "ebb apps", what: "All of them, with their state and URL" },
    { run: "ebb apps hello", what: "One, with its versions and instances" },
    { run: "ebb apps -o json | jq -r '.items[].url'", what: "Their URLs for a script" },
  ],
  async run(context, { args }) {
    const client = await context.connect();
    if (args.app !== undefined) return showApp(context, client, args.app);
    const items = await client.listApps();
    context.output.table({
      data: { items },
      rows: items,
      columns: appColumns(context.host.clock.now()),
      empty: "No applications yet. Deploy one: go to its folder and run `ebb deploy`.",
    });
  },
});

async function showApp(context: Context, client: Client, name: string): Promise<void> {
  const [app, versions, instances] = await Promise.all([client.getApp(name), client.listVersions(name), client.listInstances(name)]);
  const { output, host } = context;
  const now = host.clock.now();
  output.show({ ...app, versions, instances }, () => {
    const { style } = output;
    const table = { style, wide: output.wide, columns: host.stdout.isTTY ? host.stdout.columns : undefined };
    return [
      ...renderFacts(
        [
          ["Name", style.bold(app.name)],
          ["State", `${colourState(style, app.state)}${app.message === "" ? "" : `: ${app.message}`}`],
          ["URL", style.link(app.url)],
          ["Kind", app.kind],
          ["Traffic", trafficText(app)],
          ["Created", `${ageOf(app.createdAt, now)} ago`],
          ["Changed", `${ageOf(app.updatedAt, now)} ago`],
        ],
        style,
      ),
      "",
      ...renderTable(versionColumns(now), versions, table),
      "",
      ...(instances.length === 0
        ? ["No instance runs: the next request starts one."]
        : renderTable(instanceColumns(now), instances, table)),
    ];
  });
}
