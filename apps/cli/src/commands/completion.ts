import { complete, type Candidates } from "../completion/complete.ts";
import { completionScript, SHELLS } from "../completion/scripts.ts";
import { defineCommand, type Command } from "../command.ts";
import type { Context } from "../context.ts";
import { usageError } from "../failure.ts";

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
      // No platform, no names: a completion never complains.
      return (await fromPlatform(context, candidates).catch(() => [])).filter((line) => line.startsWith(current));
    default:
      return [];
  }
}

async function fromPlatform(context: Context, { lookup, app }: Candidates): Promise<string[]> {
  const client = await context.connect();
  const call = { signal: AbortSignal.timeout(PATIENCE) };
  if (lookup === "app") return (await client.listApps(call)).map(({ name, state }) => `${name}\t${state}`);
  if (app === undefined) return [];
  return (await client.listVersions(app, call)).map(({ name, percent, state }) => `${name}\t${state}, ${percent} %`);
}
