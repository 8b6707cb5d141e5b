import type { BranchRule, Delivery, Repository } from "@ebb/api";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { usageError } from "../failure.ts";
import { followOperation } from "../operations.ts";
import { parseDuration } from "../output/durations.ts";
import { namedEnvironment } from "../place.ts";

const APP = { summary: "The application", required: true, completes: "app" } as const;
const HOUR = 3_600_000;

export const repoShowCommand = defineCommand({
  name: "repo show",
  summary: "Shows an application's repository, and what came of the newest pushes",
  args: { app: APP },
  options: {},
  prints: "data",
  uses: "platform",
  examples: [{ run: "ebb repo show shop", what: "With the address for the Git server's webhook" }],
  async run(context, { args }) {
    const client = await context.connect();
    show(context, await client.getRepository(args.app));
  },
});

export const repoLinkCommand = defineCommand({
  name: "repo link",
  summary: "Gives an application a repository, and says where a push to it is deployed",
  description:
    "For administrators of the team. Run again it changes what it names. The webhook's secret comes from `ebb repo hook`; without it pushes do nothing, and `ebb repo deploy` still works.",
  args: { app: APP, url: { summary: "https://HOST/PATH or git@HOST:PATH; the present one otherwise", required: false } },
  options: {
    folder: { kind: "text", placeholder: "DIR", summary: "The folder in the repository; all of it otherwise" },
    branch: { kind: "list", placeholder: "BRANCH=ENV", summary: "A push to this branch goes there; * stands for anything" },
    previews: { kind: "text", placeholder: "AGE", summary: "Other branches get a preview that lives so long after each push: 72h" },
    "no-previews": { kind: "flag", summary: "Other branches get none" },
  },
  prints: "data",
  uses: "platform",
  examples: [
    { run: "ebb repo link shop https://github.com/acme/shop --branch main=test --previews 72h", what: "A preview for every other branch" },
    { run: "ebb repo link shop --branch main=test --branch 'release/*=staging'", what: "Other rules for the same repository" },
  ],
  async run(context, { args, options }) {
    const client = await context.connect();
    const url = args.url ?? (await client.getRepository(args.app)).url;
    if (url === "") throw usageError(`${args.app} has no repository yet`, "Name its address: ebb repo link APP URL.");
    const previews = options["no-previews"] ? null : options.previews === undefined ? undefined : hours(options.previews);
    const linked = await client.putRepository(args.app, {
      url,
      ...(options.folder === undefined ? {} : { folder: options.folder }),
      ...(options.branch.length === 0 ? {} : { rules: options.branch.map(rule) }),
      ...(previews === undefined ? {} : { previewHours: previews }),
    });
    show(context, linked);
  },
});

export const repoUnlinkCommand = defineCommand({
  name: "repo unlink",
  summary: "Takes an application's repository away: pushes do nothing any more",
  args: { app: APP },
  options: {},
  uses: "platform",
  examples: [{ run: "ebb repo unlink shop", what: "What is deployed stays" }],
  async run(context, { args }) {
    const client = await context.connect();
    await client.deleteRepository(args.app);
    context.progress.line(`${args.app} has no repository any more`);
  },
});

export const repoHookCommand = defineCommand({
  name: "repo hook",
  summary: "Makes a new secret for an application's webhook, and shows it this once",
  description:
    "Give address and secret to the Git server: GitHub and Gitea under Webhooks (content type application/json, only pushes), GitLab as its secret token. The secret of before is good no more.",
  args: { app: APP },
  options: {},
  prints: "data",
  uses: "platform",
  examples: [{ run: "ebb repo hook shop", what: "Address and secret" }],
  async run(context, { args }) {
    const client = await context.connect();
    const hook = await client.createRepositoryHook(args.app);
    context.output.show(hook, () => [`URL     ${hook.url}`, `Secret  ${hook.secret}`]);
  },
});

export const repoDeployCommand = defineCommand({
  name: "repo deploy",
  summary: "Deploys an application from its repository, and waits until it answers",
  args: { app: APP },
  options: {
    ref: { kind: "text", placeholder: "REF", summary: "A branch, a tag or a whole commit; where HEAD is otherwise" },
    env: {
      kind: "text",
      short: "e",
      placeholder: "ENV",
      completes: "environment",
      summary: "To this environment; EBB_ENV otherwise, else the first of the team",
    },
    "no-traffic": { kind: "flag", summary: "Leave the traffic where it is; the new version has its preview URL" },
    detach: { kind: "flag", short: "d", summary: "Do not wait: print the operation and end" },
  },
  prints: "data",
  uses: "platform",
  examples: [{ run: "ebb repo deploy shop --ref v1.4.0 --env staging", what: "A tag" }],
  async run(context, { args, options }) {
    const client = await context.connect();
    const environment = namedEnvironment(context, options.env);
    const started = await client.deployGit({
      name: args.app,
      ...(environment === undefined ? {} : { environment }),
      ...(options.ref === undefined ? {} : { ref: options.ref }),
      ...(options["no-traffic"] ? { noTraffic: true } : {}),
    });
    const done = options.detach ? started : await followOperation(context, client, started, { logs: true });
    context.output.show(done, () => [options.detach ? `Operation ${done.id} has started` : `${done.version ?? ""} at ${done.url ?? ""}`]);
  },
});

function rule(text: string): BranchRule {
  const at = text.lastIndexOf("=");
  if (at > 0 && at < text.length - 1) return { branch: text.slice(0, at), environment: text.slice(at + 1) };
  throw usageError(`--branch ${text}: not BRANCH=ENV`, "Write main=test.");
}

function hours(text: string): number {
  const age = parseDuration(text);
  if (age !== undefined && age > 0) return Math.round((age / HOUR) * 1000) / 1000;
  throw usageError(`--previews ${text}: not an age`, "Write 36h or 3d; --no-previews for none.");
}

function show(context: Context, repository: Repository): void {
  const { app, url, folder, rules, previewHours, hookUrl, hookSince, deliveries } = repository;
  if (url === "") {
    context.output.show(repository, () => [`${app} has no repository. Give it one: ebb repo link ${app} URL`]);
    return;
  }
  context.output.show(repository, () => [
    `Repository  ${url}${folder === "" ? "" : `, folder ${folder}`}`,
    ...rules.map(({ branch, environment }) => `  ${branch} → ${environment}`),
    previewHours === null ? "  other branches: nothing" : `  other branches → a preview for ${previewHours} h`,
    `Webhook     ${hookUrl}`,
    hookSince === null ? "  no secret yet: ebb repo hook" : `  its secret is of ${hookSince}`,
    ...(deliveries.length === 0 ? [] : ["Pushes", ...deliveries.map(deliveryLine)]),
  ]);
}

function deliveryLine({ time, branch, commit, outcome, message, operation }: Delivery): string {
  const what = [branch, commit.slice(0, 12)].filter((word) => word !== "").join(" ");
  return `  ${time}  ${outcome.padEnd(8)}  ${what}${what === "" ? "" : ": "}${message}${operation === null ? "" : ` (${operation})`}`;
}
