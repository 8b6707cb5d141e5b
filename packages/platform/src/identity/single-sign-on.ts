import { createHash, timingSafeEqual } from "node:crypto";
import { causeChain, type Clock, type Logger, type Random } from "@ebb/base";
import type * as oidc from "openid-client";
import { record } from "../audit/store.ts";
import type { Database } from "../database/database.ts";
import { refuse } from "../errors.ts";
import { putCode, takeCode } from "./codes.ts";
import { rolesFromGroups, userNameFrom } from "./groups.ts";
import { syncMembers } from "./members.ts";
import { isLoopback, type SingleSignOnConfig } from "./sign-in-config.ts";
import { createUser, findUser, type UserRow } from "./users.ts";

const LIFETIME = 10 * 60_000;
const TIMEOUT_SECONDS = 10;
const USER_ID_LENGTH = 12;
/** Names that are tried for a user whose own is somebody else's here. */
const MOST_NAMES = 20;

interface Attempt {
  verifier: string;
  nonce: string;
  returnTo: string;
  /** SHA-256 of the cookie of the browser that began: nobody can be made to end what another began. */
  browser: string;
}

export interface SingleSignOnOptions {
  database: Database;
  clock: Clock;
  random: Random;
  log: Logger;
  config: SingleSignOnConfig;
}

/** Loaded by the first who signs in this way. */
const library = () => import("openid-client");
const digest = (text: string) => createHash("sha256").update(text).digest();

/** OpenID Connect: the authorization code flow with PKCE, state and nonce; discovery, keys and checks are openid-client's. */
export class SingleSignOn {
  readonly label: string;
  readonly #options: SingleSignOnOptions;
  #provider: oidc.Configuration | undefined;

  constructor(options: SingleSignOnOptions) {
    this.#options = options;
    this.label = options.config.label ?? new URL(options.config.issuer).host;
  }

  /** Where to send the browser. Throws `identity_provider_unavailable`. */
  async start(redirectUri: string, returnTo: string): Promise<{ url: string; cookie: string }> {
    const { database, clock, random, config } = this.#options;
    const oidc = await library();
    const provider = await this.#discover();
    const [state, cookie] = [random.token(), random.token()];
    const verifier = oidc.randomPKCECodeVerifier();
    const nonce = oidc.randomNonce();
    const attempt: Attempt = { verifier, nonce, returnTo, browser: digest(cookie).toString("hex") };
    await putCode(database, state, { kind: "oidc", userId: "", state: attempt, expiresAt: clock.now() + LIFETIME });
    const url = oidc.buildAuthorizationUrl(provider, {
      redirect_uri: redirectUri,
      scope: (config.scopes ?? ["openid", "profile", "email"]).join(" "),
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
      state,
      nonce,
    });
    return { url: url.href, cookie };
  }

  /** Who has come back from the provider. Throws `single_sign_on_failed`. */
  async finish(callback: URL, cookie: string): Promise<{ user: UserRow; returnTo: string }> {
    const { database, clock } = this.#options;
    const state = callback.searchParams.get("state") ?? "";
    const found = await takeCode<Attempt>(database, state, "oidc", clock.now());
    if (!found || !timingSafeEqual(digest(cookie), Buffer.from(found.state.browser, "hex"))) {
      throw failed("This sign-in was not begun in this browser, or more than ten minutes ago");
    }
    const { verifier, nonce, returnTo } = found.state;
    const claims = await this.#claims(callback, { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce });
    return { user: await this.#userOf(claims), returnTo };
  }

  async #claims(callback: URL, checks: oidc.AuthorizationCodeGrantChecks): Promise<Record<string, unknown> & { iss: string; sub: string }> {
    const { log, config } = this.#options;
    const oidc = await library();
    try {
      const provider = await this.#discover();
      const tokens = await oidc.authorizationCodeGrant(provider, callback, { ...checks, idTokenExpected: true });
      const claims = tokens.claims();
      if (!claims) throw new Error("the provider gave no ID token");
      if (claims[config.groupsClaim ?? "groups"] !== undefined || provider.serverMetadata().userinfo_endpoint === undefined) return claims;
      // Some providers keep ID tokens small and tell groups only here; the subject is checked to be the same.
      return { ...(await oidc.fetchUserInfo(provider, tokens.access_token, claims.sub)), ...claims };
    } catch (error) {
      // Its words may tell of the client's configuration: for the log, not for whoever stands at the door.
      log.warn({ causes: causeChain(error) }, "single sign-on failed");
      throw failed("The identity provider did not confirm who you are", error);
    }
  }

  async #discover(): Promise<oidc.Configuration> {
    const { config, log } = this.#options;
    const oidc = await library();
    const issuer = new URL(config.issuer);
    const insecure = issuer.protocol === "http:" && isLoopback(issuer.hostname);
    try {
      return (this.#provider ??= await oidc.discovery(issuer, config.clientId, config.clientSecret, undefined, {
        timeout: TIMEOUT_SECONDS,
        ...(insecure ? { execute: [oidc.allowInsecureRequests] } : {}),
      }));
    } catch (error) {
      log.warn({ causes: causeChain(error) }, "the identity provider cannot be reached");
      throw refuse("identity_provider_unavailable", "The identity provider does not answer", {
        hint: "Try again in a moment.",
        cause: error,
      });
    }
  }

  /** By issuer and subject, never by a name or an address of e-mail, which a provider may give to somebody else. */
  async #userOf(claims: Record<string, unknown> & { iss: string; sub: string }): Promise<UserRow> {
    const { database, clock, config } = this.#options;
    const user = (await this.#find(claims)) ?? (await this.#create(claims));
    if (user.disabled === 1) throw failed("This user is disabled");
    const { roles, platformAdmin } = rolesFromGroups(config.roles ?? [], claims[config.groupsClaim ?? "groups"]);
    await syncMembers(database, clock.now(), user, roles);
    if (platformAdmin !== undefined && platformAdmin !== (user.platform_admin === 1)) await this.#setAdmin(user, platformAdmin);
    return user;
  }

  #find({ iss, sub }: { iss: string; sub: string }): Promise<UserRow | undefined> {
    const { database } = this.#options;
    return database.selectFrom("users").selectAll().where("oidc_issuer", "=", iss).where("oidc_subject", "=", sub).executeTakeFirst();
  }

  async #create(claims: Record<string, unknown> & { iss: string; sub: string }): Promise<UserRow> {
    const { database, clock, random } = this.#options;
    const wanted = userNameFrom(claims);
    for (let n = 1; n <= MOST_NAMES; n++) {
      const name = n === 1 ? wanted : `${wanted}-${n}`;
      if (await findUser(database, name)) continue;
      const text = (claim: string) => (typeof claims[claim] === "string" ? claims[claim].slice(0, 256) : "");
      const user = { id: random.suffix(USER_ID_LENGTH), name, displayName: text("name"), email: text("email"), platformAdmin: false };
      return createUser(database, clock.now(), { ...user, oidc: { issuer: claims.iss, subject: claims.sub } });
    }
    throw failed(`The name ${wanted} is taken here`);
  }

  async #setAdmin(user: UserRow, platformAdmin: boolean): Promise<void> {
    const { database, clock } = this.#options;
    await database.transaction().execute(async (transaction) => {
      const value = platformAdmin ? 1 : 0;
      await transaction.updateTable("users").set({ platform_admin: value, updated_at: clock.now() }).where("id", "=", user.id).execute();
      const change = { before: { platformAdmin: !platformAdmin }, after: { platformAdmin } };
      await record(transaction, clock.now(), { action: "user.changed", object: `user/${user.name}`, ...change });
    });
  }
}

function failed(message: string, cause?: unknown) {
  const hint = "Sign in again from the console; if that does not help, ask an administrator.";
  return refuse("single_sign_on_failed", message, { hint, ...(cause === undefined ? {} : { cause }) });
}
