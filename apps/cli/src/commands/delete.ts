import { defineCommand } from "../command.ts";
import { EXIT } from "../exit-codes.ts";
import { Failure, usageError } from "../failure.ts";
import { finishChange } from "../operations.ts";

export const deleteCommand = defineCommand({
  name: "delete",
  summary: "Deletes an application with all its versions, variables and secrets",
  description: "It cannot be undone: the name must be typed again, or --yes given.",
  args: { app: { summary: "The application", required: true, completes: "app" } },
  options: { yes: { kind: "flag", short: "y", summary: "Do not ask" } },
  prints: "data",
  uses: "platform",
  examples: [
    { run: "ebb delete hello", what: "Asks for the name first" },
    { run: "ebb delete hello --yes", what: "In a script" },
  ],
  async run(context, { args, options }) {
    const client = await context.connect();
    const app = await client.getApp(args.app);
    if (!options.yes) {
      if (!context.interactive) throw usageError(`${app.name} is not deleted: nobody can be asked here`, "Give --yes if you are sure.");
      const { isCancel, text } = await import("@clack/prompts");
      const { stdin, stderr, interrupted } = context.host;
      const message = `${app.name} (${app.url}) will be gone for ever. Type its name to delete it`;
      const answer = await text({ message, input: stdin, output: stderr, signal: interrupted });
      if (isCancel(answer)) throw new Failure(`${app.name} was not deleted`, { exit: EXIT.interrupted });
      if (answer !== app.name) throw new Failure(`${app.name} was not deleted: the name typed is another`);
    }
    await finishChange(context, client, await client.deleteApp(app.name));
  },
});
