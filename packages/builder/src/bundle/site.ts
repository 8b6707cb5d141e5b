import { execFile } from "node:child_process";
import { chmod, lstat, writeFile } from "node:fs/promises";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { promisify } from "node:util";
import { fault } from "../errors.ts";
import { copyTree, makeOpenFolder, type CopyOptions } from "./copy-tree.ts";
import type { BundleEntry } from "./digest.ts";

const SERVER_FOLDER = join(import.meta.dirname, "../static-server");
const SERVER_MODULES = ["main", "handler", "lookup", "compress", "negotiate", "mime"];
/** Run once for each builder: with the types left in, every start of a site would take 50 ms more to remove them. */
const STRIP = `
import { readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
const code = process.argv.slice(1).map((path) => stripTypeScriptTypes(readFileSync(path, "utf8")));
process.stdout.write(JSON.stringify(code));
`;

export type ServerFile = { name: string; code: string };

/** The modules of the site server as JavaScript that needs nothing but Node.js. */
export async function loadSiteServer(node: string): Promise<ServerFile[]> {
  const paths = SERVER_MODULES.map((name) => join(SERVER_FOLDER, `${name}.ts`));
  const args = ["--disable-warning=ExperimentalWarning", "--input-type=module", "-e", STRIP, ...paths];
  const { stdout } = await promisify(execFile)(node, args, { maxBuffer: 4 * 1024 * 1024, env: {} });
  const code = JSON.parse(stdout) as string[];
  return SERVER_MODULES.map((name, index) => ({
    name: `${name}.mjs`,
    code: (code[index] ?? "").replace(/(from "\.\/[\w-]+)\.ts"/g, '$1.mjs"').replace(/[ \t]+$/gm, ""),
  }));
}

export interface SiteSource {
  /** The source after the build. */
  folder: string;
  /** Folders that may hold the site, best first. */
  publish: readonly string[];
  spa: boolean | "auto";
  server: readonly ServerFile[];
}

/** Writes a site's bundle into the new folder `app`: `site/` and, beside it, the server and its options. Throws UserError `publish_missing`. */
export async function copySite(source: SiteSource, app: string, options: CopyOptions): Promise<BundleEntry[]> {
  const publish = await publishFolder(source);
  for (const folder of [app, join(app, "ebb-site")]) await makeOpenFolder(folder);
  const ignores = (path: string) => (publish === "." && path === "ebb.yaml") || (options.ignores?.(path) ?? false);
  const entries = await copyTree(join(source.folder, publish), join(app, "site"), { ...options, ignores, prefix: "site/" });
  const pages = entries.filter((entry) => entry.type === "file" && /\.html?$/.test(entry.path));
  if (pages.length === 0) {
    throw fault("publish_missing", `the site's folder ${publish === "." ? "" : `${publish} `}has no HTML file`);
  }
  const spa = source.spa === "auto" ? pages.length === 1 && pages[0]?.path === "site/index.html" : source.spa;
  const files = [...source.server, { name: "site.json", code: `${JSON.stringify({ spa })}\n` }];
  for (const file of files) await writeOpenFile(join(app, "ebb-site", file.name), file.code);
  return [
    { path: "site", type: "folder" },
    { path: "ebb-site", type: "folder" },
    ...entries,
    ...files.map((file) => ({ path: `ebb-site/${file.name}`, type: "file" as const, executable: false, content: sha256(file.code) })),
  ];
}

async function writeOpenFile(path: string, text: string): Promise<void> {
  await writeFile(path, text, { flag: "wx" });
  await chmod(path, 0o644);
}

async function publishFolder(source: SiteSource): Promise<string> {
  for (const folder of source.publish) {
    const path = join(source.folder, folder, ...(source.publish.length > 1 ? ["index.html"] : []));
    if (await isInside(path)) return folder;
  }
  throw fault("publish_missing", `after the build there is no ${source.publish.join(", nor ")} with an index.html`);
}

/** lstat: a link in the place of the folder would lead somewhere else. */
async function isInside(path: string): Promise<boolean> {
  const status = await lstat(path).catch(() => undefined);
  return status !== undefined && !status.isSymbolicLink();
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
