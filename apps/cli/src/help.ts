import { commonOptions } from "./common-options.ts";
import type { Command, OptionSpec, OptionSpecs } from "./command.ts";
import { EXIT_MEANINGS } from "./exit-codes.ts";

/** What `ebb --help` groups its commands by, in the order in which people meet them. */
export const SECTIONS: readonly (readonly [string, readonly string[]])[] = [
  ["This machine", ["up", "down", "platform", "database", "status", "doctor"]],
  [
    "Applications",
    [
      "deploy",
      "repo",
      "apps",
      "versions",
      "logs",
      "exec",
      "metrics",
      "requests",
      "events",
      "why",
      "cold-starts",
      "what-if",
      "open",
      "delete",
    ],
  ],
  [
    "Traffic and configuration",
    [
      "traffic",
      "explain",
      "release",
      "mirror",
      "rollback",
      "restart",
      "promote",
      "scale",
      "guard",
      "host",
      "domain",
      "depends",
      "vars",
      "secrets",
    ],
  ],
  ["Environments", ["usage", "env", "cluster", "export", "apply"]],
  ["People", ["login", "logout", "whoami", "session", "token", "user", "team", "approvals", "approve", "reject", "audit"]],
  ["More", ["operations", "kubeconfig", "mcp", "completion"]],
];

/** Summaries of words that only group commands. */
export const GROUPS: Readonly<Record<string, string>> = {
  database: "Where the platform's state is kept: copy it to PostgreSQL",
  repo: "Repositories of applications: link, deploy, webhook, and the keys to read them",
  versions: "Lists the versions of an application, compares, pins or prunes them",
  release: "Moves the traffic to a version step by step, guarded by metrics",
  mirror: "Sends copies of requests to a version, and compares its answers",
  vars: "Environment variables of an application",
  domain: "Custom domains and their certificates: list, add, verify, certificate, remove",
  env: "Environments of a team: list, show, create, change, delete",
  cluster: "Clusters that environments are on: list, add, check, hosts, delete",
  usage: "Shows what applications used and what it cost, or sets the prices",
  secrets: "Secrets of an application",
  session: "Browsers in which you are signed in: list, revoke",
  token: "Tokens for scripts and other machines: list, create, revoke",
  user: "Users of the platform: list, create, change, disable, reset a password",
  team: "Teams, their members and their roles",
  audit: "What was changed, by whom: list, show, export, verify",
  operations: "Deployments and other changes: list, show, cancel",
};

/** `ebb logs APP [options]` */
export function usageLine(command: Command): string {
  const words = Object.entries(command.args).map(([name, spec]) => argumentText(name, spec.required, spec.variadic === true));
  return ["ebb", command.name, ...words, "[options]"].join(" ");
}

export function argumentText(name: string, required: boolean, variadic: boolean): string {
  const text = `${name.toUpperCase()}${variadic ? "..." : ""}`;
  return required ? text : `[${text}]`;
}

/** `-f, --follow`, `    --tail N`. */
export function optionText(name: string, spec: OptionSpec): string {
  const short = spec.short === undefined ? "    " : `-${spec.short}, `;
  return `${short}--${name}${spec.kind === "flag" ? "" : ` ${spec.placeholder}`}`;
}

export function commandHelp(command: Command): string {
  const sections = [
    command.summary + ".",
    ...(command.description === undefined ? [] : [command.description]),
    `Usage: ${usageLine(command)}`,
    list(
      "Arguments",
      Object.entries(command.args).map(([name, spec]) => [name.toUpperCase(), spec.summary]),
    ),
    options("Options", command.options),
    options("Common options", { ...commonOptions(command), help: { kind: "flag", short: "h", summary: "This help" } }),
    `Examples:\n${command.examples.map((example) => `  # ${example.what}\n  $ ${example.run}`).join("\n")}`,
  ];
  return `${sections.filter((section) => section !== "").join("\n\n")}\n`;
}

export function groupHelp(word: string, commands: readonly Command[]): string {
  const members = commands.filter((command) => command.name.startsWith(`${word} `) && !command.hidden);
  const lines = members.map((command): [string, string] => [
    usageLine(command).replace(/^ebb /, "").replace(" [options]", ""),
    command.summary,
  ]);
  return `${GROUPS[word] ?? ""}.\n\nUsage: ebb ${word} COMMAND\n\n${list("Commands", lines)}\n\nHelp for one: ebb ${word} COMMAND --help\n`;
}

export function rootHelp(commands: readonly Command[]): string {
  const summary = (word: string) => GROUPS[word] ?? commands.find((command) => command.name === word)?.summary ?? "";
  const sections = SECTIONS.map(([title, words]) =>
    list(
      title,
      words.map((word) => [word, summary(word)]),
    ),
  );
  const codes = list(
    "Exit codes",
    Object.entries(EXIT_MEANINGS).map(([code, meaning]) => [code, meaning]),
  );
  return `Ebb: your own serverless platform. Applications from source or image to a URL, asleep when unused.

Usage: ebb COMMAND [options]

${sections.join("\n\n")}

${codes}

Help for one: ebb COMMAND --help. Version: ebb --version
First steps: ebb up, then ebb deploy in a folder with an application.
`;
}

function options(title: string, specs: OptionSpecs): string {
  return list(
    title,
    Object.entries(specs).map(([name, spec]) => [optionText(name, spec), optionSummary(spec)]),
  );
}

export function optionSummary(spec: OptionSpec): string {
  return spec.kind === "list" ? `${spec.summary} (may be repeated)` : spec.summary;
}

function list(title: string, rows: readonly (readonly [string, string])[]): string {
  if (rows.length === 0) return "";
  const width = Math.max(...rows.map(([name]) => name.length));
  return `${title}:\n${rows.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`.trimEnd()).join("\n")}`;
}
