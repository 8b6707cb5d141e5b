import { DeclaredApp, DeclaredEnvironment, DeclaredTeam, expectationOf, type Declared } from "@ebb/api";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Static, TSchema } from "typebox";
import { Value } from "typebox/value";
import { parse, stringify } from "yaml";
import { Failure } from "../failure.ts";

const FOLDERS = { environments: "environments", apps: "apps" } as const;
const TEAM_FILE = "team.yaml";
/** Of one file: ten times the largest app that the platform takes is still refused. */
const LONGEST = 32 * 1024 * 1024;

/** One file for the team, one for each environment and each app: what changes together is in one. Returns their paths. */
export async function writeDeclared(folder: string, { team, environments, apps }: Declared): Promise<string[]> {
  const files: [string, unknown][] = [
    [TEAM_FILE, team],
    ...environments.map((each): [string, unknown] => [join(FOLDERS.environments, `${each.name}.yaml`), each]),
    ...apps.map((each): [string, unknown] => [join(FOLDERS.apps, `${each.name}.yaml`), each]),
  ];
  for (const sub of ["", ...Object.values(FOLDERS)]) await mkdir(join(folder, sub), { recursive: true });
  for (const [path, content] of files) await writeFile(join(folder, path), stringify(content, { lineWidth: 0 }));
  return files.map(([path]) => path);
}

/** Throws Failure that names the file and the field. */
export async function readDeclared(folder: string): Promise<Declared> {
  const team = await readOne(folder, TEAM_FILE, DeclaredTeam);
  return {
    team,
    environments: await readAll(folder, FOLDERS.environments, DeclaredEnvironment),
    apps: await readAll(folder, FOLDERS.apps, DeclaredApp),
  };
}

async function readAll<T extends TSchema>(folder: string, sub: string, schema: T): Promise<Static<T>[]> {
  const names = await readdir(join(folder, sub)).catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  });
  const files = names.filter((name) => /\.ya?ml$/.test(name)).sort();
  const found = new Map<string, Static<T>>();
  for (const file of files) {
    const path = join(sub, file);
    const value = await readOne(folder, path, schema);
    const { name } = value as { name: string };
    // Two files of one thing would win by turns.
    if (file.replace(/\.ya?ml$/, "") !== name || found.has(name)) {
      throw new Failure(`${path} is about ${name}`, { hint: `Call the file ${name}.yaml.` });
    }
    found.set(name, value);
  }
  return [...found.values()];
}

async function readOne<T extends TSchema>(folder: string, path: string, schema: T): Promise<Static<T>> {
  let text: string;
  try {
    text = await readFile(join(folder, path), "utf8");
  } catch (cause) {
    throw new Failure(`${join(folder, path)} cannot be read`, { hint: "`ebb export` writes a folder as it is read here.", cause });
  }
  if (text.length > LONGEST) throw new Failure(`${path} is too large`, {});
  let value: unknown;
  try {
    value = parse(text);
  } catch (cause) {
    throw new Failure(`${path} is no YAML: ${cause instanceof Error ? (cause.message.split("\n")[0] ?? "") : ""}`, { cause });
  }
  if (Value.Check(schema, value)) return value;
  const [first] = Value.Errors(schema, value);
  const expected = first && expectationOf(schema, first);
  const why = expected === undefined ? first?.message : `must be: ${expected}`;
  throw new Failure(`${path}: ${first ? `${first.instancePath || "/"} ${why}` : "is not of that form"}`, {
    hint: "Compare it with what `ebb export` writes.",
  });
}
