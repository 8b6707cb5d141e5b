import type { Client } from "@ebb/api";
import { appColumns, appRows, instanceColumns, trafficText, versionColumns } from "../columns.ts";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { ageOf } from "../output/durations.ts";
import { colourState } from "../output/style.ts";
import { renderFacts, renderTable } from "../output/table.ts";
import { ENV, namedEnvironment, namedTeam, placeOf, TEAM } from "../place.ts";

export const appsCommand = defineCommand({
  name: "apps",
  summary: "Lists applications in their environments, or shows one",
  args: { app: { summary: "Show this one with its versions and instances", required: false, completes: "app" } },
  options: { ...ENV, team: { ...TEAM.team, summary: "Of this team; EBB_TEAM otherwise, else of all" } },
  prints: "table",
  uses: "platform",
  examples: [
    { run: "ebb apps", what: "All of them, with their state and URL in each environment" },
    { run: "ebb apps hello", what: "One, with its versions and instances in its first environment" },
    { run: "ebb apps -o json | jq -r '.items[].environments[].url'", what: "Their URLs for a script" },
  ],
  async run(context, { args, options }) {
    const client = await context.connect();
    if (args.app !== undefined) return showApp(context, client, args.app, options.env);
    const items = await client.listApps({ team: namedTeam(context, options.team) });
    const env = namedEnvironment(context, options.env);
    context.output.table({
      data: { items },
      rows: appRows(items).filter(({ place }) => env === undefined || place?.environment === env),
      columns: appColumns(context.host.clock.now()),
      empty: "No applications yet. Deploy one: go to its folder and run `ebb deploy`.",
    });
  },
});

async function showApp(context: Context, client: Client, name: string, env: string | undefined): Promise<void> {
  const app = await client.getApp(name);
  const { output, host } = context;
  const now = host.clock.now();
  const { style } = output;
  const table = { style, wide: output.wide, columns: host.stdout.isTTY ? host.stdout.columns : undefined };
  const where = env ?? app.environments[0]?.environment;
  if (where === undefined) return output.show(app, () => [...aboutLines(), "", "Nothing has been deployed yet: ebb deploy."]);
  const place = await placeOf(context, client, name, where);
  const [at, versions, instances] = await Promise.all([
    client.getAppEnvironment(place),
    client.listVersions(place),
    client.listInstances(place),
  ]);
  output.show({ ...app, environment: place.env, versions, instances }, () => [
    ...aboutLines(),
    "",
    ...renderTable(appColumns(now), appRows([app]), table),
    "",
    ...renderFacts(
      [
        ["In", style.bold(at.environment)],
        ["State", `${colourState(style, at.state)}${at.message === "" ? "" : `: ${at.message}`}`],
        ["URL", style.link(at.url)],
        ["Traffic", trafficText(at)],
        ["Changed", `${ageOf(at.updatedAt, now)} ago`],
      ],
      style,
    ),
    "",
    ...renderTable(versionColumns(now), versions, table),
    "",
    ...(instances.length === 0 ? ["No instance runs: the next request starts one."] : renderTable(instanceColumns(now), instances, table)),
  ]);

  function aboutLines(): string[] {
    const told: [string, string][] = [
      ["Description", app.description],
      ["Owner", app.owner],
      ["Repository", app.repository],
    ];
    return renderFacts(
      [
        ["Name", style.bold(app.name)],
        ["Team", app.team],
        ["Kind", app.kind],
        ["Created", `${ageOf(app.createdAt, now)} ago`],
        ...told.filter(([, value]) => value !== ""),
      ],
      style,
    );
  }
}
