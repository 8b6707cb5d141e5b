import { defineCommand } from "../command.ts";
import { finishChange } from "../operations.ts";
import { ENV, placeOf } from "../place.ts";

export const hostCommand = defineCommand({
  name: "host",
  summary: "Shows or changes the first part of an application's host in an environment",
  args: {
    app: { summary: "The application", required: true, completes: "app" },
    name: { summary: "A DNS label; without one the present host is shown", required: false },
  },
  options: { ...ENV, reset: { kind: "flag", summary: "Back to the application's name with the environment's suffix" } },
  prints: "data",
  uses: "platform",
  examples: [
    { run: "ebb host hello welcome --env prod", what: "http://welcome.sls-local.localhost in place of http://hello…" },
    { run: "ebb host hello --reset", what: "The usual one again" },
  ],
  async run(context, { args, options }) {
    const client = await context.connect();
    const place = await placeOf(context, client, args.app, options.env);
    if (args.name !== undefined || options.reset) {
      await finishChange(context, client, await client.patchAppEnvironment(place, { host: options.reset ? null : (args.name ?? null) }));
      return;
    }
    const { host, url } = await client.getAppEnvironment(place);
    context.output.show({ host, url }, () => [`${host} (${url})`]);
  },
});
