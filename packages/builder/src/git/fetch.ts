import { chmod, chown, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "@ebb/base";
import { fault } from "../errors.ts";
import type { BuildLimits } from "../limits.ts";
import type { BuildProgress } from "../port.ts";
import { runCommand, withDeadline } from "../run/sandbox.ts";
import { requireTools } from "../run/toolchain.ts";
import type { Workplace } from "../workshop.ts";
import { ASKPASS_SCRIPT, gitEnvironment } from "./environment.ts";
import type { GitCommit, GitSource } from "./source.ts";
import { BRIDGE_SCRIPT, openSshBridge, type SshBridge } from "./ssh-bridge.ts";
import { gitFailure } from "./trouble.ts";
import { say } from "../words.ts";

const GIT = { name: "git", remedy: "`apt install git` on the machine that Ebb runs on." };
/** What POSIX counts `ulimit -f` in. */
const BLOCK = 512;
/** A branch's name may be one of these words' beginning; nothing that people wrote is part of a command's text. */
const FETCH = `ulimit -f "$EBB_GIT_BLOCKS" && git init -q --bare --template= repo &&
exec git -C repo fetch --progress --depth=1 --no-tags --no-recurse-submodules -- "$EBB_GIT_URL" "$EBB_GIT_REF"`;
/** Whatever the source says of its attributes, its archive has its files as they are. */
const PACK = `ulimit -f "$EBB_GIT_BLOCKS" && cd repo && mkdir -p info && echo '* !export-ignore !export-subst -text -filter' > info/attributes &&
git archive --format=tar.gz -o ../source.tgz "$EBB_GIT_TREE"`;
/** Lines: the commit, its author, its subject, what sort of thing is to be packed, and a word for each sort of thing that is elsewhere. */
const LOOK = `cd repo && git log -1 --no-show-signature --format='%H%n%an%n%s' 'FETCH_HEAD^{commit}' -- &&
{ git cat-file -t "$EBB_GIT_TREE" 2>/dev/null || echo none; } &&
if git cat-file -e 'FETCH_HEAD:.gitmodules' 2>/dev/null; then echo submodules; fi
if git grep -q 'filter=lfs' FETCH_HEAD -- '.gitattributes' '**/.gitattributes'; then echo lfs; fi`;

export interface FetchDeps {
  place: Workplace;
  clock: Clock;
  limits: Pick<BuildLimits, "fetchMilliseconds" | "unpackedBytes">;
  progress: BuildProgress;
  /** Awaited before anything is made of it: whoever begins anew can name it in `commit`. */
  fetched: (commit: GitCommit) => Promise<void>;
  signal: AbortSignal;
}

/**
 * Fetches one revision, without its history, as the build's own user, and packs its files: returns the path of a gzip-compressed tar, for
 * `unpack`. Everything but the archive is gone when it returns, credentials first. Throws the `git_…` codes of the catalogue, `tool_missing`, or the signal's reason.
 */
export async function fetchGit(deps: FetchDeps, source: GitSource): Promise<string> {
  const { place, limits, progress } = deps;
  await requireTools([GIT], place.path);
  progress.phase("clone", say("clone.fetching", { ref: source.ref || "HEAD", url: source.url }));
  const files = join(place.root, "git");
  await mkdir(files, { mode: 0o700 });
  if (place.user) await chown(files, place.user.uid, place.user.gid);
  const env = {
    ...gitEnvironment(source, files),
    EBB_GIT_FILES: files,
    EBB_GIT_URL: source.url,
    EBB_GIT_REF: source.commit ?? (source.ref || "HEAD"),
    EBB_GIT_TREE: `FETCH_HEAD^{commit}:${source.folder}`.replace(/:$/, ""),
    EBB_GIT_BLOCKS: String(Math.floor(limits.unpackedBytes / BLOCK)),
  };
  const { signal, done } = withDeadline(deps.signal, deps.clock, limits.fetchMilliseconds);
  const within = { ...deps, signal };
  try {
    const hostKey = await fetchInto(within, source, env);
    const commit = { ...(await lookAt(within, source, env)), ...(hostKey === undefined ? {} : { hostKey }) };
    await deps.fetched(commit);
    progress.log(`Commit ${commit.id} of ${commit.author}: ${commit.message}`);
    progress.phase("clone", `${commit.id.slice(0, 12)} ${commit.message}`);
    await command(within, PACK, env, (line) => progress.log(line));
    await rm(join(files, "repo"), { recursive: true, force: true });
    return join(files, "source.tgz");
  } catch (error) {
    throw gitFailure(error, source);
  } finally {
    done();
  }
}

async function fetchInto(deps: FetchDeps, source: GitSource, env: Record<string, string>): Promise<string | undefined> {
  const { place, progress } = deps;
  const { credential } = source;
  const overSsh = source.url.startsWith("ssh:");
  const bridge: SshBridge | undefined = overSsh ? await openSshBridge(source, place.user) : undefined;
  const secrets = credential?.kind === "token" && !overSsh ? { user: credential.user, secret: credential.secret } : {};
  const made: Record<string, string> = { ...secrets, ...(bridge ? { "bridge.mjs": BRIDGE_SCRIPT } : { askpass: ASKPASS_SCRIPT }) };
  const own = join(place.root, "git");
  try {
    for (const [name, text] of Object.entries(made)) {
      const path = join(own, name);
      await writeFile(path, text, { mode: 0o600 });
      if (name === "askpass") await chmod(path, 0o700);
      if (place.user) await chown(path, place.user.uid, place.user.gid);
    }
    const ssh = bridge
      ? { EBB_GIT_SOCKET: bridge.socket, GIT_SSH_COMMAND: `node '${join(own, "bridge.mjs").replaceAll("'", "'\\''")}'` }
      : {};
    await command(deps, FETCH, { ...env, ...ssh }, (line) => progress.log(line));
    const shown = bridge?.hostKey();
    return credential?.kind === "ssh" && credential.knownHosts === "" ? shown : undefined;
  } catch (error) {
    for (const line of bridge?.said ?? []) progress.log(line);
    throw gitFailure(error, source, bridge?.said);
  } finally {
    await bridge?.close();
    for (const name of Object.keys(made)) await rm(join(own, name), { force: true });
  }
}

async function lookAt(deps: FetchDeps, source: GitSource, env: Record<string, string>): Promise<GitCommit> {
  const { progress } = deps;
  const lines: string[] = [];
  await command(deps, LOOK, env, (line) => void lines.push(line));
  const [id = "", author = "", message = "", kind, ...elsewhere] = lines;
  if (source.folder !== "" && kind !== "tree")
    throw fault("git_folder_missing", `there is no folder ${source.folder} in ${source.url} at ${source.ref || "HEAD"}`);
  if (elsewhere.includes("submodules"))
    progress.log("Submodules are not fetched: their folders are empty. Ebb builds what is in the repository itself.");
  if (elsewhere.includes("lfs")) progress.log("Files in Git LFS are not fetched: what is built has their pointers in their place.");
  return { id, author, message };
}

async function command(
  { place, signal }: FetchDeps,
  line: string,
  env: Record<string, string>,
  log: (line: string) => void,
): Promise<void> {
  const { user, marker } = place;
  await runCommand({ line, folder: join(place.root, "git"), env: { ...place.env, ...env }, user, marker }, log, signal);
}
