import type { UsageItem, UsageQuery, UsageReport } from "@ebb/api";
import { defineCommand } from "../command.ts";
import { usageError } from "../failure.ts";
import type { Column } from "../output/table.ts";
import { namedTeam } from "../place.ts";
import { timeOption } from "../time-option.ts";

const BY = ["app", "environment", "team", "day"] as const;

export const usageCommand = defineCommand({
  name: "usage",
  summary: "Shows what applications used, against instances that are always kept",
  description:
    "By days in UTC. What is kept is one instance of each application that serves, all the time. Sizes are requests, else limits, else what `ebb usage price` assumes.",
  args: {},
  options: {
    team: { kind: "text", placeholder: "TEAM", completes: "team", summary: "Of this team alone; EBB_TEAM otherwise, else of all" },
    app: { kind: "text", placeholder: "APP", completes: "app", summary: "Of this application alone" },
    env: { kind: "text", short: "e", placeholder: "ENV", completes: "environment", summary: "In this environment alone" },
    since: { kind: "text", placeholder: "AGE|DAY", summary: "From this day on: 7d, 2026-11-01; 30 days otherwise" },
    by: {
      kind: "text",
      placeholder: "WHAT",
      choices: BY,
      summary: "A line for each app in an environment (the default), environment, team or day",
    },
  },
  prints: "table",
  uses: "platform",
  examples: [
    { run: "ebb usage --since 7d", what: "Each application, the dearest first" },
    { run: "ebb usage --team payments --by day", what: "How it went" },
  ],
  async run(context, { options }) {
    const { app, env, since, by } = options;
    const team = namedTeam(context, options.team);
    const query: UsageQuery = {
      ...(team === undefined ? {} : { team }),
      ...(app === undefined ? {} : { app }),
      ...(env === undefined ? {} : { environment: env }),
      ...(by === undefined ? {} : { by: by as (typeof BY)[number] }),
      ...(since === undefined ? {} : { from: timeOption("--since", since, context.host.clock.now()).slice(0, 10) }),
    };
    const client = await context.connect();
    const report = await client.usage(query);
    const total = { day: null, team: null, app: null, environment: null, ...report.total };
    context.output.table({
      data: report,
      rows: report.items.length === 0 ? [] : [...report.items, total],
      columns: columns(report),
      empty: `Nothing was used from ${report.from} to ${report.to}.`,
    });
    for (const { cluster, from, to } of report.gaps) context.progress.warn(`nobody counted in ${cluster} from ${from} to ${to}`);
  },
});

export const usagePriceCommand = defineCommand({
  name: "usage price",
  summary: "Says what an hour costs, and what is assumed of instances that state no size",
  args: {},
  options: {
    "cpu-hour": { kind: "text", placeholder: "PRICE", summary: "A vCPU for an hour" },
    "memory-hour": { kind: "text", placeholder: "PRICE", summary: "A GiB for an hour" },
    currency: { kind: "text", placeholder: "CODE", summary: "Three letters: EUR" },
    "assumed-cpu": { kind: "text", placeholder: "VCPUS", summary: "Of an instance that states none" },
    "assumed-memory": { kind: "text", placeholder: "GIB", summary: "Of an instance that states none" },
  },
  prints: "data",
  uses: "platform",
  examples: [{ run: "ebb usage price --cpu-hour 0.03 --memory-hour 0.004 --currency EUR", what: "What your machines cost" }],
  async run(context, { options }) {
    const { currency } = options;
    const numbers = {
      cpuHour: number("cpu-hour", options["cpu-hour"]),
      memoryHour: number("memory-hour", options["memory-hour"]),
      assumedCpu: number("assumed-cpu", options["assumed-cpu"]),
      assumedMemory: number("assumed-memory", options["assumed-memory"]),
    };
    const named = Object.fromEntries(Object.entries(numbers).filter(([, value]) => value !== undefined));
    const client = await context.connect();
    const change = { ...named, ...(currency === undefined ? {} : { currency }) };
    const prices = Object.keys(change).length === 0 ? (await client.usage()).prices : await client.patchPrices(change);
    context.output.show(prices, () => [
      `A vCPU-hour costs ${prices.cpuHour} ${prices.currency}, a GiB-hour ${prices.memoryHour} ${prices.currency}.`,
      `An instance that states no size counts as ${prices.assumedCpu} vCPU and ${prices.assumedMemory} GiB.`,
    ]);
  },
});

function number(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || value < 0) throw usageError(`--${option} ${text}: not a number`, "Write 0.04.");
  return value;
}

function columns({ prices, items }: UsageReport): Column<UsageItem>[] {
  const hours = (seconds: number) => (seconds / 3600).toFixed(1);
  const money = (cost: number) => `${cost.toFixed(2)} ${prices.currency}`;
  const of = (key: "day" | "team" | "app" | "environment", header: string): Column<UsageItem>[] =>
    items.some((item) => item[key] !== null) ? [{ header, value: (item) => item[key] ?? "" }] : [];
  return [
    ...of("day", "DAY"),
    ...of("app", "APP"),
    ...of("environment", "ENV"),
    ...of("team", "TEAM"),
    { header: "INSTANCE-H", value: ({ instanceSeconds }) => hours(instanceSeconds), align: "right" },
    { header: "VCPU-H", value: ({ cpuSeconds }) => hours(cpuSeconds), align: "right" },
    { header: "GIB-H", value: ({ memoryGibSeconds }) => hours(memoryGibSeconds), align: "right" },
    { header: "COST", value: ({ cost }) => money(cost), align: "right" },
    { header: "ALWAYS KEPT", value: ({ kept }) => money(kept.cost), align: "right" },
    { header: "SAVED", value: ({ savedShare }) => (savedShare === null ? "-" : `${Math.round(savedShare * 100)} %`), align: "right" },
  ];
}
