import type { PatchQuota } from "@ebb/api";
import { defineCommand } from "../command.ts";
import { changeOptions, IF_REVISION } from "../place.ts";
import { usageError } from "../failure.ts";

const TEAM = { summary: "The team", required: true } as const;
const USER = { summary: "The user's name", required: true } as const;
const ROLES = ["viewer", "developer", "releaser", "admin"] as const;

export const teamMembersCommand = defineCommand({
  name: "team members",
  summary: "Lists a team's members and their roles",
  args: { team: TEAM },
  options: {},
  prints: "table",
  uses: "platform",
  examples: [{ run: "ebb team members shop", what: "Who may do what" }],
  async run(context, { args }) {
    const items = await (await context.connect()).listMembers(args.team);
    context.output.table({
      data: { items },
      rows: items,
      columns: [
        { header: "USER", value: (member) => member.user, style: (text, style) => style.bold(text) },
        { header: "FULL NAME", value: (member) => member.displayName || "-" },
        { header: "ROLE", value: (member) => member.role },
        { header: "FROM", value: (member) => (member.source === "oidc" ? "group" : "team") },
        { header: "STATE", value: (member) => (member.disabled ? "disabled" : "active") },
      ],
      empty: `${args.team} has no members. Add one: ebb team add ${args.team} USER --role developer`,
    });
  },
});

export const teamAddCommand = defineCommand({
  name: "team add",
  summary: "Adds a user to a team",
  description: "viewer sees; developer deploys; releaser moves traffic where that is guarded; admin manages members and environments.",
  args: { team: TEAM, user: USER },
  options: { role: { kind: "text", placeholder: "ROLE", choices: ROLES, summary: "viewer, developer (the default), releaser or admin" } },
  uses: "platform",
  examples: [{ run: "ebb team add shop anna --role releaser", what: "She may release what others deploy" }],
  async run(context, { args, options }) {
    const role = ROLES.find((candidate) => candidate === options.role) ?? "developer";
    await (await context.connect()).setMember(args.team, args.user, role);
    context.output.lines([`${args.user} is ${role} in ${args.team}`]);
  },
});

export const teamRoleCommand = defineCommand({
  name: "team role",
  summary: "Gives a member another role",
  args: { team: TEAM, user: USER, role: { summary: "viewer, developer, releaser or admin", required: true } },
  options: {},
  uses: "platform",
  examples: [{ run: "ebb team role shop anna admin", what: "From the next request on" }],
  async run(context, { args }) {
    const role = ROLES.find((candidate) => candidate === args.role);
    if (role === undefined) throw usageError(`${args.role} is not a role`, `Choose one of ${ROLES.join(", ")}.`);
    await (await context.connect()).setMember(args.team, args.user, role);
    context.output.lines([`${args.user} is ${role} in ${args.team}`]);
  },
});

export const teamRemoveCommand = defineCommand({
  name: "team remove",
  summary: "Removes a user from a team",
  args: { team: TEAM, user: USER },
  options: {},
  uses: "platform",
  examples: [{ run: "ebb team remove shop anna", what: "She sees nothing of it any more" }],
  async run(context, { args }) {
    await (await context.connect()).removeMember(args.team, args.user);
    context.output.lines([`${args.user} is no longer in ${args.team}`]);
  },
});

const AMOUNT = { kind: "text", placeholder: "AMOUNT" } as const;

export const teamQuotaCommand = defineCommand({
  name: "team quota",
  summary: "Shows what a team may have and has, or changes what it may have",
  description: `What the team keeps in all its environments is checked with each version; each environment's namespace is held to the quota by the
cluster. What is there already stays. Only platform administrators change a quota.`,
  args: { team: TEAM },
  options: {
    apps: { ...AMOUNT, summary: "Applications; `none` for as many as it likes" },
    instances: { ...AMOUNT, summary: "Instances at once" },
    cpu: { ...AMOUNT, summary: "Cores of its instances together: 8, 1500m" },
    memory: { ...AMOUNT, summary: "Memory of its instances together: 16Gi" },
    ...IF_REVISION,
  },
  prints: "table",
  uses: "platform",
  examples: [
    { run: "ebb team quota shop", what: "What it may have, and has" },
    { run: "ebb team quota shop --apps 20 --instances 50 --cpu 16 --memory none", what: "As a platform administrator" },
  ],
  async run(context, { args, options }) {
    const client = await context.connect();
    const patch: PatchQuota = {
      ...(options.apps === undefined ? {} : { apps: countOf(options.apps) }),
      ...(options.instances === undefined ? {} : { instances: countOf(options.instances) }),
      ...(options.cpu === undefined ? {} : { cpu: options.cpu === "none" ? null : options.cpu }),
      ...(options.memory === undefined ? {} : { memory: options.memory === "none" ? null : options.memory }),
    };
    const reads = Object.keys(patch).length === 0;
    const data = await (reads ? client.getQuota(args.team) : client.patchQuota(args.team, patch, changeOptions(options)));
    context.output.table({
      data,
      rows: (["apps", "instances", "cpu", "memory"] as const).map((what) => ({ what, may: data.quota[what], has: data.used[what] })),
      columns: [
        { header: "WHAT", value: ({ what }) => what },
        { header: "HAS", value: ({ has }) => String(has), align: "right" },
        { header: "MAY HAVE", value: ({ may }) => (may === null ? "no limit" : String(may)), align: "right" },
      ],
      empty: "",
    });
  },
});

function countOf(text: string): number | null {
  if (text === "none") return null;
  if (!/^\d{1,6}$/.test(text)) throw usageError(`${text} is not a number`, "Write a whole number, or none.");
  return Number(text);
}
