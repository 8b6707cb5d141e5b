import type { IncomingMessage } from "node:http";
import type { Clock } from "@ebb/base";
import type { AccountTokens } from "./accounts/account-tokens.ts";
import { authenticate, userOfToken } from "./authn/authenticate.ts";
import { createStaticTokens, type Token } from "./authn/static-tokens.ts";
import type { Authorize } from "./authz/attributes.ts";
import { createAuthorizer } from "./authz/authorizer.ts";
import { denial } from "./authz/denial.ts";
import { Grants } from "./authz/grants.ts";
import { impersonated } from "./authz/impersonate.ts";
import { attributesOf } from "./authz/request-attributes.ts";
import type { User } from "./registry/request-context.ts";
import type { ReviewDeps } from "./rest/serve-reviews.ts";
import type { Store } from "./store/store.ts";

export interface SecurityOptions {
  store: Store;
  tokens: readonly Token[];
  accounts: AccountTokens;
  clock: Clock;
}

/** Who a request is from, and whether they may: every request over the wire goes through here. */
export class Security {
  readonly grants: Grants;
  readonly authorize: Authorize;
  readonly #deps: { staticTokens: (token: string) => User | undefined; accounts: AccountTokens; clock: Clock };

  constructor({ store, tokens, accounts, clock }: SecurityOptions) {
    this.grants = new Grants(store);
    this.authorize = createAuthorizer(this.grants);
    this.#deps = { staticTokens: createStaticTokens(tokens), accounts, clock };
  }

  /** The user, after impersonation, if they may do what the request line says. Throws Unauthorized, Forbidden or BadRequest. */
  async admit(request: IncomingMessage, line: { method: string; path: readonly string[]; query: URLSearchParams }): Promise<User> {
    const { headers, socket } = request;
    const real = await authenticate({ authorization: headers.authorization, socket }, this.#deps);
    const user = impersonated(real, request, this.authorize);
    const attributes = attributesOf({ ...line, user });
    if (!this.authorize(attributes).allowed) throw denial(attributes);
    return user;
  }

  reviews(): ReviewDeps {
    const { accounts } = this.#deps;
    return { authorize: this.authorize, grants: this.grants, accounts, userOfToken: (token) => userOfToken(token, this.#deps) };
  }

  close(): void {
    this.grants.close();
  }
}
