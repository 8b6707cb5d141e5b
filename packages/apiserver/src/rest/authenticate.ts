import { createHash, timingSafeEqual } from "node:crypto";
import { StatusError } from "@ebb/kube";
import type { User } from "../registry/request-context.ts";

export interface Token {
  token: string;
  user: User;
}

/** Finds the user of an `Authorization` header. Throws Unauthorized. */
export type Authenticate = (header: string | undefined) => User;

/** Bearer tokens, compared in constant time by their digests: neither the length nor a common beginning shows in the time taken. */
export function createAuthenticator(tokens: readonly Token[]): Authenticate {
  const known = tokens.map(({ token, user }) => ({ digest: digestOf(token), user: withSystemGroup(user) }));
  return (header) => {
    const [, token] = /^Bearer ([\w\-.~+/]{1,1024}=*)$/i.exec(header ?? "") ?? [];
    const digest = digestOf(token ?? "");
    let found: User | undefined;
    // Every token is compared, whichever fits.
    for (const candidate of known) if (timingSafeEqual(candidate.digest, digest)) found ??= candidate.user;
    if (!token || !found) throw new StatusError("Unauthorized", "Unauthorized");
    return found;
  };
}

function digestOf(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}

function withSystemGroup(user: User): User {
  return { ...user, groups: [...new Set([...user.groups, "system:authenticated"])] };
}
