import { defineCommand } from "../command.ts";
import { usageError } from "../failure.ts";
import { finishChange } from "../operations.ts";
import { ENV, placeOf } from "../place.ts";

export const rollbackCommand = defineCommand({
  name: "rollback",
  summary: "Moves all traffic back to an earlier version",
  args: { app: { summary: "The application", required: true, completes: "app" } },
  options: {
    ...ENV,
    to: {
      kind: "text",
      placeholder: "VERSION",
      completes: "version",
      summary: "This one; by default the version that served before the present one",
    },
  },
  prints: "data",
  uses: "platform",
  examples: [
    { run: "ebb rollback hello", what: "To the version before" },
    { run: "ebb rollback hello --to v2", what: "To a certain one" },
  ],
  async run(context, { args, options }) {
    if (options.to !== undefined && !/^v[1-9][0-9]{0,6}$/.test(options.to)) {
      throw usageError(`--to ${options.to}: not a version`, `\`ebb versions ${args.app}\` lists them: v1, v2 …`);
    }
    const client = await context.connect();
    const place = await placeOf(context, client, args.app, options.env);
    await finishChange(context, client, await client.rollback(place, options.to === undefined ? {} : { to: options.to }));
  },
});
