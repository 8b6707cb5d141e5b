import { defineCommand } from "../command.ts";
import { finishChange } from "../operations.ts";
import { ENV, placeOf } from "../place.ts";

export const restartCommand = defineCommand({
  name: "restart",
  summary: "Starts what serves of an application anew, without losing a request",
  description: `It becomes a version of its own, made of the same artifact with the variables and secrets that there are now. The old instances serve until the
new ones are ready, then end what they are at and stop.`,
  args: { app: { summary: "The application", required: true, completes: "app" } },
  options: { ...ENV },
  prints: "data",
  uses: "platform",
  examples: [{ run: "ebb restart hello --env prod", what: "All instances of hello in prod" }],
  async run(context, { args, options }) {
    const client = await context.connect();
    const place = await placeOf(context, client, args.app, options.env);
    await finishChange(context, client, await client.restart(place));
  },
});
