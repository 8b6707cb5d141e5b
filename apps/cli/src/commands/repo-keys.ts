import type { GitCredential, GitSettings } from "@ebb/api";
import { defineCommand } from "../command.ts";
import { usageError } from "../failure.ts";
import { readNamedFile } from "../named-file.ts";
import { ageOf } from "../output/durations.ts";
import type { Column } from "../output/table.ts";
import { TEAM, teamOf } from "../place.ts";
import { askedOrPiped } from "./secrets.ts";

export const repoKeysCommand = defineCommand({
  name: "repo keys",
  summary: "Lists the tokens and deploy keys that a team reads repositories with",
  args: {},
  options: TEAM,
  prints: "table",
  uses: "platform",
  examples: [{ run: "ebb repo keys", what: "By the repositories that each is for" }],
  async run(context, { options }) {
    const client = await context.connect();
    const items = await client.listGitCredentials(teamOf(context, options.team));
    const empty = "None yet: public repositories need none. Add one: `ebb repo key github.com/acme`.";
    context.output.table({ data: { items }, rows: items, columns: columns(context.host.clock.now()), empty });
  },
});

export const repoKeyCommand = defineCommand({
  name: "repo key",
  summary: "Gives a team a token or a deploy key for repositories",
  description:
    "For administrators of the team. A token is asked for, or read from what is piped in. With --ssh Ebb makes a deploy key and prints its public half, unless a file has one. Of several that fit a repository the longest prefix counts.",
  args: { prefix: { summary: "Of the repositories that it is for: github.com/acme", required: true } },
  options: {
    ...TEAM,
    user: { kind: "text", placeholder: "NAME", summary: "Of the token, where the server wants a certain one (GitLab's deploy tokens)" },
    ssh: { kind: "flag", summary: "A deploy key for SSH addresses" },
    "key-file": { kind: "text", placeholder: "FILE", summary: "With --ssh: the private key, without a passphrase" },
    "known-hosts": {
      kind: "text",
      placeholder: "FILE",
      summary: "With --ssh: the server's keys; the first that it shows is kept otherwise",
    },
  },
  prints: "data",
  uses: "platform",
  examples: [
    { run: "pass show github | ebb repo key github.com/acme", what: "A token, from a password manager" },
    { run: "ebb repo key git.example.com/acme/shop --ssh", what: "A new deploy key: its public half is for the server" },
  ],
  async run(context, { args, options }) {
    const file = options["key-file"];
    const hosts = options["known-hosts"];
    if (!options.ssh && (file !== undefined || hosts !== undefined)) throw usageError("--key-file and --known-hosts go with --ssh");
    const client = await context.connect();
    const made = await client.createGitCredential(
      teamOf(context, options.team),
      options.ssh
        ? {
            prefix: args.prefix,
            kind: "ssh",
            ...(file === undefined ? {} : { key: (await readNamedFile(context, file)).toString() }),
            ...(hosts === undefined ? {} : { knownHosts: (await readNamedFile(context, hosts)).toString() }),
          }
        : {
            prefix: args.prefix,
            kind: "token",
            token: await askedOrPiped(context, `the token for ${args.prefix}`),
            ...(options.user === undefined ? {} : { user: options.user }),
          },
    );
    context.output.show(made, () => [
      `${made.prefix}: a ${kindText(made)} (${made.id})`,
      ...(made.publicKey === null ? [] : [made.publicKey]),
    ]);
  },
});

export const repoForgetCommand = defineCommand({
  name: "repo forget",
  summary: "Takes a token or a deploy key away from a team",
  args: { id: { summary: "As `ebb repo keys` lists it", required: true } },
  options: TEAM,
  uses: "platform",
  examples: [{ run: "ebb repo forget x7k2m9p1qa", what: "Also revoke it at the Git server" }],
  async run(context, { args, options }) {
    const client = await context.connect();
    await client.deleteGitCredential(teamOf(context, options.team), args.id);
    context.progress.line(`${args.id} is gone`);
  },
});

export const repoServersCommand = defineCommand({
  name: "repo servers",
  summary: "Shows or changes which Git servers the platform speaks to",
  description:
    "For platform administrators. Servers at public addresses are allowed at first; those in private networks, and plain HTTP, take a word here: a name, *.DOMAIN, an address or a network.",
  args: {},
  options: {
    allow: { kind: "list", placeholder: "HOST", summary: "Allow this one, too" },
    forbid: { kind: "list", placeholder: "HOST", summary: "Take this one off the list" },
    "only-these": { kind: "flag", summary: "No other server, also none at a public address" },
    "public-servers": { kind: "flag", summary: "Every server at a public address" },
  },
  prints: "data",
  uses: "platform",
  examples: [{ run: "ebb repo servers --allow git.corp.example --allow 10.20.0.0/16", what: "A company's own" }],
  async run(context, { options }) {
    const client = await context.connect();
    const present = await client.getGitSettings();
    const allow = [...new Set([...present.allow.filter((entry) => !options.forbid.includes(entry)), ...options.allow])];
    const patch = {
      ...(options.allow.length + options.forbid.length === 0 ? {} : { allow }),
      ...(options["only-these"] ? { publicServers: false } : options["public-servers"] ? { publicServers: true } : {}),
    };
    const settings = Object.keys(patch).length === 0 ? present : await client.patchGitSettings(patch, { ifMatch: present.revision });
    context.output.show(settings, () => settingLines(settings));
  },
});

function settingLines({ publicServers, allow }: GitSettings): string[] {
  return [publicServers ? "Every server at a public address" : "No server but these", ...allow.map((entry) => `  ${entry}`)];
}

function kindText({ kind, user }: GitCredential): string {
  return kind === "ssh" ? "deploy key" : `token of ${user}`;
}

function columns(now: number): Column<GitCredential>[] {
  return [
    { header: "FOR", value: ({ prefix }) => prefix, style: (text, style) => style.bold(text) },
    { header: "KIND", value: kindText },
    { header: "ID", value: ({ id }) => id },
    { header: "FINGERPRINT", wide: true, value: ({ fingerprint }) => fingerprint ?? "-" },
    { header: "PUBLIC KEY", wide: true, value: ({ publicKey }) => publicKey ?? "-" },
    { header: "BY", value: ({ createdBy }) => createdBy },
    { header: "AGE", value: ({ createdAt }) => ageOf(createdAt, now), align: "right" },
  ];
}
