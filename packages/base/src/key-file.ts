import { randomBytes } from "node:crypto";
import { open, rename } from "node:fs/promises";
import { dirname } from "node:path";

/** Of AES-256. */
export const KEY_BYTES = 32;

/** A new key as it is written: base64. */
export function newKey(): string {
  return randomBytes(KEY_BYTES).toString("base64");
}

/** One key a line, or separated by commas, the newest first; undefined if there is none, or one that is not base64 of 32 bytes. */
export function parseKeys(text: string): readonly [Buffer, ...Buffer[]] | undefined {
  const [first, ...others] = text
    .split(/[\s,]+/)
    .filter((part) => part !== "")
    .map((part) => Buffer.from(part, "base64"));
  return first && [first, ...others].every(({ length }) => length === KEY_BYTES) ? [first, ...others] : undefined;
}

/** What to do about keys that cannot be parsed. */
export const KEY_HINT =
  "Make one with: head -c 32 /dev/urandom | base64. To change it, put the new one first and keep the old one behind a comma.";

/** Whole or not at all, also over a power cut: with a lost key, all that it has sealed is lost. For its owner alone, whatever was there. */
export async function writeKeyFile(path: string, text: string): Promise<void> {
  const temporary = `${path}.new`;
  const file = await open(temporary, "w", 0o600);
  try {
    await file.chmod(0o600);
    await file.writeFile(`${text}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  const folder = await open(dirname(path), "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
