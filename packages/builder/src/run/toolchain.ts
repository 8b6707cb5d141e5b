import { constants } from "node:fs";
import { access, copyFile, cp, link, mkdir, open, realpath, rename, rm, stat, symlink } from "node:fs/promises";
import { basename, delimiter, dirname, join } from "node:path";
import { systemCode } from "@ebb/base";
import { fault } from "../errors.ts";
import type { Tool } from "../detect/detected.ts";

const MOST_TEXT = 1024 * 1024;
const SYSTEM_PATH = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/go/bin"];
/**
 * What builds see of Ebb's own environment: where packages come from and how to get there. Everything else (tokens, keys, paths) stays out.
 */
const PASSED = [
  /^(?:https?|no|all)_proxy$/i,
  /^NODE_EXTRA_CA_CERTS$|^SSL_CERT_(?:FILE|DIR)$|^REQUESTS_CA_BUNDLE$|^CURL_CA_BUNDLE$|^GIT_SSL_CAINFO$|^CARGO_HTTP_CAINFO$/,
  /^npm_config_(?:registry|cafile|proxy|https_proxy|noproxy|nodedir)$/i,
  /^PIP_(?:INDEX_URL|EXTRA_INDEX_URL|FIND_LINKS|NO_INDEX|CERT|DEFAULT_TIMEOUT|TRUSTED_HOST)$/,
  /^GO(?:PROXY|NOPROXY|SUMDB|NOSUMDB|PRIVATE|FLAGS)$/,
  /^LANG$|^LC_ALL$|^TZ$/,
];

export function passedEnvironment(env: NodeJS.ProcessEnv): Record<string, string> {
  const entries = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.fromEntries(entries.filter(([name]) => PASSED.some((pattern) => pattern.test(name))));
}

/** The PATH of builds; when they run as another user, only with folders that this user can get to. */
export async function searchPath(own: string, bin: string, unprivileged: boolean): Promise<string> {
  const folders = [...new Set([...own.split(delimiter).filter((folder) => folder.startsWith("/")), ...SYSTEM_PATH])];
  const usable = unprivileged ? await Promise.all(folders.map(reachableByOthers)) : folders.map(() => true);
  return [bin, ...folders.filter((_folder, index) => usable[index])].join(delimiter);
}

/** Whether every other user can pass through to `path` and read or run it. */
async function reachableByOthers(path: string): Promise<boolean> {
  try {
    let at = await realpath(path);
    if (((await stat(at)).mode & 0o005) !== 0o005) return false;
    while (at !== dirname(at)) {
      at = dirname(at);
      if (((await stat(at)).mode & 0o001) === 0) return false;
    }
    return true;
  } catch {
    return false;
  }
}

/**
 * A folder with `node` for the PATH of builds, so that they use the pinned one and can reach it: Ebb may be installed in a home folder that
 * is closed to others.
 */
export async function prepareBin(bin: string, node: string, ownPath: string): Promise<void> {
  await rm(bin, { recursive: true, force: true });
  await mkdir(bin, { recursive: true, mode: 0o755 });
  const fresh = join(bin, ".node");
  if (await reachableByOthers(node)) await symlink(node, fresh);
  else await shareFile(await realpath(node), fresh);
  await rename(fresh, join(bin, "node"));
  await shareNpm(bin, ownPath);
}

/** npm of a version manager in root's home is copied too. */
async function shareNpm(bin: string, ownPath: string): Promise<void> {
  const found = await findProgram("npm", ownPath);
  if (found === undefined || (await reachableByOthers(found))) return;
  const script = await realpath(found);
  const folder = dirname(dirname(script));
  if (basename(folder) !== "npm") return;
  await cp(folder, join(bin, ".npm"), { recursive: true, mode: constants.COPYFILE_FICLONE });
  for (const name of ["npm", "npx"]) await symlink(`.npm/bin/${name}-cli.js`, join(bin, name));
}

/** Another name for the same file where that is possible: Node.js is more than 100 MB. */
async function shareFile(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch {
    await copyFile(from, to, constants.COPYFILE_FICLONE);
  }
}

/** The machine's own settings of npm (a company's registry, say): npm looks for them beside its Node.js, which here is another than the machine's. */
export async function machineNpmrc(path: string): Promise<string | undefined> {
  const npm = await findProgram("npm", path);
  const settings = npm === undefined ? undefined : join(dirname(dirname(npm)), "etc/npmrc");
  return settings !== undefined && (await reachableFile(settings)) ? settings : undefined;
}

async function reachableFile(path: string): Promise<boolean> {
  return access(path, constants.R_OK).then(
    () => true,
    () => false,
  );
}

/** Throws UserError `tool_missing` for the first of `tools` that is in none of the PATH's folders. */
export async function requireTools(tools: readonly Tool[], path: string): Promise<void> {
  for (const tool of tools) {
    if ((await findProgram(tool.name, path)) === undefined) {
      throw fault("tool_missing", `the build needs ${tool.name}, which is not on this machine`, { hint: tool.remedy });
    }
  }
}

async function findProgram(name: string, path: string): Promise<string | undefined> {
  for (const folder of path.split(delimiter)) {
    const candidate = join(folder, name);
    if (
      await access(candidate, constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return candidate;
  }
  return undefined;
}

/** A small text file of the source, for detection: no more than 1 MiB of it, never through a link. */
export async function readText(path: string): Promise<string | undefined> {
  try {
    const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      if (!(await handle.stat()).isFile()) return undefined;
      const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(MOST_TEXT), length: MOST_TEXT, position: 0 });
      return buffer.toString("utf8", 0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "EISDIR", "ELOOP"].includes(systemCode(error) ?? "")) return undefined;
    throw error;
  }
}
