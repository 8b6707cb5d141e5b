import { BugError, KEY_BYTES, KEY_HINT, newKey, parseKeys, readIfThere, UserError, writeKeyFile } from "@ebb/base";
import { createHash } from "node:crypto";

/** Where the master key is: what an operator gives (a secret store's file, an environment variable), or a file that Ebb makes and keeps. */
export type MasterKeySource = { kind: "given"; from: string; text: string } | { kind: "file"; path: string };

export interface MasterKey {
  /** Names it where it was used; tells nothing of it. */
  id: string;
  key: Buffer;
}

/** The first wraps; the others are of before, and unwrap what is not wrapped anew yet. */
export type MasterKeys = readonly [MasterKey, ...MasterKey[]];

const ID_DIGITS = 16;

/** Throws UserError `master_key_invalid` and `master_key_unreadable`. */
export async function loadMasterKeys(source: MasterKeySource): Promise<MasterKeys> {
  if (source.kind === "given") return parse(source.text, source.from);
  const text = await readIfThere(source.path).catch((cause: unknown) => {
    throw new UserError("master_key_unreadable", `The master key cannot be read: ${source.path}`, {
      cause,
      hint: "It must belong to the user that Ebb runs as, with mode 0600.",
    });
  });
  if (text !== undefined) return parse(text, source.path);
  const made = newKey();
  await writeKeyFile(source.path, made);
  return parse(made, source.path);
}

/** A new key before those of now, durable when this resolves. */
export async function addMasterKey(path: string, present: MasterKeys): Promise<MasterKeys> {
  const text = [newKey(), ...present.map(({ key }) => key.toString("base64"))].join("\n");
  await writeKeyFile(path, text);
  return parse(text, path);
}

/** Only the first stays: call it once nothing is wrapped by the others. */
export async function retireMasterKeys(path: string, present: MasterKeys): Promise<MasterKeys> {
  await writeKeyFile(path, present[0].key.toString("base64"));
  return [present[0]];
}

/** No part of the text is ever in the message. */
function parse(text: string, from: string): MasterKeys {
  const keys = parseKeys(text);
  if (!keys) throw new UserError("master_key_invalid", `The master key of ${from} is not base64 of ${KEY_BYTES} bytes`, { hint: KEY_HINT });
  const [first, ...others] = keys;
  return [named(first), ...others.map(named)];
}

function named(key: Buffer): MasterKey {
  return { id: createHash("sha256").update("ebb master key").update(key).digest("hex").slice(0, ID_DIGITS), key };
}

/** Throws BugError for a name that no key has: the vault has checked them at its start. */
export function masterKeyOf(keys: MasterKeys, id: string): MasterKey {
  const found = keys.find((key) => key.id === id);
  if (!found) throw new BugError("master_key_unknown", `no master key ${id} was given`);
  return found;
}
