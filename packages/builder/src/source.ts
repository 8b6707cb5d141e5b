import { lstat, rm } from "node:fs/promises";
import { join } from "node:path";
import ignore from "ignore";
import { fault } from "./errors.ts";
import { detect, unknownSource } from "./detect/detect.ts";
import type { Detected, SourceTree, Tool } from "./detect/detected.ts";
import { parseConfig } from "./config/parse.ts";
import type { EbbConfig } from "./config/schema.ts";
import { appName, settle, type Recipe } from "./config/settle.ts";
import type { AppPlan, BuildRequest } from "./port.ts";
import { readText } from "./run/toolchain.ts";

export interface Understood {
  plan: AppPlan;
  recipe: Recipe;
  tools: Tool[];
}

/** Reads ebb.yaml, drops what it ignores, finds out the rest. Throws UserErrors of the catalogue. */
export async function understand(
  folder: string,
  files: string[],
  request: Pick<BuildRequest, "name" | "defaultName">,
): Promise<Understood> {
  const config = await readConfig(folder, new Set(files));
  const tree = { files: new Set(await dropIgnored(folder, files, config)), read: (path: string) => readText(join(folder, path)) };
  const found = await detect(tree, {
    language: config.language,
    dockerfile: config.dockerfile?.replace(/^\.\//, ""),
    site: config.kind === "site" || config.publish !== undefined,
    command: config.command !== undefined,
  });
  const detected = found ?? statedAlone(config, tree);
  const name = appName(request.name ?? config.name, request.defaultName);
  const { plan, recipe } = settle(config, detected, name);
  // Tools are for the commands that were found; whoever states others knows what they need.
  return { plan, recipe, tools: config.build === undefined && recipe.kind !== "image" ? detected.tools : [] };
}

async function readConfig(folder: string, files: ReadonlySet<string>): Promise<EbbConfig> {
  const name = ["ebb.yaml", "ebb.yml"].find((candidate) => files.has(candidate));
  const text = name === undefined ? undefined : await readText(join(folder, name));
  return text === undefined ? {} : parseConfig(text, name);
}

async function dropIgnored(folder: string, files: string[], config: EbbConfig): Promise<string[]> {
  if (config.ignore === undefined || config.ignore.length === 0) return files;
  const rules = ignore().add(config.ignore);
  const dropped = files.filter((path) => rules.ignores(path));
  for (const path of dropped) await rm(join(folder, path), { force: true });
  return files.filter((path) => !rules.ignores(path));
}

/** Removes what the source's own .ebbignore names, as whoever sends a folder leaves it out. */
export async function withoutIgnored(folder: string, files: string[]): Promise<string[]> {
  const text = files.includes(".ebbignore") ? await readText(join(folder, ".ebbignore")) : undefined;
  if (text === undefined) return files;
  const left = await dropIgnored(folder, files, { ignore: [...text.split(/\r?\n/), "/.ebbignore"] });
  if (left.length === 0) throw fault("source_empty", "nothing is left of the source after .ebbignore");
  return left;
}

/** Nothing known in the source: ebb.yaml's command, or its folder of a site, is enough. */
function statedAlone(config: EbbConfig, tree: SourceTree): Detected {
  const language = config.language === "static" ? "static" : "custom";
  const base = { from: "ebb.yaml", language, build: [], tools: [], env: {} } as const;
  if (config.kind === "site" || config.publish !== undefined) return { ...base, kind: "site", language: "static", build: [], tools: [] };
  if (config.command !== undefined) return { ...base, kind: "application", build: [], tools: [] };
  throw unknownSource(tree);
}

/** Throws UserError `entry_missing` when the command names a file of the bundle that the build did not leave. */
export async function checkEntry(folder: string, command: readonly string[]): Promise<void> {
  const [program = "", first] = command;
  const interpreted = ["node", "python3", ".venv/bin/python"].includes(program) && first !== undefined && !first.startsWith("-");
  const entry = interpreted ? first : program.includes("/") ? program : undefined;
  if (entry === undefined || entry.startsWith("/") || entry.includes("$")) return;
  const candidates = interpreted && program === "node" ? [entry, `${entry}.js`, `${entry}.json`, `${entry}.node`] : [entry];
  for (const candidate of candidates) if (await lstat(join(folder, candidate)).catch(() => undefined)) return;
  throw fault("entry_missing", `the start command \`${command.join(" ")}\` needs ${entry}, which is not there after the build`);
}
