import { defineCommand } from "../command.ts";
import { CommandEnded } from "../failure.ts";
import { ENV, placeOf } from "../place.ts";

export const execCommand = defineCommand({
  name: "exec",
  summary: "Runs a command in an instance of an application",
  description:
    "In a terminal, the command has one too. It runs as the application does: with its user, environment and limits, and ends with the connection. Its exit code is this command's.",
  args: {
    app: { summary: "The application", required: true, completes: "app" },
    command: { summary: "What to run, behind `--`; a shell when left out", required: false, variadic: true },
  },
  options: {
    ...ENV,
    instance: { kind: "text", placeholder: "ID", summary: "In this instance, not in one that is ready" },
    version: { kind: "text", placeholder: "VERSION", completes: "version", summary: "In an instance of this version" },
    stdin: { kind: "flag", short: "i", summary: "Give it what comes here by a pipe; in a terminal it always is" },
  },
  uses: "platform",
  examples: [
    { run: "ebb exec hello", what: "A shell" },
    { run: "ebb exec hello --env staging -- printenv PORT", what: "One command, and its output" },
    { run: "ebb exec hello -i -- sh -c 'cat > /tmp/seed.sql' < seed.sql", what: "With an input" },
  ],
  async run(context, { args, options }) {
    const client = await context.connect();
    const { host } = context;
    const place = await placeOf(context, client, args.app, options.env);
    const terminal = host.stdin.isTTY === true && host.stdout.isTTY === true;
    const command = args.command.length === 0 ? ["sh"] : args.command;
    const { runRemote } = await import("../exec-session.ts");
    const exit = await runRemote(host, client, {
      place,
      command,
      terminal,
      instance: options.instance,
      version: options.version,
      stdin: terminal || options.stdin,
    });
    if (exit !== 0) throw new CommandEnded(exit);
  },
});
