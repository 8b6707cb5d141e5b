import type { Team } from "@ebb/api";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { usageError } from "../failure.ts";
import { finishChange } from "../operations.ts";
import { ageOf } from "../output/durations.ts";
import { renderFacts } from "../output/table.ts";
import { confirm } from "./environments.ts";

const NAME = { summary: "The team", required: true, completes: "team" } as const;
const TEMPLATES = ["test", "stable", "staging", "prod"] as const;

export const teamListCommand = defineCommand({
  name: "team list",
  summary: "Lists the teams that you can see",
  args: {},
  options: {},
  prints: "table",
  uses: "platform",
  examples: [{ run: "ebb team list", what: "With their environments" }],
  async run(context) {
    const client = await context.connect();
    const items = await client.listTeams();
    const now = context.host.clock.now();
    context.output.table({
      data: { items },
      rows: items,
      columns: [
        { header: "NAME", value: ({ name }) => name, style: (text, style) => style.bold(text) },
        { header: "ENVIRONMENTS", value: ({ environments }) => environments.join(" → ") || "-" },
        { header: "APPS", value: ({ apps }) => apps, align: "right" },
        { header: "DESCRIPTION", value: ({ description }) => description },
        { header: "AGE", value: ({ createdAt }) => ageOf(createdAt, now), align: "right" },
      ],
      empty: "You are in no team. An administrator can add you: ebb team add TEAM USER",
    });
  },
});

export const teamShowCommand = defineCommand({
  name: "team show",
  summary: "Shows a team",
  args: { name: NAME },
  options: {},
  prints: "data",
  uses: "platform",
  examples: [{ run: "ebb team show default", what: "Its environments and how many applications it has" }],
  async run(context, { args }) {
    const client = await context.connect();
    show(context, await client.getTeam(args.name));
  },
});

export const teamCreateCommand = defineCommand({
  name: "team create",
  summary: "Makes a team with its environments",
  args: { name: { summary: "A lower-case DNS label of at most 30 characters", required: true } },
  options: {
    description: { kind: "text", placeholder: "TEXT", summary: "What it is for" },
    env: {
      kind: "list",
      short: "e",
      placeholder: "TEMPLATE",
      summary: "With this environment; test, staging and prod where none is named",
    },
  },
  prints: "data",
  uses: "platform",
  examples: [{ run: "ebb team create payments -e test -e prod", what: "Two environments are enough for it" }],
  async run(context, { args, options }) {
    const { description } = options;
    const client = await context.connect();
    const environments = options.env.map(template);
    const team = await client.createTeam({
      name: args.name,
      ...(description === undefined ? {} : { description }),
      ...(environments.length === 0 ? {} : { environments }),
    });
    show(context, team);
  },
});

export const teamSetCommand = defineCommand({
  name: "team set",
  summary: "Changes what is said of a team",
  args: { name: NAME },
  options: {
    description: { kind: "text", placeholder: "TEXT", summary: "What it is for" },
    previews: { kind: "integer", placeholder: "N", min: 0, max: 100, summary: "How many preview environments it may have at once" },
  },
  prints: "data",
  uses: "platform",
  examples: [{ run: "ebb team set payments --description Checkout", what: "For those who look for it" }],
  async run(context, { args, options }) {
    const client = await context.connect();
    const { description, previews } = options;
    const change = {
      ...(description === undefined ? {} : { description }),
      ...(previews === undefined ? {} : { previewLimit: previews }),
    };
    show(context, await client.patchTeam(args.name, change));
  },
});

export const teamDeleteCommand = defineCommand({
  name: "team delete",
  summary: "Deletes a team that has no applications, with its environments",
  args: { name: NAME },
  options: { yes: { kind: "flag", short: "y", summary: "Do not ask" } },
  prints: "data",
  uses: "platform",
  examples: [{ run: "ebb team delete payments", what: "Asks for the name first" }],
  async run(context, { args, options }) {
    const client = await context.connect();
    if (!options.yes) await confirm(context, args.name, `The team ${args.name} with its environments and members`);
    await finishChange(context, client, await client.deleteTeam(args.name));
  },
});

function show(context: Context, team: Team): void {
  context.output.show(team, () =>
    renderFacts(
      [
        ["Team", team.name],
        ["Description", team.description || "-"],
        ["Previews", `at most ${team.previewLimit} at once`],
        ["Environments", team.environments.join(" → ") || "none"],
        ["Apps", String(team.apps)],
      ],
      context.output.style,
    ),
  );
}

function template(name: string): (typeof TEMPLATES)[number] {
  const found = TEMPLATES.find((known) => known === name);
  if (found) return found;
  throw usageError(`${name} is not a template of environments`, `Choose of ${TEMPLATES.join(", ")}; \`ebb env create\` makes others.`);
}
