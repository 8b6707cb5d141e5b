import type { WhatIf } from "@ebb/api";
import { defineCommand } from "../command.ts";
import { usageError } from "../failure.ts";
import { counted } from "../output/counted.ts";
import { clockTime, parseDuration } from "../output/durations.ts";
import { ENV, placeOf } from "../place.ts";
import { strategyOption, strategyText } from "../scaling/strategy-option.ts";
import { timeOption } from "../time-option.ts";

const MOST = 100_000;

export const whatIfCommand = defineCommand({
  name: "what-if",
  summary: "Tells what the recorded load would have cost under another scaling policy",
  description:
    "Replays the requests of a version, second by second, against the policy in force and the one that you ask about, with the autoscaler's own code. Changes nothing. The record begins with the control plane and holds six busy hours of each version.",
  args: { app: { summary: "The application", required: true, completes: "app" } },
  options: {
    ...ENV,
    version: { kind: "text", placeholder: "VERSION", completes: "version", summary: "Load of this version; otherwise of the busiest" },
    since: { kind: "text", placeholder: "TIME", summary: "From then on (1h): an age (90s, 10m, 2h, 1d) or an RFC 3339 time" },
    target: { kind: "text", placeholder: "N", summary: "Requests at once (or a second) for one instance" },
    metric: { kind: "text", placeholder: "METRIC", choices: ["concurrency", "rps"], summary: "What the target counts" },
    min: { kind: "integer", placeholder: "N", min: 0, max: MOST, summary: "At least so many instances" },
    max: { kind: "integer", placeholder: "N", min: 0, max: MOST, summary: "At most so many; 0: no limit" },
    window: { kind: "text", placeholder: "DURATION", summary: "What it is averaged over, and asleep after: 6s to 1h" },
    idle: { kind: "text", placeholder: "WHAT", choices: ["cold", "prepared", "frozen"], summary: "What is kept of it while nobody asks" },
    strategy: { kind: "list", placeholder: "STRATEGY", summary: "In place of all strategies in force, as for `ebb scale`" },
  },
  prints: "table",
  uses: "platform",
  examples: [
    { run: "ebb what-if hello --window 5m", what: "Would a longer window spare cold starts, and what would it cost?" },
    { run: "ebb what-if hello --min 1 --since 6h", what: "What does one that always runs cost?" },
    { run: "ebb what-if hello --target 20 --max 4 -o json", what: "For a program" },
  ],
  async run(context, { args, options }) {
    const { env, strategy, since, window, target, ...rest } = options;
    const query = {
      ...rest,
      ...(since === undefined ? {} : { since: timeOption("--since", since, context.host.clock.now()) }),
      ...(window === undefined ? {} : { window: secondsOf(window) }),
      ...(target === undefined ? {} : { target: targetOf(target) }),
      ...(strategy.length === 0 ? {} : { strategies: JSON.stringify(strategy.map(strategyOption)) }),
    };
    const client = await context.connect();
    const found = await client.whatIf(await placeOf(context, client, args.app, env), query);
    const { version, from, until, requests, busySeconds, notes } = found;
    if (!context.output.structured) {
      const record = `${counted(requests, "request")} in ${counted(busySeconds, "busy second")} from ${clockTime(from)} to ${clockTime(until)}`;
      context.output.lines([`${version}: ${record}`, ...notes, ""]);
    }
    context.output.table({
      data: found,
      rows: rowsOf(found),
      columns: [
        { header: "", value: ([name]) => name },
        { header: "IN FORCE", value: ([, inForce]) => inForce, align: "right" },
        { header: "ASKED", value: ([, , asked]) => asked, align: "right", style: (text, style) => style.bold(text) },
      ],
      empty: "",
    });
  },
});

type Row = readonly [name: string, inForce: string, asked: string];

function rowsOf({ inForce, asked }: WhatIf): Row[] {
  const row = (name: string, value: (side: WhatIf["asked"]) => string): Row => [name, value(inForce), value(asked)];
  return [
    row("strategies", ({ policy }) => policy.strategies.map(strategyText).join(", ")),
    row("target", ({ policy }) => `${figure(policy.target)} ${policy.metric === "rps" ? "a second" : "at once"}`),
    row("bounds", ({ policy }) => `${policy.min}–${policy.max === 0 ? "∞" : policy.max}`),
    row("window", ({ policy }) => `${figure(policy.windowSeconds)} s`),
    row("idle", ({ policy }) => policy.idle),
    row("instance-seconds", ({ outcome }) => figure(outcome.instanceSeconds)),
    row("kept-seconds", ({ outcome }) => figure(outcome.keptSeconds)),
    row("most instances", ({ outcome }) => String(outcome.peak)),
    row("cold starts", ({ outcome }) => String(outcome.starts.cold)),
    row("starts of prepared", ({ outcome }) => String(outcome.starts.prepared)),
    row("wakes from frozen", ({ outcome }) => String(outcome.starts.frozen)),
    row("requests that waited", ({ outcome }) => String(outcome.waited)),
    row("waiting time", ({ outcome }) => `${figure(outcome.waitingSeconds)} s`),
    row("longest wake", ({ outcome }) => `${figure(outcome.longestWakeSeconds * 1000)} ms`),
  ];
}

function figure(value: number): string {
  return String(Math.round(value * 100) / 100);
}

function secondsOf(text: string): number {
  const seconds = Math.round((parseDuration(text) ?? 0) / 1000);
  if (seconds < 6 || seconds > 3600) throw usageError(`--window ${text}: not a duration from 6s to 1h`, "Write 30s, 5m, 1h.");
  return seconds;
}

function targetOf(text: string): number {
  const value = Number(text);
  if (!(value >= 0.01 && value <= 1e9)) throw usageError(`--target ${text}: not a number of at least 0.01`, "For example 10.");
  return value;
}
