import { spawn } from "node:child_process";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { signInLink } from "../connection.ts";
import { EXIT } from "../exit-codes.ts";
import { Failure, usageError } from "../failure.ts";
import type { Host } from "../host.ts";
import { ENV, placeOf } from "../place.ts";

export const openCommand = defineCommand({
  name: "open",
  summary: "Opens an application or the console in the browser",
  description: "Without a desktop, or in a pipe, it prints the URL alone.",
  args: { target: { summary: "An application, or `console`", required: true, completes: "app" } },
  options: {
    ...ENV,
    version: { kind: "text", placeholder: "VERSION", completes: "version", summary: "This version's preview URL, whatever the split" },
  },
  uses: "platform",
  examples: [
    { run: "ebb open hello", what: "The application" },
    { run: "ebb open console", what: "The console, signed in: the link works once, for ten minutes" },
    { run: "curl $(ebb open hello --version v3)", what: "A version without traffic, from a script" },
  ],
  async run(context, { args, options }) {
    const url = args.target === "console" ? await consoleLink(context) : await appUrl(context, args.target, options);
    context.output.lines([url]);
    const opener = browserOpener(context.host);
    if (opener === undefined) return;
    // The browser outlives us, and whether it likes the page is not our business.
    const child = spawn(opener, [url], { detached: true, stdio: "ignore" });
    child.once("error", () => context.progress.warn(`${opener} is not installed: open the URL yourself`));
    child.unref();
  },
});

async function consoleLink(context: Context): Promise<string> {
  const client = await context.connect();
  return signInLink(client, client.baseUrl);
}

async function appUrl(
  context: Context,
  name: string,
  { env, version }: { env: string | undefined; version: string | undefined },
): Promise<string> {
  const client = await context.connect();
  const place = await placeOf(context, client, name, env);
  if (version === undefined) return (await client.getAppEnvironment(place)).url;
  const found = (await client.listVersions(place)).find((candidate) => candidate.name === version);
  if (!found) throw new Failure(`${name} has no version ${version}`, { exit: EXIT.notFound, hint: `\`ebb versions ${name}\` lists them.` });
  if (found.previewUrl === null)
    throw usageError(`${version} of ${name} is retired and has no URL any more`, `\`ebb versions ${name}\` lists those that have.`);
  return found.previewUrl;
}

/** The program that opens a URL on this desktop; undefined when there is none or nobody looks. */
function browserOpener(host: Host): string | undefined {
  if (!host.stdout.isTTY) return undefined;
  if (process.platform === "darwin") return "open";
  return host.env["DISPLAY"] || host.env["WAYLAND_DISPLAY"] ? "xdg-open" : undefined;
}
