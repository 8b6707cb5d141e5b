import { defineCommand } from "../command.ts";
import { usageError } from "../failure.ts";
import { ENV, placeOf } from "../place.ts";

export const explainCommand = defineCommand({
  name: "explain",
  summary: "Says which version a request gets, and why",
  description: "By the rules and the split that are in force, as the gateway decides; no request is sent.",
  args: { app: { summary: "The application", required: true, completes: "app" } },
  options: {
    ...ENV,
    path: { kind: "text", placeholder: "PATH", summary: "With its query; / by default" },
    method: { kind: "text", placeholder: "METHOD", summary: "GET by default" },
    header: { kind: "list", placeholder: "NAME=VALUE", summary: "A header of the request; may be given more than once" },
  },
  prints: "data",
  uses: "platform",
  examples: [
    { run: "ebb explain hello --path /beta", what: "A plain request" },
    { run: "ebb explain hello --header x-canary=1", what: "One with a header" },
  ],
  async run(context, { args, options }) {
    const headers = options.header.map((text) => {
      const [, name, value] = /^([^=\s]+)=(.*)$/.exec(text) ?? [];
      if (name === undefined) throw usageError(`--header ${text}: not NAME=VALUE`, "Write it as x-canary=1.");
      return `${name}: ${value}`;
    });
    const client = await context.connect();
    const place = await placeOf(context, client, args.app, options.env);
    const found = await client.explain(place, { path: options.path, method: options.method, headers });
    context.output.show(found, () => [
      `${found.version ?? "no version"}: ${found.reason}`,
      ...found.skipped.map(({ rule, because }) => `  rule ${rule} is not for it: ${because}`),
      ...found.split.map(({ version, percent }) => `  ${version} ${percent} %`),
    ]);
  },
});
