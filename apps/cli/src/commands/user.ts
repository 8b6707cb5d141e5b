import type { PasswordLink } from "@ebb/api";
import { defineCommand } from "../command.ts";
import type { Connection } from "../connection.ts";
import type { Context } from "../context.ts";
import { usageError } from "../failure.ts";
import { ageOf } from "../output/durations.ts";

const NAME = { summary: "The user's name", required: true } as const;

export const userListCommand = defineCommand({
  name: "user list",
  summary: "Lists the platform's users",
  args: {},
  options: {},
  prints: "table",
  uses: "platform",
  examples: [{ run: "ebb user list -o wide", what: "Also where they come from" }],
  async run(context) {
    const items = await (await context.connect()).listUsers();
    const now = context.host.clock.now();
    context.output.table({
      data: { items },
      rows: items,
      columns: [
        { header: "NAME", value: (user) => user.name, style: (text, style) => style.bold(text) },
        { header: "FULL NAME", value: (user) => user.displayName || "-" },
        { header: "STATE", value: (user) => (user.disabled ? "disabled" : "active") },
        { header: "ADMIN", value: (user) => (user.platformAdmin ? "yes" : "-") },
        {
          header: "SIGNED IN",
          value: (user) => (user.lastSignInAt === null ? "never" : `${ageOf(user.lastSignInAt, now)} ago`),
          align: "right",
        },
        { header: "PASSWORD", wide: true, value: (user) => (user.password ? "set" : "-") },
        { header: "SINGLE SIGN-ON", wide: true, value: (user) => (user.singleSignOn ? "yes" : "-") },
        { header: "EMAIL", wide: true, value: (user) => user.email || "-" },
      ],
      empty: "There are no users.",
    });
  },
});

export const userCreateCommand = defineCommand({
  name: "user create",
  summary: "Creates a user and prints the link by which they choose a password",
  description: "The link works once, for three days. Give the user a role afterwards: ebb team add TEAM NAME --role developer.",
  args: { name: NAME },
  options: {
    "full-name": { kind: "text", placeholder: "TEXT", summary: "For people" },
    email: { kind: "text", placeholder: "ADDRESS", summary: "For people" },
    admin: { kind: "flag", summary: "May do everything on this platform" },
  },
  prints: "data",
  uses: "platform",
  examples: [{ run: "ebb user create anna --full-name 'Anna Smith'", what: "Send her the link that it prints" }],
  async run(context, { args, options }) {
    const client = await context.connect();
    const link = await client.createUser({
      name: args.name,
      platformAdmin: options.admin,
      ...(options["full-name"] === undefined ? {} : { displayName: options["full-name"] }),
      ...(options.email === undefined ? {} : { email: options.email }),
    });
    showLink(context, client, link);
  },
});

export const userResetPasswordCommand = defineCommand({
  name: "user reset-password",
  summary: "Prints a link by which a user chooses a new password",
  description: "It works once, for three days. The old password works until then.",
  args: { name: NAME },
  options: {},
  prints: "data",
  uses: "platform",
  examples: [{ run: "ebb user reset-password anna", what: "Send her the link that it prints" }],
  async run(context, { args }) {
    const client = await context.connect();
    showLink(context, client, await client.resetPassword(args.name));
  },
});

export const userSetCommand = defineCommand({
  name: "user set",
  summary: "Changes a user: a platform administrator or not, the full name, the address",
  args: { name: NAME },
  options: {
    admin: { kind: "text", placeholder: "yes|no", choices: ["yes", "no"], summary: "Whether they may do everything on this platform" },
    "full-name": { kind: "text", placeholder: "TEXT", summary: "For people" },
    email: { kind: "text", placeholder: "ADDRESS", summary: "For people" },
  },
  uses: "platform",
  examples: [{ run: "ebb user set anna --admin yes", what: "She administers the platform from now on" }],
  async run(context, { args, options }) {
    const { admin, email, "full-name": displayName } = options;
    if (admin === undefined && email === undefined && displayName === undefined)
      throw usageError("nothing to change", "Give --admin, --full-name or --email.");
    const client = await context.connect();
    const user = await client.patchUser(args.name, {
      ...(admin === undefined ? {} : { platformAdmin: admin === "yes" }),
      ...(email === undefined ? {} : { email }),
      ...(displayName === undefined ? {} : { displayName }),
    });
    const role = user.platformAdmin ? "a platform administrator" : "no platform administrator";
    context.output.lines([`${user.name} is ${role}; ${user.displayName || "no full name"}, ${user.email || "no address"}`]);
  },
});

export const userDisableCommand = defineCommand({
  name: "user disable",
  summary: "Locks a user out: sessions end, their tokens stop working",
  args: { name: NAME },
  options: {},
  uses: "platform",
  examples: [{ run: "ebb user disable anna", what: "Nothing of what she made is touched" }],
  async run(context, { args }) {
    const client = await context.connect();
    await client.patchUser(args.name, { disabled: true });
    context.output.lines([`${args.name} is locked out`]);
  },
});

export const userEnableCommand = defineCommand({
  name: "user enable",
  summary: "Lets a disabled user in again",
  args: { name: NAME },
  options: {},
  uses: "platform",
  examples: [{ run: "ebb user enable anna", what: "With the password and the tokens of before" }],
  async run(context, { args }) {
    const client = await context.connect();
    await client.patchUser(args.name, { disabled: false });
    context.output.lines([`${args.name} may sign in again`]);
  },
});

function showLink(context: Context, client: Connection, link: PasswordLink): void {
  const url = `${client.baseUrl}/?invite=${link.code}`;
  context.progress.line(`For ${link.user}, once, until ${link.expiresAt.slice(0, 16).replace("T", " ")} UTC:`);
  context.output.show({ ...link, url }, () => [url]);
}
