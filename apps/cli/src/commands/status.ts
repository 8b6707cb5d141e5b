import type { PlatformProcess, PlatformStatus } from "@ebb/api";
import { versionsOf } from "../doctor/checks/platforms.ts";
import { defineCommand } from "../command.ts";
import { appColumns, appRows } from "../columns.ts";
import { Failure } from "../failure.ts";
import { counted } from "../output/counted.ts";
import { ageOf, humanBytes } from "../output/durations.ts";
import type { Style } from "../output/style.ts";
import { renderFacts, renderTable } from "../output/table.ts";

export const statusCommand = defineCommand({
  name: "status",
  summary: "Shows whether the platform runs, and how its applications are",
  description: "Exit code 4 when it does not answer, 1 when a part of it is not ready.",
  args: {},
  options: {},
  prints: "table",
  uses: "platform",
  examples: [
    { run: "ebb status", what: "At a glance" },
    { run: "ebb status -o json | jq .apps.failed", what: "How many applications have failed" },
  ],
  async run(context) {
    const { host, output } = context;
    const client = await context.connect();
    const [status, apps] = await Promise.all([client.status(), client.listApps()]);
    output.show({ ...status, items: apps }, () => {
      const { style } = output;
      const ready = (ok: boolean, message: string) =>
        ok ? style.good("ready") : `${style.bad("not ready")}${message === "" ? "" : `: ${message}`}`;
      const facts = renderFacts(
        [
          ["Ebb", `${status.version}, up for ${ageOf(status.startedAt, host.clock.now())}`],
          ["User", status.user],
          ["Cluster", `${status.cluster.name}, ${ready(status.cluster.ready, status.cluster.message)}`],
          ["Gateway", `${status.gateway.address}, ${ready(status.gateway.ready, "")}`],
          ...platformFacts(status.platforms),
          ["Apps", String(status.apps.total)],
          ["In environments", placesText(status.apps, apps.flatMap(({ environments }) => environments).length, style)],
          ...diskFacts(status.disk),
          ...status.attention.map(({ domain, message }): [string, string] => ["Attention", `${domain}: ${message}`]),
        ],
        style,
      );
      if (apps.length === 0) return [...facts, "", "No applications yet. Deploy one: go to its folder and run `ebb deploy`."];
      const columns = host.stdout.isTTY ? host.stdout.columns : undefined;
      return [...facts, "", ...renderTable(appColumns(host.clock.now()), appRows(apps), { wide: output.wide, style, columns })];
    });
    if (!status.cluster.ready || !status.gateway.ready)
      throw new Failure("a part of the platform is not ready", { hint: "`ebb doctor` looks for the cause on this machine." });
  },
});

/** An app counts in each of the environments that it is in. */
function placesText({ ready, asleep, failed }: PlatformStatus["apps"], places: number, style: Style): string {
  const others = places - ready - asleep - failed;
  const states = [`${ready} ready`, `${asleep} asleep`, failed > 0 ? style.bad(`${failed} failed`) : "0 failed"];
  return `${places}: ${[...states, ...(others > 0 ? [`${others} deploying, empty or unknown`] : [])].join(", ")}`;
}

function diskFacts({ free, state }: PlatformStatus["disk"]): [string, string][] {
  if (state === "ok") return [];
  const meaning = state === "full" ? "nothing can be started or changed" : "sources are refused before it is full";
  return [["Attention", `the disk of Ebb's data folder has ${humanBytes(free)} left: ${meaning}. Free some space`]];
}

/** One is told of above; several, with which of them do not fit together. */
function platformFacts(platforms: readonly PlatformProcess[]): [string, string][] {
  if (platforms.length < 2) return [];
  return [
    ...platforms.map(({ host, address, version, operations, answering }): [string, string] => [
      "Platform",
      `${address} on ${host}, ${version}, doing ${counted(operations, "operation")}${answering ? " (this one)" : ""}`,
    ]),
    ...(versionsOf(platforms).length > 1
      ? [["Attention", "the platforms have several versions of Ebb: bring all to the newest"] satisfies [string, string]]
      : []),
  ];
}
