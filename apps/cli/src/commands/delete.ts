import { defineCommand } from "../command.ts";
import { finishChange } from "../operations.ts";
import { ENV } from "../place.ts";
import { confirm } from "./environments.ts";

export const deleteCommand = defineCommand({
  name: "delete",
  summary: "Deletes an application with all its versions, variables and secrets",
  description: "In all its environments, or in the one that is named. It cannot be undone: the name must be typed again, or --yes given.",
  args: { app: { summary: "The application", required: true, completes: "app" } },
  options: {
    env: { ...ENV.env, summary: "In this environment alone; otherwise in all of them" },
    yes: { kind: "flag", short: "y", summary: "Do not ask" },
  },
  prints: "data",
  uses: "platform",
  examples: [
    { run: "ebb delete hello", what: "Asks for the name first" },
    { run: "ebb delete hello --env staging --yes", what: "In one environment, in a script" },
  ],
  async run(context, { args, options }) {
    const client = await context.connect();
    const app = await client.getApp(args.app);
    const { env } = options;
    const urls = app.environments.filter(({ environment }) => env === undefined || environment === env).map(({ url }) => url);
    const what = `${app.name}${env === undefined ? "" : ` in ${env}`} (${urls.filter(Boolean).join(", ") || "nothing deployed"})`;
    if (!options.yes) await confirm(context, app.name, what);
    await finishChange(
      context,
      client,
      await (env === undefined ? client.deleteApp(app.name) : client.deleteAppEnvironment({ app: app.name, env })),
    );
  },
});
