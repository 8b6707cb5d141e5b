import { mkdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { KEY_BYTES, KEY_HINT, newKey, parseKeys, systemCode, UserError, writeKeyFile } from "@ebb/base";

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
  return parse(await read(ownPath, () => make(ownPath)), ownPath);
}

async function read(path: string, ifMissing?: () => Promise<string>): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (ifMissing && systemCode(error) === "ENOENT") return ifMissing();
    throw unreadable(path, error);
  }
}

function unreadable(path: string, cause: unknown): UserError {
  return new UserError("cluster_key_unreadable", `The key of the cluster's store cannot be read: ${path}`, {
    cause,
    hint: "It must belong to the user that Ebb runs as, with mode 0600.",
  });
}

async function make(path: string): Promise<string> {
  const text = newKey();
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeKeyFile(path, text);
  return text;
}

/** No part of the text is ever in the message. */
function parse(text: string, from: string): readonly [Buffer, ...Buffer[]] {
  const keys = parseKeys(text);
  if (keys) return keys;
  throw new UserError("cluster_key_invalid", `The key of the cluster's store in ${from} is not base64 of ${KEY_BYTES} bytes`, {
    hint: KEY_HINT,
  });
}
