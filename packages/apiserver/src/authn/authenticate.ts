import type { Socket } from "node:net";
import type { Clock } from "@ebb/base";
import { StatusError } from "@ebb/kube";
import type { AccountTokens } from "../accounts/account-tokens.ts";
import { ANONYMOUS, AUTHENTICATED, UNAUTHENTICATED } from "../authz/users.ts";
import type { User } from "../registry/request-context.ts";
import { certificateUser, showsCertificate } from "./client-certificate.ts";

const BEARER = /^Bearer +([\w\-.~+/]{1,16384}=*) *$/i;

export interface AuthenticateDeps {
  staticTokens: (token: string) => User | undefined;
  accounts: AccountTokens;
  clock: Clock;
}
export interface Credentials {
  authorization: string | undefined;
  socket: Socket;
}

/**
 * Who asks: by client certificate, by a token of the configuration, or by one of a ServiceAccount. Without any credentials it is
 * `system:anonymous`, as on Kubernetes; credentials that are not good are refused. Throws Unauthorized.
 */
export async function authenticate({ authorization, socket }: Credentials, deps: AuthenticateDeps): Promise<User> {
  const certified = certificateUser(socket, deps.clock.now());
  if (certified) return known(certified);
  if (authorization === undefined && !showsCertificate(socket)) return { name: ANONYMOUS, groups: [UNAUTHENTICATED] };
  const [, token] = BEARER.exec(authorization ?? "") ?? [];
  const found = token === undefined ? undefined : (configuredUser(socket, token, deps) ?? (await reviewed(token, deps)));
  if (!found) throw new StatusError("Unauthorized", "Unauthorized");
  return found;
}

/** The last token of a connection that was found: nearly all of its requests show the same, which is then not hashed anew. */
const shown = new WeakMap<Socket, { token: string; user: User }>();

/** One of the configuration, which holds as long as this process. */
function configuredUser(socket: Socket, token: string, { staticTokens }: AuthenticateDeps): User | undefined {
  const last = shown.get(socket);
  if (last?.token === token) return last.user;
  const configured = staticTokens(token);
  if (!configured) return undefined;
  const user = known(configured);
  shown.set(socket, { token, user });
  return user;
}

/** The user of a bearer token for this API; undefined if it is none, or none any more. */
export async function userOfToken(token: string, { staticTokens, accounts }: Omit<AuthenticateDeps, "clock">): Promise<User | undefined> {
  const configured = staticTokens(token);
  return configured ? known(configured) : reviewed(token, { accounts });
}

async function reviewed(token: string, { accounts }: Pick<AuthenticateDeps, "accounts">): Promise<User | undefined> {
  const review = await accounts.review(token);
  return review && known(review.user);
}

function known(user: User): User {
  return user.groups.includes(AUTHENTICATED) ? user : { ...user, groups: [...user.groups, AUTHENTICATED] };
}
