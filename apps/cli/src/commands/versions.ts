import type { KeptVersion } from "@ebb/api";
import { versionColumns } from "../columns.ts";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { ENV, placeOf } from "../place.ts";

const APP = { summary: "The application", required: true, completes: "app" } as const;

export const versionsCommand = defineCommand({
  name: "versions",
  summary: "Lists the versions of an application in an environment, the newest first",
  args: { app: APP },
  options: ENV,
  prints: "table",
  uses: "platform",
  examples: [
    { run: "ebb versions hello", what: "Which version gets how much of the traffic" },
    { run: "ebb versions hello --env prod -o wide", what: "With preview URLs, commits and images" },
  ],
  async run(context, { args, options }) {
    const client = await context.connect();
    const items = await client.listVersions(await placeOf(context, client, args.app, options.env));
    context.output.table({
      data: { items },
      rows: items,
      columns: versionColumns(context.host.clock.now()),
      empty: `No version of ${args.app} yet. Deploy one: ebb deploy --name ${args.app}`,
    });
  },
});

export const versionsDiffCommand = defineCommand({
  name: "versions diff",
  summary: "Tells what differs between two versions: code, variables, secrets, scaling",
  args: {
    app: APP,
    from: { summary: "A version", required: true, completes: "version" },
    to: { summary: "Another one", required: true, completes: "version" },
  },
  options: {
    ...ENV,
    "from-env": {
      kind: "text",
      placeholder: "ENV",
      completes: "environment",
      summary: "The environment of the first one, when it is another",
    },
  },
  prints: "table",
  uses: "platform",
  examples: [
    { run: "ebb versions diff hello v3 v4", what: "What v4 changed" },
    { run: "ebb versions diff hello v4 v2 --from-env test --env prod", what: "What v4 of test would change in prod" },
  ],
  async run(context, { args, options }) {
    const client = await context.connect();
    const place = await placeOf(context, client, args.app, options.env);
    const diff = await client.diffVersions(place, { from: args.from, to: args.to, fromEnvironment: options["from-env"] });
    if (!context.output.structured) {
      context.output.lines([diff.sameArtifact ? "The code is the same." : `The code is another: ${diff.from.image} → ${diff.to.image}`]);
    }
    context.output.table({
      data: diff,
      rows: diff.changes,
      columns: [
        { header: "WHAT", value: ({ path }) => path },
        { header: `${diff.from.environment} ${diff.from.version}`, value: ({ from }) => from ?? "-" },
        { header: `${diff.to.environment} ${diff.to.version}`, value: ({ to }) => to ?? "-" },
      ],
      empty: "The configuration is the same.",
    });
  },
});

const CHOSEN = { app: APP, version: { summary: "The version", required: true, completes: "version" } } as const;

export const versionsPinCommand = defineCommand({
  name: "versions pin",
  summary: "Keeps a version, whatever the policy of its environment",
  args: CHOSEN,
  options: ENV,
  prints: "data",
  uses: "platform",
  examples: [{ run: "ebb versions pin hello v3 --env prod", what: "It can be released again at any time" }],
  run: (context, { args, options }) => pin(context, { ...args, pinned: true }, options.env),
});

export const versionsUnpinCommand = defineCommand({
  name: "versions unpin",
  summary: "Lets the policy of its environment decide again how long a version is kept",
  args: CHOSEN,
  options: ENV,
  prints: "data",
  uses: "platform",
  examples: [{ run: "ebb versions unpin hello v3 --env prod", what: "It goes when it is old enough" }],
  run: (context, { args, options }) => pin(context, { ...args, pinned: false }, options.env),
});

async function pin(context: Context, { app, version, pinned }: { app: string; version: string; pinned: boolean }, env: string | undefined) {
  const client = await context.connect();
  const place = await placeOf(context, client, app, env);
  const changed = await client.patchVersion(place, version, { pinned });
  context.output.show(changed, () => [
    `${version} of ${app} in ${place.env} is ${pinned ? "kept until somebody unpins it" : "no longer pinned"}`,
  ]);
}

export const versionsPruneCommand = defineCommand({
  name: "versions prune",
  summary: "Lets go the versions that the policy of their environment does not keep",
  description: `Ebb does so by itself every ten minutes. The policy: \`ebb env set ENV --keep-versions N --keep-days N\`. What serves, what a rule or a preview leads
to, what served before, and what is pinned stays. A version that is gone is still listed, with its configuration, and cannot serve any more.`,
  args: { app: APP },
  options: { ...ENV, "dry-run": { kind: "flag", summary: "Only show what would go, and why the others stay" } },
  prints: "table",
  uses: "platform",
  examples: [{ run: "ebb versions prune hello --env prod --dry-run", what: "What would go" }],
  async run(context, { args, options }) {
    const client = await context.connect();
    const place = await placeOf(context, client, args.app, options.env);
    const dry = options["dry-run"];
    const data = await (dry ? client.planPrune(place) : client.pruneVersions(place));
    const gone = data.pruned.map((version) => ({ version, what: dry ? "would go" : "gone", why: "" }));
    context.output.table({
      data,
      rows: [...data.kept.map(({ version, why }) => ({ version, what: "stays", why: WHY[why] })), ...gone.reverse()],
      columns: [
        { header: "VERSION", value: ({ version }) => version },
        { header: "WHAT", value: ({ what }) => what },
        { header: "WHY", value: ({ why }) => why },
      ],
      empty: `No version of ${args.app} is there.`,
    });
  },
});

const WHY: Record<KeptVersion["why"], string> = {
  routed: "traffic, a rule or a preview leads to it",
  pinned: "pinned",
  rollback: "served before",
  newest: "among the newest",
  young: "young enough",
};
