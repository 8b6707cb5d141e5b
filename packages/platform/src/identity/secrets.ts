import { createHash } from "node:crypto";

/** How a bearer secret is stored and found: it has 256 random bits, so that a fast hash without salt is enough. */
export function secretHash(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}
