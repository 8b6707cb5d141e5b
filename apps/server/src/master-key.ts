import { readFile } from "node:fs/promises";
import { UserError } from "@ebb/base";
import type { MasterKeySource } from "@ebb/platform";

/**
 * The master key that an operator gives: EBB_MASTER_KEY, or the file that EBB_MASTER_KEY_FILE names; undefined: Ebb keeps its own. Taken out of
 * the environment, which processes that are started later have. Throws UserError `master_key_unreadable`.
 */
export async function takeMasterKey(env: NodeJS.ProcessEnv): Promise<MasterKeySource | undefined> {
  const text = env["EBB_MASTER_KEY"];
  const path = env["EBB_MASTER_KEY_FILE"];
  delete env["EBB_MASTER_KEY"];
  if (text) return { kind: "given", from: "EBB_MASTER_KEY", text };
  if (!path) return undefined;
  try {
    return { kind: "given", from: path, text: await readFile(path, "utf8") };
  } catch (cause) {
    throw new UserError("master_key_unreadable", `The master key cannot be read: ${path}`, {
      cause,
      hint: "It is named by EBB_MASTER_KEY_FILE.",
    });
  }
}
