import type { MovePlan } from "@ebb/api";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { Failure, usageError } from "../failure.ts";
import { finishChange } from "../operations.ts";
import { parseDuration } from "../output/durations.ts";
import { ENVIRONMENT, TEAM, teamOf } from "../place.ts";

const SECOND = 1000;
const BECAUSE = { serves: "serves", routed: "by a rule or mirror", pinned: "pinned", before: "served before" } as const;

export const envMoveCommand = defineCommand({
  name: "env move",
  summary: "Moves an environment, with the applications in it, to another cluster",
  description: `What serves, what rules and pins lead to and what served before is started there with the very artifacts and values, and asked; then everybody is led there, and the old is taken away. Until
it leads there nothing has changed, and \`ebb operations cancel\` stops it. Changes in the environment wait meanwhile. Its hosts are those of the other cluster: with --hold the old ones serve on, until DNS has followed. With
--plan nothing is moved: it says what would be, what is lost, and what keeps it from moving (exit code 1).`,
  args: { name: ENVIRONMENT },
  options: {
    ...TEAM,
    to: { kind: "text", placeholder: "CLUSTER", summary: "The cluster; `ebb cluster list` has them" },
    hold: { kind: "text", placeholder: "TIME", summary: "How long the old one serves on: 10m, an hour at most; not at all otherwise" },
    plan: { kind: "flag", summary: "Say what would be moved, lost or refused, and move nothing" },
  },
  prints: "table",
  uses: "platform",
  examples: [
    { run: "ebb env move prod --to eu --plan", what: "What goes along, what is lost, what keeps it" },
    { run: "ebb env move prod --to eu", what: "As soon as it serves there" },
    { run: "ebb env move prod --to eu --hold 10m", what: "With time for DNS to follow" },
  ],
  async run(context, { args, options }) {
    const { to, hold, plan } = options;
    if (to === undefined) throw usageError("--to is missing", "See `ebb cluster list`.");
    const held = hold === undefined ? 0 : parseDuration(hold);
    if (held === undefined) throw usageError(`--hold ${hold ?? ""}: not a time`, "For example 10m, an hour at most.");
    const client = await context.connect();
    const team = teamOf(context, options.team);
    const body = { cluster: to, ...(held === 0 ? {} : { holdSeconds: Math.ceil(held / SECOND) }) };
    if (plan) {
      const planned = await client.planMove(team, args.name, body);
      showPlan(context, args.name, planned);
      const [first, ...others] = planned.refusals;
      if (first)
        throw new Failure(`it would be refused: ${first.message}`, { hint: first.hint, chain: others.map(({ message }) => message) });
      return;
    }
    const moving = await client.moveEnvironment(team, args.name, body);
    await finishChange(context, client, moving, `${args.name} is on ${to}. Where its applications are now: ebb apps`);
  },
});

function showPlan({ output, progress }: Context, env: string, plan: MovePlan): void {
  const { from, to, namespace, approvals, apps } = plan;
  output.table({
    data: plan,
    rows: apps,
    columns: [
      { header: "APP", value: ({ app }) => app, style: (text, style) => style.bold(text) },
      {
        header: "GOES ALONG",
        value: ({ versions }) =>
          versions.map(({ version, because }) => `${version} (${BECAUSE[because]})`).join(", ") || "nothing: none has served",
      },
      { header: "LOST", value: ({ lost }) => lost.join(", ") || "-" },
      { header: "HOST", value: ({ host }) => `${host}.…` },
      { header: "DOMAINS", value: ({ domains }) => domains.join(", ") || "-" },
    ],
    empty: `There is no application in ${env}.`,
  });
  for (const line of [
    `${env} would move from ${from} to ${to}, into the namespace ${namespace}${approvals === 0 ? "" : `, once ${approvals} ${approvals === 1 ? "person has" : "people have"} approved it`}.`,
    ...(apps.some(({ lost }) => lost.length > 0) ? ["What is lost stays in the list of versions, and serves again by a deploy only."] : []),
    ...apps.flatMap(({ app, versions }) => {
      const bundles = versions.flatMap(({ version, bundle }) => (bundle ? [version] : []));
      return bundles.length === 0
        ? []
        : [`${app} ${bundles.join(", ")}: no image, but a bundle, which a cluster on the platform's own machine alone runs.`];
    }),
    ...(apps.some(({ domains }) => domains.length > 0)
      ? [`Let DNS of the domains lead to ${to}; each gets its certificate there when it does.`]
      : []),
  ]) {
    progress.line(line);
  }
}
