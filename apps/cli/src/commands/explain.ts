import { defineCommand } from "../command.ts";
import { usageError } from "../failure.ts";
import { requestText } from "../moves-text.ts";
import { ENV, placeOf } from "../place.ts";

export const explainCommand = defineCommand({
  name: "explain",
  summary: "Says which version a request gets, and why",
  description: `By the rules and the split that are in force, as the gateway decides; no request is sent. Ebb's gateway remembers requests of the last
two days, under load a sample: what they asked for, names of headers, cookies and parameters, and values of those that rules ask for.`,
  args: { app: { summary: "The application", required: true, completes: "app" } },
  options: {
    ...ENV,
    path: { kind: "text", placeholder: "PATH", summary: "With its query; / by default" },
    method: { kind: "text", placeholder: "METHOD", summary: "GET by default" },
    request: { kind: "text", placeholder: "ID", summary: "A remembered request, by its X-Request-Id, instead of one described" },
    header: { kind: "list", placeholder: "NAME=VALUE", summary: "A header of the request; may be given more than once" },
  },
  prints: "table",
  uses: "platform",
  examples: [
    { run: "ebb explain hello --path /beta", what: "A plain request" },
    { run: "ebb explain hello --header x-canary=1", what: "One with a header" },
    { run: "ebb explain hello --request 3f0c", what: "What one of those that ebb requests shows would get now" },
  ],
  async run(context, { args, options }) {
    const headers = options.header.map((text) => {
      const [, name, value] = /^([^=\s]+)=(.*)$/.exec(text) ?? [];
      if (name === undefined) throw usageError(`--header ${text}: not NAME=VALUE`, "Write it as x-canary=1.");
      return `${name}: ${value}`;
    });
    const client = await context.connect();
    const place = await placeOf(context, client, args.app, options.env);
    const { path, method, request } = options;
    if (request !== undefined && (path !== undefined || method !== undefined || headers.length > 0))
      throw usageError("--request excludes --path, --method and --header", "Give the request's id alone.");
    const found = await client.explain(place, { path, method, headers, request });
    context.output.show(found, () => [
      ...(found.request ? [`${requestText(found.request)}, answered by ${found.request.version ?? "no version"} then`] : []),
      `${found.version ?? "no version"}: ${found.reason}`,
      ...found.skipped.map(({ rule, because }) => `  rule ${rule} is not for it: ${because}`),
      ...found.split.map(({ version, percent }) => `  ${version} ${percent} %`),
      ...found.unsure.map((why) => `  not sure: ${why}`),
    ]);
  },
});
