import { access, constants, stat, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { humanBytes } from "../../output/durations.ts";
import { ok, type Check, type Examination, type Finding } from "../finding.ts";

/** Below this the server refuses to start (apps/server/src/data-folder.ts). */
const LEAST_FREE_BYTES = 256 * 1024 * 1024;
/** Room for a few builds with their dependencies. */
const COMFORTABLE_FREE_BYTES = 2 * 1024 * 1024 * 1024;

export const checkDataFolder: Check = async (examination) => {
  const existing = await nearestExisting(examination.dataFolder);
  return [await checkWritable(examination, existing), await checkReachable(examination, existing), await checkSpace(existing)].filter(
    (finding) => finding !== undefined,
  );
};

async function checkWritable({ dataFolder }: Examination, existing: string): Promise<Finding> {
  const id = "data-folder";
  const title = "Data folder";
  try {
    if (!(await stat(existing)).isDirectory()) throw new Error(`${existing} is not a folder`);
    await access(existing, constants.W_OK | constants.X_OK);
    return ok(id, title, existing === dataFolder ? dataFolder : `${dataFolder} (will be made)`);
  } catch (error) {
    return {
      id,
      title,
      level: "problem",
      found: `${dataFolder}: ${error instanceof Error ? error.message : "cannot be written"}`,
      meaning: "Ebb keeps applications, versions and its databases there.",
      remedy: "Choose another with --data DIR or EBB_DATA, or give this user the right to write there.",
    };
  }
}

/** As root, instances run as another user: each folder above theirs must let them pass. */
async function checkReachable({ dataFolder, host }: Examination, existing: string): Promise<Finding | undefined> {
  if (host.uid !== 0) return undefined;
  for (let folder = existing; folder !== dirname(folder); folder = dirname(folder)) {
    // The data folder's own mode is set by the server.
    if (folder === dataFolder) continue;
    const mode = (await stat(folder).catch(() => undefined))?.mode ?? 0;
    if ((mode & 0o001) !== 0) continue;
    return {
      id: "data-folder-path",
      title: "Path to the data folder",
      level: "warning",
      found: `${folder} is closed to other users`,
      meaning: "Instances run as an unprivileged user, who cannot get to their own files.",
      remedy: `chmod o+x ${folder}, or choose another data folder with --data DIR.`,
    };
  }
  return undefined;
}

async function checkSpace(existing: string): Promise<Finding> {
  const { bavail, bsize, ffree, files } = await statfs(existing);
  const free = bavail * bsize;
  const found = `${humanBytes(free)} free at ${existing}`;
  if (files > 0 && ffree === 0) {
    return {
      id: "disk",
      title: "Disk space",
      level: "problem",
      found: "no inode is free",
      meaning: "No file can be made on this disk.",
      remedy: "Remove files, or move the data folder with --data DIR.",
    };
  }
  if (free >= COMFORTABLE_FREE_BYTES) return ok("disk", "Disk space", found);
  return {
    id: "disk",
    title: "Disk space",
    level: free < LEAST_FREE_BYTES ? "problem" : "warning",
    found,
    meaning:
      free < LEAST_FREE_BYTES
        ? `Ebb does not start with less than ${humanBytes(LEAST_FREE_BYTES)}.`
        : "A build with many dependencies may fill it.",
    remedy: "Free some space, or move the data folder with --data DIR.",
  };
}

async function nearestExisting(path: string): Promise<string> {
  for (let at = path; ; at = dirname(at)) {
    const there = await stat(at).then(
      () => true,
      () => false,
    );
    if (there || at === dirname(at)) return at;
  }
}
