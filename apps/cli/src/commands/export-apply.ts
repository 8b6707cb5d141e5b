import { resolve } from "node:path";
import { counted } from "../output/counted.ts";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { execute } from "../declared/execute.ts";
import { planOf, type Plan } from "../declared/plan.ts";
import { presentTeam } from "../declared/present.ts";
import { Failure, usageError } from "../failure.ts";
import { followOperation } from "../operations.ts";
import { TEAM, teamOf } from "../place.ts";

export const exportCommand = defineCommand({
  name: "export",
  summary: "Writes a team as files: environments, applications, members",
  description:
    "One YAML file for the team, and one for each environment and application, for `ebb apply`. No value of a secret is in them, nor what runs: versions and traffic come by deploys and releases.",
  args: { folder: { summary: "Where to; made if it is not there", required: true, completes: "folder" } },
  options: TEAM,
  prints: "data",
  uses: "platform",
  examples: [{ run: "ebb export team-default", what: "To be kept in Git" }],
  async run(context, { args, options }) {
    const { writeDeclared } = await import("../declared/files.ts");
    const client = await context.connect();
    const folder = resolve(context.host.cwd, args.folder);
    const files = await writeDeclared(folder, await presentTeam(client, teamOf(context, options.team)));
    context.output.show({ folder, files }, () => [`${files.length} files in ${args.folder}.`]);
  },
});

export const applyCommand = defineCommand({
  name: "apply",
  summary: "Makes a team as its files say, after showing what that changes",
  description:
    "What the files do not state stays as it is; what is in none of them is deleted only with --prune. Done twice it does nothing. Each step takes the right that it takes otherwise, and waits for the approvals of its environment.",
  args: {},
  options: {
    file: { kind: "text", short: "f", placeholder: "FOLDER", summary: "What `ebb export` has written; required" },
    "dry-run": { kind: "flag", summary: "Only show what would be done" },
    prune: { kind: "flag", summary: "Delete what is in no file: environments, applications, members, variables" },
    yes: { kind: "flag", short: "y", summary: "Do not ask" },
  },
  prints: "data",
  uses: "platform",
  examples: [
    { run: "ebb apply -f team-default --dry-run", what: "In a pull request" },
    { run: "ebb apply -f team-default --yes", what: "After it was merged" },
  ],
  async run(context, { options }) {
    if (options.file === undefined) throw usageError("no folder is named", "Write: ebb apply -f FOLDER.");
    const { readDeclared } = await import("../declared/files.ts");
    const wanted = await readDeclared(resolve(context.host.cwd, options.file));
    const client = await context.connect();
    const { team } = wanted.team;
    const plan = planOf(await presentTeam(client, team), wanted, options);
    const dry = options["dry-run"];
    if (dry || plan.steps.length === 0) return show(context, plan, dry);
    for (const line of lines(plan)) context.progress.line(line);
    if (!options.yes) await agree(context);
    for (const step of plan.steps) {
      for (const operation of await execute(client, team, step)) await followOperation(context, client, operation, { logs: false });
      context.progress.done(step.what);
    }
    show(context, plan, false);
  },
});

function show(context: Context, { steps, extra, notes }: Plan, dry: boolean): void {
  const data = { applied: !dry, steps: steps.map(({ what }) => what), extra, notes };
  const done = dry ? "would be done" : "done";
  context.output.show(data, () => [
    ...(dry ? lines({ steps, extra, notes }) : []),
    steps.length === 0 ? "Nothing to do: it is as the files say." : `${counted(steps.length, "step")} ${done}.`,
  ]);
}

function lines({ steps, extra, notes }: Plan): string[] {
  const stays = extra.map((what) => `  (${what} is in no file, and stays: --prune deletes it)`);
  return [...steps.map(({ what }, at) => `${String(at + 1).padStart(3)}. ${what}`), ...stays, ...notes.map((note) => `  ! ${note}`)];
}

async function agree(context: Context): Promise<void> {
  if (!context.interactive)
    throw usageError("nothing is done: nobody can be asked here", "Give --yes if you are sure, or --dry-run to look.");
  const { confirm, isCancel } = await import("@clack/prompts");
  const { stdin, stderr, interrupted } = context.host;
  const answer = await confirm({ message: "Do it?", input: stdin, output: stderr, signal: interrupted });
  if (isCancel(answer) || !answer) throw new Failure("nothing was done", {});
}
