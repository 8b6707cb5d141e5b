import { execFile } from "node:child_process";
import { stat } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { promisify } from "node:util";
import type { Client, DeployGit, DeployImage, Operation } from "@ebb/api";
import { appNameFrom, appNameFromImage } from "../app-name.ts";
import { parseAssignments } from "../assignments.ts";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { Failure, usageError } from "../failure.ts";
import { followOperation, phaseTimes } from "../operations.ts";
import { ENV, namedEnvironment, namedTeam, TEAM } from "../place.ts";
import { renderFacts } from "../output/table.ts";
import { systemCode } from "@ebb/base";

interface ImageOptions {
  readonly name: string | undefined;
  readonly image: string | undefined;
  readonly git: string | undefined;
  readonly ref: string | undefined;
  readonly folder: string | undefined;
  readonly port: number | undefined;
  readonly var: readonly string[];
  readonly env: string | undefined;
  readonly team: string | undefined;
  readonly commit: string | undefined;
  readonly command: readonly string[];
  readonly "no-traffic": boolean;
}

export const deployCommand = defineCommand({
  name: "deploy",
  summary: "Deploys a folder, a Git repository or an image, and waits until it answers",
  description: `DIR (the present folder by default) is packed without what .ebbignore names (.gitignore where there is none), .git and
node_modules; the platform finds out what it is, or is told by its ebb.yaml, builds it, starts a new version and moves the traffic to it
once it has answered. When anything fails, the version before keeps serving and the exit code is 1.`,
  args: { dir: { summary: "The folder with the application", required: false, completes: "folder" } },
  options: {
    name: {
      kind: "text",
      placeholder: "NAME",
      completes: "app",
      summary: "The application's name; by default that in ebb.yaml, or the folder's or image's",
    },
    image: { kind: "text", placeholder: "REF", summary: "Deploy this container image instead of a folder" },
    git: { kind: "text", placeholder: "URL", summary: "Deploy this Git repository instead of a folder; the platform fetches it" },
    ref: { kind: "text", placeholder: "REF", summary: "With --git: a branch, a tag or a whole commit; where HEAD is otherwise" },
    folder: { kind: "text", placeholder: "DIR", summary: "With --git: the folder in the repository" },
    port: { kind: "integer", placeholder: "N", min: 1, max: 65_535, summary: "With --image: the port that it listens on" },
    env: { ...ENV.env, summary: "To this environment; EBB_ENV otherwise, else the first of the team" },
    team: { ...TEAM.team, summary: "For this team; EBB_TEAM otherwise, else the application's own, or `default`" },
    var: { kind: "list", placeholder: "KEY=VALUE", summary: "With --image: an environment variable" },
    commit: { kind: "text", placeholder: "ID", summary: "The source's commit, kept with the version; of a folder in git that is known" },
    command: { kind: "list", placeholder: "WORD", summary: "With --image: a word of the command to run instead of the image's own" },
    "no-traffic": { kind: "flag", summary: "Leave the traffic where it is; the new version has its preview URL" },
    detach: { kind: "flag", short: "d", summary: "Do not wait: print the operation and end" },
  },
  prints: "data",
  uses: "platform",
  examples: [
    { run: "ebb deploy", what: "The application in this folder" },
    { run: "ebb deploy ./shop --name shop-next --no-traffic", what: "A second version to look at, without traffic" },
    { run: "ebb deploy --image docker.io/library/nginx:1 --name web --port 80", what: "An image" },
    { run: "ebb deploy --git https://github.com/acme/shop --ref v1.4.0", what: "A tag of a repository; `ebb repo key` for a private one" },
    { run: "ebb deploy -o json | jq -r .url", what: "The URL for a script" },
  ],
  async run(context, { args, options }) {
    const client = await context.connect();
    // Before anything is packed: a platform that does not answer, or does not know us, says so at once.
    await client.status({ signal: context.host.interrupted });
    const started = await begin(context, client, args.dir, options);
    if (options.detach) {
      context.output.show(started, () => [`Operation ${started.id} has started. Follow it: ebb operations show ${started.id}`]);
      return;
    }
    const done = await untilServing(context, client, started);
    context.output.show(done, () => resultLines(context, done, options["no-traffic"]));
  },
});

function begin(context: Context, client: Client, dir: string | undefined, options: ImageOptions): Promise<Operation> {
  const target = targetOf(context, options);
  if (options.git !== undefined) return client.deployGit({ ...gitRequest(dir, options.git, options), ...target });
  if (options.ref !== undefined || options.folder !== undefined) {
    throw usageError("--ref and --folder go with --git", "An application that has a repository: `ebb repo deploy APP --ref REF`.");
  }
  if (options.image === undefined) return source(context, client, { dir: dir ?? ".", options });
  return client.deployImage({
    ...imageRequest(dir, options),
    ...target,
    ...(options.commit !== undefined && { commit: options.commit }),
  });
}

function gitRequest(dir: string | undefined, url: string, options: ImageOptions): DeployGit {
  const others = [dir, options.image, options.port, options.commit].some((value) => value !== undefined);
  if (others || options.var.length > 0 || options.command.length > 0) {
    throw usageError("--git is deployed alone", "Leave the folder, and what is for images, out; its ebb.yaml says the rest.");
  }
  return {
    name: options.name ?? appNameFrom(basename(url.replace(/\/+$/, "").replace(/\.git$/, ""))),
    url,
    ...(options.ref !== undefined && { ref: options.ref }),
    ...(options.folder !== undefined && { folder: options.folder }),
    ...(options["no-traffic"] && { noTraffic: true }),
  };
}

async function source(context: Context, client: Client, request: { dir: string; options: ImageOptions }): Promise<Operation> {
  const { options } = request;
  const forImages = options.port !== undefined || options.var.length > 0 || options.command.length > 0;
  if (forImages) {
    throw usageError("--port, --var and --command go with --image", "For a folder, state them in its ebb.yaml, or use `ebb vars set`.");
  }
  const folder = resolve(context.host.cwd, request.dir);
  const isFolder = await stat(folder).then(
    (stats) => stats.isDirectory(),
    (error: unknown) => {
      if (["ENOENT", "ENOTDIR"].includes(systemCode(error) ?? ""))
        throw usageError(`there is no folder ${folder}`, "Name the folder with the application: `ebb deploy DIR`.");
      throw error;
    },
  );
  if (!isFolder) throw usageError(`${folder} is not a folder`, "Name the folder that it is in; an image is deployed with --image REF.");
  // The packer is of no use to the other commands, and would slow their start.
  const { deploySource } = await import("../deploy-source.ts");
  return deploySource(context, client, {
    folder,
    name: options.name,
    defaultName: appNameFrom(basename(folder)),
    noTraffic: options["no-traffic"],
    ...targetOf(context, options),
    commit: options.commit ?? (await commitOf(folder)),
  });
}

function targetOf(context: Context, options: ImageOptions): { team?: string; environment?: string } {
  const team = namedTeam(context, options.team);
  const environment = namedEnvironment(context, options.env);
  return { ...(team !== undefined && { team }), ...(environment !== undefined && { environment }) };
}

/** Of the folder's git repository, if it is in one and nothing in it has been changed since. */
async function commitOf(folder: string): Promise<string | undefined> {
  const git = (...args: string[]) => promisify(execFile)("git", ["-C", folder, ...args], { timeout: 5000 });
  try {
    const changed = await git("status", "--porcelain", "--", ".");
    return changed.stdout.trim() === "" ? (await git("rev-parse", "--verify", "HEAD")).stdout.trim() : undefined;
  } catch {
    // Not in a repository, or there is no git: the version is as good without.
    return undefined;
  }
}

function imageRequest(dir: string | undefined, options: ImageOptions): DeployImage {
  if (dir !== undefined) throw usageError("a folder and --image cannot be deployed together", "Leave one of them out.");
  const image = options.image ?? "";
  return {
    name: options.name ?? appNameFromImage(image),
    image,
    ...(options.port !== undefined && { port: options.port }),
    ...(options.command.length > 0 && { command: [...options.command] }),
    ...(options.var.length > 0 && { env: parseAssignments(options.var) }),
    ...(options["no-traffic"] && { noTraffic: true }),
  };
}

/** Adds to a failure what people fear most: whether their users notice. */
async function untilServing(context: Context, client: Client, started: Operation): Promise<Operation> {
  try {
    return await followOperation(context, client, started, { logs: true });
  } catch (error) {
    if (!(error instanceof Failure) || context.host.interrupted.aborted) throw error;
    const place = { app: started.app, env: started.environment };
    const [app, failed] = await Promise.all([client.getAppEnvironment(place), client.getOperation(started.id)]).catch(() => []);
    const serving = (app?.traffic ?? []).filter((target) => target.percent > 0 && target.version !== failed?.version);
    if (app && serving.length > 0) {
      const versions = serving.map((target) => target.version).join(" and ");
      context.progress.line(`Nothing has changed for visitors: ${versions} of ${app.app} still at ${app.url}`);
    }
    throw error;
  }
}

function resultLines(context: Context, done: Operation, noTraffic: boolean): string[] {
  const { style } = context.output;
  const url = noTraffic ? (done.previewUrl ?? done.url) : done.url;
  const facts: [string, string][] = [
    [noTraffic ? "Preview" : "URL", style.link(url ?? "-")],
    ["App", `${done.app} in ${done.environment}, version ${done.version ?? "-"}${noTraffic ? " (no traffic yet)" : ""}`],
    ["Took", phaseTimes(done)],
  ];
  if (noTraffic && done.version !== null) facts.push(["Next", `ebb traffic ${done.app} ${done.version}=100 --env ${done.environment}`]);
  return renderFacts(facts, style);
}
