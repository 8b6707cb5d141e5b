import { commonOptions } from "../common-options.ts";
import type { Command, OptionSpecs } from "../command.ts";
import { EXIT_MEANINGS } from "../exit-codes.ts";
import { optionSummary, optionText, SECTIONS, usageLine } from "../help.ts";

/** docs/reference/cli.md, made from the commands' own data; `scripts/cli-reference.ts` writes it and a test compares. */
export function referenceMarkdown(commands: readonly Command[]): string {
  const visible = commands.filter((command) => !command.hidden);
  const sections = SECTIONS.map(([title, words]) => {
    const members = visible.filter((command) => words.includes(command.name.split(" ")[0] ?? ""));
    return `## ${title}\n\n${members.map(commandSection).join("\n")}`;
  });
  return `# The ebb command

<!-- Made by scripts/cli-reference.ts from apps/cli/src/commands: change it there, then run \`npx node scripts/cli-reference.ts\`. -->

\`./ebb\` in Ebb's folder, or a link to it anywhere in your PATH. Results go to standard output; progress, notes and errors go to standard
error. Colours and moving lines appear on a terminal only; \`NO_COLOR\` turns colours off.

## Which platform

Commands talk to the platform that runs on this machine with the data folder of \`--data\` or \`EBB_DATA\` (otherwise \`/var/lib/ebb\` for root,
\`~/.local/share/ebb\` for others), or to the one that \`--server\` or \`EBB_SERVER\` names, with the token in \`EBB_TOKEN\`.

## Output for programs

\`-o json\` and \`-o yaml\` print what the [REST API](rest-api.md) answers, lists as \`{"items": [...]}\`; \`-o wide\` adds columns. \`ebb logs -o json\`
prints one object a line.

## Exit codes

| code | meaning |
|---|---|
${Object.entries(EXIT_MEANINGS)
  .map(([code, meaning]) => `| ${code} | ${meaning} |`)
  .join("\n")}

${sections.join("\n")}`;
}

function commandSection(command: Command): string {
  const parts = [
    `### ebb ${command.name}`,
    `${command.summary}.${command.description === undefined ? "" : ` ${command.description.replace(/\n/g, " ")}`}`,
    `\`\`\`\n${usageLine(command)}\n\`\`\``,
    table(
      "argument",
      Object.entries(command.args).map(([name, spec]) => [name.toUpperCase(), spec.summary]),
    ),
    table("option", optionRows({ ...command.options, ...commonOptions(command) })),
    `\`\`\`sh\n${command.examples.map((example) => `# ${example.what}\n${example.run}`).join("\n")}\n\`\`\``,
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

function optionRows(options: OptionSpecs): [string, string][] {
  return Object.entries(options).map(([name, spec]) => [optionText(name, spec).trim(), optionSummary(spec)]);
}

function table(title: string, rows: readonly (readonly [string, string])[]): string {
  if (rows.length === 0) return "";
  const cell = (text: string) => text.replace(/\|/g, "\\|");
  return `| ${title} | |\n|---|---|\n${rows.map(([name, text]) => `| \`${cell(name)}\` | ${cell(text)} |`).join("\n")}`;
}
