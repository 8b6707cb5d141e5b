import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from "node:crypto";
import { KEY_BYTES } from "@ebb/base";

/** What NIST SP 800-38D wants of GCM: 96 random bits, good for 2^32 values under one key. */
const IV_BYTES = 12;
const TAG_BYTES = 16;
/** Of 64: enough to tell values apart, too few to be worth a table even with the key. */
const PRINT_DIGITS = 16;

/**
 * AES-256-GCM; the result is base64url of nonce, ciphertext and tag. `identity` names what the value belongs to (as associated data): a
 * ciphertext that somebody copies to another row does not open there.
 */
export function seal(key: Buffer, identity: readonly string[], value: Buffer): string {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv("aes-256-gcm", key, iv, { authTagLength: TAG_BYTES });
  cipher.setAAD(associated(identity));
  return Buffer.concat([iv, cipher.update(value), cipher.final(), cipher.getAuthTag()]).toString("base64url");
}

/** Throws when key, identity or a bit of the text is another one than it was sealed with. */
export function open(key: Buffer, identity: readonly string[], sealed: string): Buffer {
  const bytes = Buffer.from(sealed, "base64url");
  const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAAD(associated(identity));
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
  return Buffer.concat([decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()]);
}

/** The same for the same value under the same key, and nothing that the value could be found by without the key. */
export function printOf(key: Buffer, value: string): string {
  const derived = Buffer.from(hkdfSync("sha256", key, "", "ebb print", KEY_BYTES));
  return createHmac("sha256", derived).update(value).digest("hex").slice(0, PRINT_DIGITS);
}

/** Unambiguous: `["a", "bc"]` is not `["ab", "c"]`. */
function associated(identity: readonly string[]): Buffer {
  return Buffer.from(JSON.stringify(identity));
}
