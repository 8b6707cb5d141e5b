import { hostname } from "node:os";
import { text } from "node:stream/consumers";
import { sleep } from "@ebb/base";
import { defineCommand } from "../command.ts";
import { baseUrl, open } from "../connection.ts";
import type { Context } from "../context.ts";
import { EXIT } from "../exit-codes.ts";
import { Failure, usageError } from "../failure.ts";
import { readLogins, writeLogins } from "../logins.ts";
import { renderFacts } from "../output/table.ts";

export const loginCommand = defineCommand({
  name: "login",
  summary: "Signs in to a platform, which commands then go to",
  description: `Shows a code, which somebody who is signed in to that platform's console confirms: it makes a token of theirs for 30 days. With
--with-token a token is read from standard input. It is kept in ~/.config/ebb/logins.json, readable by you alone. Commands then go to
that platform, unless they name another with --server or a data folder with --data.`,
  args: { url: { summary: "The platform's address", required: true } },
  options: { "with-token": { kind: "flag", summary: "Read a token from standard input" } },
  prints: "data",
  uses: "nothing",
  examples: [
    { run: "ebb login https://ebb.example.com", what: "Confirm the code in the console" },
    { run: "pass show ebb-token | ebb login https://ebb.example.com --with-token", what: "With a token" },
  ],
  async run(context, { args, options }) {
    const address = baseUrl(args.url);
    const { protocol, hostname: name } = new URL(address);
    if (protocol === "http:" && !/^(localhost|127\.|\[::1\])|\.localhost$/.test(name)) {
      context.progress.warn("this address is not encrypted: whoever is in between can read the token");
    }
    const token = options["with-token"] ? await readToken(context) : await confirmedToken(context, address);
    const me = await open(address, token).me();
    const logins = await readLogins(context.host);
    await writeLogins(context.host, { current: address, tokens: { ...logins.tokens, [address]: token } });
    context.output.show({ server: address, user: me.name }, () => [`Signed in to ${address} as ${me.name}`]);
  },
});

async function readToken(context: Context): Promise<string> {
  if (context.host.stdin.isTTY === true)
    throw usageError("the token comes from standard input", "Pipe it: pass show TOKEN | ebb login URL --with-token");
  const token = (await text(context.host.stdin)).trim();
  if (token === "" || /\s/.test(token)) throw usageError("standard input has no token, or more than one");
  return token;
}

/** RFC 8628: asks until somebody has confirmed the code. */
async function confirmedToken({ host, progress }: Context, address: string): Promise<string> {
  const client = open(address, undefined);
  const { deviceCode, userCode, path, intervalSeconds, expiresAt } = await client.startDevice(hostname());
  progress.line(`Open ${address}${path}\nand confirm the code ${progress.style.bold(userCode)}`);
  while (host.clock.now() < Date.parse(expiresAt)) {
    progress.busy("Waiting for the confirmation");
    await sleep(host.clock, intervalSeconds * 1000, host.interrupted);
    const { token } = await client.pollDevice(deviceCode);
    if (token !== null) return token;
  }
  throw new Failure("nobody has confirmed the code in time", { exit: EXIT.unauthorised, hint: "Run `ebb login` again." });
}

export const logoutCommand = defineCommand({
  name: "logout",
  summary: "Forgets a platform's token, and revokes it there",
  args: { url: { summary: "The platform's address; the one of the last login otherwise", required: false } },
  options: {},
  uses: "nothing",
  examples: [{ run: "ebb logout", what: "Commands go to this machine's Ebb again" }],
  async run({ host, output, progress }, { args }) {
    const logins = await readLogins(host);
    const address = args.url === undefined ? logins.current : baseUrl(args.url);
    const token = address === undefined ? undefined : logins.tokens[address];
    if (address === undefined || token === undefined)
      throw new Failure("you are not signed in there", { hint: "`ebb whoami` tells where you are." });
    const client = open(address, token);
    try {
      await client.revokeToken((await client.me()).credential);
    } catch {
      progress.warn(`the token could not be revoked at ${address}: it is good there until it expires`);
    }
    const { [address]: _, ...tokens } = logins.tokens;
    await writeLogins(host, { ...(logins.current === undefined || logins.current === address ? {} : { current: logins.current }), tokens });
    output.lines([`Signed out of ${address}`]);
  },
});

export const whoamiCommand = defineCommand({
  name: "whoami",
  summary: "Shows who you are to the platform, and what you may do",
  args: {},
  options: {},
  prints: "data",
  uses: "platform",
  examples: [{ run: "ebb whoami", what: "Name, platform, and your role in each team" }],
  async run(context) {
    const client = await context.connect();
    const me = await client.me();
    context.output.show({ server: client.baseUrl, ...me }, () =>
      renderFacts(
        [
          ["User", me.displayName === "" ? me.name : `${me.name} (${me.displayName})`],
          ["Platform", client.baseUrl],
          ["Rights", me.platformAdmin ? "platform administrator" : me.scope === "admin" ? "as your roles" : `of a token for ${me.scope}`],
          ["Teams", me.teams.length === 0 ? "-" : me.teams.map(({ team, role }) => `${team} (${role})`).join(", ")],
        ],
        context.output.style,
      ),
    );
  },
});
