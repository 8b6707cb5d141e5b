import { randomBytes } from "node:crypto";
import { mkdir, open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { UserError } from "@ebb/base";

const KEY_BYTES = 32;

/**
 * The keys that Secrets are sealed with in the cluster's store, the newest first: EBB_CLUSTER_KEY, else the file that EBB_CLUSTER_KEY_FILE names,
 * else `ownPath`, which is made with a key of its own if it is not there. Taken out of the environment, which processes that are started later
 * have. Throws UserError `cluster_key_unreadable` or `cluster_key_invalid`.
 */
export async function takeClusterKeys(env: NodeJS.ProcessEnv, ownPath: string): Promise<readonly [Buffer, ...Buffer[]]> {
  const given = env["EBB_CLUSTER_KEY"];
  const path = env["EBB_CLUSTER_KEY_FILE"];
  delete env["EBB_CLUSTER_KEY"];
  if (given) return parse(given, "EBB_CLUSTER_KEY");
  if (path) return parse(await read(path), path);
  return parse((await readOwn(ownPath)) ?? (await make(ownPath)), ownPath);
}

async function readOwn(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw unreadable(path, error);
  }
}

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(path: string, cause: unknown): UserError {
  return new UserError("cluster_key_unreadable", `The key of the cluster's store cannot be read: ${path}`, {
    cause,
    hint: "It must belong to the user that Ebb runs as, with mode 0600.",
  });
}

/** Whole or not at all, also over a power cut: with the key all Secrets are lost. */
async function make(path: string): Promise<string> {
  const text = randomBytes(KEY_BYTES).toString("base64");
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const file = await open(`${path}.new`, "w", 0o600);
  try {
    await file.writeFile(`${text}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
  const folder = await open(dirname(path), "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
  return text;
}

/** One key a line, or separated by commas; base64 of 32 bytes. No part of it is ever in the message. */
function parse(text: string, from: string): readonly [Buffer, ...Buffer[]] {
  const [first, ...others] = text
    .split(/[\s,]+/)
    .filter((part) => part !== "")
    .map((part) => Buffer.from(part, "base64"));
  if (first && [first, ...others].every(({ length }) => length === KEY_BYTES)) return [first, ...others];
  throw new UserError("cluster_key_invalid", `The key of the cluster's store in ${from} is not base64 of ${KEY_BYTES} bytes`, {
    hint: "Make one with: head -c 32 /dev/urandom | base64. To change it, put the new one first and keep the old one behind a comma.",
  });
}
