import type { Environment, Freeze, PatchEnvironment } from "@ebb/api";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { EXIT } from "../exit-codes.ts";
import { Failure, usageError } from "../failure.ts";
import { finishChange } from "../operations.ts";
import { counted } from "../output/counted.ts";
import { ageOf, humanAge } from "../output/durations.ts";
import { renderFacts, type Column } from "../output/table.ts";
import { changeOptions, ENVIRONMENT, IF_REVISION, TEAM, teamOf } from "../place.ts";
import { scheduleText, sleepText } from "./sleep-text.ts";

const ROLES = ["viewer", "developer", "releaser", "admin"] as const;
const count = (summary: string) => ({ kind: "integer", placeholder: "N", min: 0, max: 1000, summary }) as const;
const POLICIES = {
  idle: {
    kind: "text",
    placeholder: "sleep|warm",
    choices: ["sleep", "warm"],
    summary: "Let applications sleep, or keep an instance of what serves",
  },
  order: count("Place in the chain; a deploy goes to the lowest"),
  "min-instances": count("Instances at least, where the application asks for fewer"),
  "max-instances": count("Instances at most, where the application names no number; 0 is none"),
  "limit-instances": count("No application gets more; 0 is none"),
  "idle-seconds": {
    kind: "integer",
    placeholder: "SECONDS",
    min: 6,
    max: 3600,
    summary: "Without requests until asleep, where the application says nothing",
  },
  "deploy-role": { kind: "text", placeholder: "ROLE", choices: ROLES, summary: "The lowest role that may deploy" },
  "release-role": { kind: "text", placeholder: "ROLE", choices: ROLES, summary: "The lowest role that may move traffic" },
  "keep-versions": { kind: "integer", placeholder: "N", min: 10, max: 1000, summary: "Of each application the newest N versions are kept" },
  "keep-days": {
    kind: "integer",
    placeholder: "N",
    min: 0,
    max: 3650,
    summary: "And those that are not older than N days; 0: age keeps none",
  },
  approvals: { kind: "integer", placeholder: "N", min: 0, max: 2, summary: "How many others must approve a change" },
  rollbacks: {
    kind: "text",
    placeholder: "go|wait",
    choices: ["go", "wait"],
    summary: "Whether rollbacks to what served all wait for approvals, too",
  },
} as const;

export const envListCommand = defineCommand({
  name: "env list",
  summary: "Lists a team's environments, in the order of its chain",
  args: {},
  options: TEAM,
  prints: "table",
  uses: "platform",
  examples: [{ run: "ebb env list", what: "From where a deploy goes to where users are" }],
  async run(context, { options }) {
    const team = teamOf(context, options.team);
    const client = await context.connect();
    const items = await client.listEnvironments(team);
    context.output.table({
      data: { items },
      rows: items,
      columns: columns(context.host.clock.now()),
      empty: `The team ${team} has no environments. Make one: ebb env create test --team ${team}`,
    });
  },
});

export const envShowCommand = defineCommand({
  name: "env show",
  summary: "Shows an environment and its policies",
  args: { name: ENVIRONMENT },
  options: TEAM,
  prints: "data",
  uses: "platform",
  examples: [{ run: "ebb env show prod", what: "What holds there" }],
  async run(context, { args, options }) {
    const client = await context.connect();
    show(context, await client.getEnvironment(teamOf(context, options.team), args.name));
  },
});

export const envCreateCommand = defineCommand({
  name: "env create",
  summary: "Makes an environment from a template",
  description:
    "The templates are test, stable, staging and prod; the name decides where it is one of these, otherwise it is a test environment.",
  args: { name: { summary: "A lower-case DNS label of at most 20 characters", required: true } },
  options: {
    ...TEAM,
    template: { kind: "text", placeholder: "TEMPLATE", choices: ["test", "stable", "staging", "prod"], summary: "What it is made from" },
    suffix: {
      kind: "text",
      placeholder: "SUFFIX",
      summary: "Behind an application's name in its host; -NAME by default, nothing for prod",
    },
    cluster: { kind: "text", placeholder: "CLUSTER", summary: "On this cluster, for as long as it is there; the platform's own otherwise" },
    ...POLICIES,
  },
  prints: "data",
  uses: "platform",
  examples: [
    { run: "ebb env create stable", what: "Between test and staging" },
    { run: "ebb env create demo --template prod --suffix=-demo --approvals 1", what: "Kept warm, and guarded" },
  ],
  async run(context, { args, options }) {
    const { template, suffix, cluster } = options;
    const client = await context.connect();
    const environment = await client.createEnvironment(teamOf(context, options.team), {
      name: args.name,
      ...policies(options),
      ...(template === undefined ? {} : { template: template as Environment["template"] }),
      ...(suffix === undefined ? {} : { hostSuffix: suffix }),
      ...(cluster === undefined ? {} : { cluster }),
    });
    show(context, environment);
  },
});

export const envSetCommand = defineCommand({
  name: "env set",
  summary: "Changes an environment's policies",
  description: "What is about scaling holds for versions that are deployed from then on.",
  args: { name: ENVIRONMENT },
  options: { ...TEAM, ...POLICIES, ...IF_REVISION },
  prints: "data",
  uses: "platform",
  examples: [
    { run: "ebb env set prod --approvals 1 --deploy-role admin", what: "Nobody changes prod alone" },
    { run: "ebb env set test --limit-instances 3", what: "No more than three instances of anything" },
  ],
  async run(context, { args, options }) {
    const change = policies(options);
    if (Object.keys(change).length === 0) throw usageError("nothing to change is named", "See `ebb env set --help`.");
    const client = await context.connect();
    show(context, await client.patchEnvironment(teamOf(context, options.team), args.name, change, changeOptions(options)));
  },
});

export const envDeleteCommand = defineCommand({
  name: "env delete",
  summary: "Deletes an environment with everything that is in it, and its namespace",
  description: "It cannot be undone: the name must be typed again, or --yes given.",
  args: { name: ENVIRONMENT },
  options: { ...TEAM, yes: { kind: "flag", short: "y", summary: "Do not ask" } },
  prints: "data",
  uses: "platform",
  examples: [{ run: "ebb env delete demo --yes", what: "In a script" }],
  async run(context, { args, options }) {
    const client = await context.connect();
    const { team, name, apps, preview } = await client.getEnvironment(teamOf(context, options.team), args.name);
    if (!options.yes) await confirm(context, name, `${name} of ${team} with ${counted(apps, "application")}`);
    // Whoever may not delete an environment may still delete a preview.
    await finishChange(context, client, await (preview ? client.deletePreview(team, name) : client.deleteEnvironment(team, name)));
  },
});

/** Asks for the name once more. Throws Failure when it is not typed, or nobody can be asked. */
export async function confirm(context: Context, name: string, what: string): Promise<void> {
  if (!context.interactive) throw usageError(`${name} is not deleted: nobody can be asked here`, "Give --yes if you are sure.");
  const { isCancel, text } = await import("@clack/prompts");
  const { stdin, stderr, interrupted } = context.host;
  const message = `${what} will be gone for ever. Type its name to delete it`;
  const answer = await text({ message, input: stdin, output: stderr, signal: interrupted });
  if (isCancel(answer)) throw new Failure(`${name} was not deleted`, { exit: EXIT.interrupted });
  if (answer !== name) throw new Failure(`${name} was not deleted: the name typed is another`);
}

interface PolicyOptions {
  readonly idle: string | undefined;
  readonly order: number | undefined;
  readonly "min-instances": number | undefined;
  readonly "max-instances": number | undefined;
  readonly "limit-instances": number | undefined;
  readonly "idle-seconds": number | undefined;
  readonly "deploy-role": string | undefined;
  readonly "release-role": string | undefined;
  readonly approvals: number | undefined;
  readonly rollbacks: string | undefined;
  readonly "keep-versions": number | undefined;
  readonly "keep-days": number | undefined;
}

function policies(options: PolicyOptions): PatchEnvironment {
  const role = (name: string | undefined) => ROLES.find((known) => known === name);
  const scaling = defined({ min: options["min-instances"], max: options["max-instances"], idleSeconds: options["idle-seconds"] });
  const limits = defined({ maxInstances: options["limit-instances"] });
  const days = options["keep-days"];
  const versions = defined({ keep: options["keep-versions"], days: days === 0 ? null : days });
  return defined({
    order: options.order,
    warm: options.idle === undefined ? undefined : options.idle === "warm",
    scaling: Object.keys(scaling).length > 0 ? scaling : undefined,
    limits: Object.keys(limits).length > 0 ? limits : undefined,
    versions: Object.keys(versions).length > 0 ? versions : undefined,
    deployRole: role(options["deploy-role"]),
    releaseRole: role(options["release-role"]),
    approvals: options.approvals,
    rollbacksWait: options.rollbacks === undefined ? undefined : options.rollbacks === "wait",
  });
}

function defined<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

function columns(now: number): Column<Environment>[] {
  return [
    { header: "NAME", value: ({ name }) => name, style: (text, style) => style.bold(text) },
    { header: "TEMPLATE", value: ({ template }) => template },
    { header: "APPS", value: ({ apps }) => apps, align: "right" },
    { header: "NOW", value: ({ asleep, frozen }) => (asleep ? "asleep" : frozen ? "frozen" : "awake") },
    { header: "RUNNING", value: ({ instances }) => instances, align: "right" },
    { header: "IDLE", value: ({ warm }) => (warm ? "stays warm" : "sleeps") },
    { header: "ENDS", value: ({ preview }) => (preview ? `in ${humanAge(Date.parse(preview.expiresAt) - now)}` : "") },
    { header: "DEPLOYS", value: ({ deployRole }) => deployRole },
    { header: "RELEASES", value: ({ releaseRole }) => releaseRole },
    { header: "APPROVALS", value: ({ approvals }) => approvals, align: "right" },
    { header: "ORDER", wide: true, value: ({ order }) => order, align: "right" },
    { header: "HOSTS", wide: true, value: ({ hostSuffix }) => `NAME${hostSuffix}` },
    { header: "CLUSTER", wide: true, value: ({ cluster }) => cluster },
    { header: "NAMESPACE", wide: true, value: ({ namespace }) => namespace },
    { header: "AGE", value: ({ createdAt }) => ageOf(createdAt, now), align: "right" },
  ];
}

function approvalsText({ approvals, rollbacksWait }: Environment): string {
  return approvals === 0 ? "none" : `${approvals}; rollbacks ${rollbacksWait ? "wait, too" : "to what served all before go at once"}`;
}

function versionsText({ versions: { keep, days } }: Environment): string {
  return `the newest ${keep} are kept${days === null ? "" : `, and those of the last ${days} days`}`;
}

function previewFacts({ preview }: Environment): [string, string][] {
  if (!preview) return [];
  return [["Preview", `${preview.branch === null ? "" : `of ${preview.branch}, `}deleted at ${preview.expiresAt}`]];
}

/** When it is, and why. */
export function freezeText(freeze: Freeze): string {
  const when = "cron" in freeze ? `"${freeze.cron}" in ${freeze.timeZone}, ${freeze.minutes} minutes` : `${freeze.from} to ${freeze.to}`;
  return `${freeze.why}: ${when}`;
}

export function show(context: Context, environment: Environment): void {
  const { scaling, limits } = environment;
  const most = (value: number) => (value === 0 ? "no limit" : String(value));
  context.output.show(environment, () =>
    renderFacts(
      [
        ["Environment", `${environment.name} of the team ${environment.team}, made from ${environment.template}`],
        ["Where", `cluster ${environment.cluster}, namespace ${environment.namespace}`],
        ["Hosts", `NAME${environment.hostSuffix}`],
        ["Idle", environment.warm ? "keeps an instance of what serves" : "applications sleep"],
        ["Scaling", `${scaling.min} to ${most(scaling.max)} by default; at most ${most(limits.maxInstances)}`],
        ["Deploys", `from ${environment.deployRole} on`],
        ["Releases", `from ${environment.releaseRole} on`],
        ["Approvals", approvalsText(environment)],
        ["Versions", versionsText(environment)],
        ["Frozen", environment.frozen ? `until ${environment.frozen.until}: ${environment.frozen.why}` : "no"],
        ...environment.freezes.map((freeze, at): [string, string] => [at === 0 ? "Freezes" : "", freezeText(freeze)]),
        ...previewFacts(environment),
        ["Now", sleepText(environment)],
        ["Schedule", environment.schedule ? scheduleText(environment.schedule) : "none"],
        ["Apps", `${environment.apps}, with ${counted(environment.instances, "instance")} running`],
      ],
      context.output.style,
    ),
  );
}
