import { randomBytes } from "node:crypto";
import { replaceFile } from "./files.ts";

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

/** For its owner alone, and durable when this resolves: with a lost key, all that it has sealed is lost. */
export function writeKeyFile(path: string, text: string): Promise<void> {
  return replaceFile(path, `${text}\n`, 0o600);
}
