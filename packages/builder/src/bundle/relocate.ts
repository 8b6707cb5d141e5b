import { lstat, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { systemCode } from "@ebb/base";

const MOST_SCRIPT = 256 * 1024;

/**
 * Makes a Python virtual environment in `folder`/.venv independent of where it was made, as the bundle is run from another place: scripts find
 * the interpreter beside themselves, and what holds paths or times of the build goes, so that the same source gives the same bundle.
 * Runs as the owner of the data folder over files of the build: links are never followed.
 */
export async function relocateVenv(folder: string): Promise<void> {
  const venv = join(folder, ".venv");
  const config = join(venv, "pyvenv.cfg");
  const settings = await plainText(config);
  if (settings === undefined || !(await isFolder(venv))) return;
  await replace(config, settings.replace(/^command = .*\n?/gm, ""));
  const bin = join(venv, "bin");
  for (const name of (await isFolder(bin)) ? await readdir(bin) : []) {
    const path = join(bin, name);
    // They set paths of the build for an interactive shell.
    if (/^[Aa]ctivate/.test(name)) await rm(path, { recursive: true, force: true });
    else await relocateScript(path, venv);
  }
  const lib = join(venv, "lib");
  for (const version of (await isFolder(lib)) ? await readdir(lib) : []) {
    if (await isFolder(join(lib, version))) await tidyRecords(join(lib, version, "site-packages"));
  }
}

/** `#!/old/place/.venv/bin/python` becomes a line that both sh and Python read (as virtualenv and uv write for relocatable ones). */
async function relocateScript(path: string, venv: string): Promise<void> {
  const text = await plainText(path);
  const line = text === undefined ? undefined : /^#!\s*(\S+)[^\n]*\n/.exec(text);
  if (text === undefined || !line || !(line[1] ?? "").startsWith(`${venv}/bin/python`)) return;
  const head = `#!/bin/sh\n'''exec' "$(dirname -- "$(realpath -- "$0")")/python" "$0" "$@"\n' '''\n`;
  await replace(path, `${head}${text.slice(line[0].length)}`);
}

/** RECORD lists hashes of scripts (with the old first line) and of byte code; nothing reads those lines but `pip uninstall`. */
async function tidyRecords(packages: string): Promise<void> {
  if (!(await isFolder(packages))) return;
  for (const name of await readdir(packages)) {
    if (!name.endsWith(".dist-info") || !(await isFolder(join(packages, name)))) continue;
    await rm(join(packages, name, "direct_url.json"), { force: true });
    const record = join(packages, name, "RECORD");
    const text = await plainText(record, 16 * MOST_SCRIPT);
    const kept = text?.split("\n").filter((line) => !/^(?:\.\.\/)+bin\/|\.pyc,|direct_url\.json,/.test(line));
    if (kept !== undefined) await replace(record, kept.join("\n"));
  }
}

async function isFolder(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined))?.isDirectory() === true;
}

async function plainText(path: string, most = MOST_SCRIPT): Promise<string | undefined> {
  try {
    const status = await lstat(path);
    return status.isFile() && status.size <= most ? await readFile(path, "utf8") : undefined;
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(systemCode(error) ?? "")) return undefined;
    throw error;
  }
}

/** As a new file: the old one may have a second name (a hard link) somewhere else. */
async function replace(path: string, text: string): Promise<void> {
  const { mode } = await lstat(path);
  await rm(path);
  await writeFile(path, text, { flag: "wx", mode: mode & 0o777 });
}
