import { BugError, UserError } from "@ebb/base";
import { createHash, randomBytes } from "node:crypto";
import { open as openFile, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { KEY_BYTES } from "./envelope.ts";

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
  let text: string;
  try {
    text = await readFile(source.path, "utf8");
  } catch (cause) {
    if (!(cause instanceof Error && "code" in cause && cause.code === "ENOENT")) {
      throw new UserError("master_key_unreadable", `The master key cannot be read: ${source.path}`, {
        cause,
        hint: "It must belong to the user that Ebb runs as, with mode 0600.",
      });
    }
    text = newKey();
    await writeKeys(source.path, text);
  }
  return parse(text, source.path);
}

/** A new key before those of now, durable when this resolves. */
export async function addMasterKey(path: string, present: MasterKeys): Promise<MasterKeys> {
  const text = [newKey(), ...present.map(({ key }) => key.toString("base64"))].join("\n");
  await writeKeys(path, text);
  return parse(text, path);
}

/** Only the first stays: call it once nothing is wrapped by the others. */
export async function retireMasterKeys(path: string, present: MasterKeys): Promise<MasterKeys> {
  await writeKeys(path, present[0].key.toString("base64"));
  return [present[0]];
}

function newKey(): string {
  return randomBytes(KEY_BYTES).toString("base64");
}

/** One key a line, or separated by commas; base64 of 32 bytes. No part of it is ever in the message. */
function parse(text: string, from: string): MasterKeys {
  const keys = text
    .split(/[\s,]+/)
    .filter((part) => part !== "")
    .map((part) => Buffer.from(part, "base64"));
  const [first, ...others] = keys.map((key): MasterKey => ({
    id: createHash("sha256").update("ebb master key").update(key).digest("hex").slice(0, ID_DIGITS),
    key,
  }));
  if (!first || keys.some((key) => key.length !== KEY_BYTES)) {
    throw new UserError("master_key_invalid", `The master key of ${from} is not base64 of ${KEY_BYTES} bytes`, {
      hint: "Make one with: head -c 32 /dev/urandom | base64. To change it, put the new one first and keep the old one behind a comma.",
    });
  }
  return [first, ...others];
}

/** Whole or not at all, also over a power cut: a lost key is every secret lost. */
async function writeKeys(path: string, text: string): Promise<void> {
  const temporary = `${path}.new`;
  const file = await openFile(temporary, "w", 0o600);
  try {
    await file.chmod(0o600);
    await file.writeFile(`${text}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  const folder = await openFile(dirname(path), "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Throws BugError for a name that no key has: the vault has checked them at its start. */
export function masterKeyOf(keys: MasterKeys, id: string): MasterKey {
  const found = keys.find((key) => key.id === id);
  if (!found) throw new BugError("master_key_unknown", `no master key ${id} was given`);
  return found;
}
