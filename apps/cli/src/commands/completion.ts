import type { AppEnvironment, Client } from "@ebb/api";
import { complete, type Candidates } from "../completion/complete.ts";
import { completionScript, SHELLS } from "../completion/scripts.ts";
import { defineCommand, type Command } from "../command.ts";
import type { Context } from "../context.ts";
import { usageError } from "../failure.ts";
import { placeOf } from "../place.ts";

/** A shell waits at its prompt for this: better nothing than a pause. */
const PATIENCE = 1500;

export const completionCommand = defineCommand({
  name: "completion",
  summary: "Prints a script that completes commands, options, applications and versions",
  args: { shell: { summary: "bash, zsh or fish", required: true } },
  options: {},
  uses: "nothing",
  examples: [
    { run: "source <(ebb completion bash)", what: "In ~/.bashrc" },
    { run: "source <(ebb completion zsh)", what: "In ~/.zshrc, after compinit" },
    { run: "ebb completion fish > ~/.config/fish/completions/ebb.fish", what: "For fish" },
  ],
  async run(context, { args }) {
    const shell = SHELLS.find((known) => known === args.shell);
    if (!shell) throw usageError(`no completion for ${args.shell}`, `There is one for ${SHELLS.join(", ")}.`);
    context.output.raw(completionScript(shell));
  },
});

/** Answers the completion scripts. It takes the list of commands, of which it is one itself. */
export function completeCommand(commands: () => readonly Command[]): Command {
  return defineCommand({
    name: "__complete",
    summary: "Answers the completion scripts",
    hidden: true,
    args: { words: { summary: "What stands on the line", required: false, variadic: true } },
    options: {},
    uses: "nothing",
    examples: [{ run: "ebb __complete -- logs he", what: "Applications that start with `he`" }],
    async run(context, { args }) {
      const candidates = complete(args.words, commands());
      const lines = candidates.words.map(({ word, summary }) => `${word}\t${summary}`);
      context.output.lines([...lines, ...(await lookedUp(context, candidates, args.words.at(-1) ?? ""))]);
    },
  });
}

async function lookedUp(context: Context, candidates: Candidates, current: string): Promise<string[]> {
  switch (candidates.lookup) {
    case "folder":
    case "file":
      return [`:${candidates.lookup}`];
    case "app":
    case "version":
    case "environment":
    case "team":
      // No platform, no names: a completion never complains.
      return (await fromPlatform(context, candidates).catch(() => [])).filter((line) => line.startsWith(current));
    default:
      return [];
  }
}

async function fromPlatform(context: Context, { lookup, app }: Candidates): Promise<string[]> {
  const client = await context.connect();
  const call = { signal: AbortSignal.timeout(PATIENCE) };
  if (lookup === "app") return (await client.listApps(call)).map(({ name, environments }) => `${name}\t${states(environments)}`);
  if (lookup === "team") return (await client.listTeams(call)).map(({ name, description }) => `${name}\t${description}`);
  if (lookup === "environment") {
    const team = context.host.env["EBB_TEAM"] || (app === undefined ? undefined : await teamOfApp(client, app)) || "default";
    return (await client.listEnvironments(team, call)).map(({ name, template }) => `${name}\t${template}`);
  }
  if (app === undefined) return [];
  const place = await placeOf(context, client, app, undefined);
  return (await client.listVersions(place, call)).map(({ name, percent, state }) => `${name}\t${state}, ${percent} %`);
}

function states(environments: readonly AppEnvironment[]): string {
  return environments.map(({ environment, state }) => `${environment} ${state}`).join(", ");
}

/** What stands in its place may be an environment's name: then there is no such app. */
async function teamOfApp(client: Client, app: string): Promise<string | undefined> {
  return client.getApp(app).then(
    ({ team }) => team,
    () => undefined,
  );
}
