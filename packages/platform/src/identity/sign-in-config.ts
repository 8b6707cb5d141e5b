import { UserError } from "@ebb/base";
import { Type, type Static } from "typebox";
import { Value } from "typebox/value";

const object = <T extends Parameters<typeof Type.Object>[0]>(properties: T) => Type.Object(properties, { additionalProperties: false });
const Name = Type.String({ minLength: 1, maxLength: 256 });
const Role = Type.Union([Type.Literal("viewer"), Type.Literal("developer"), Type.Literal("releaser"), Type.Literal("admin")]);

/** A group of the identity provider's: what its members are in a team, or that they administer the platform. */
const GroupRole = Type.Union([object({ group: Name, team: Name, role: Role }), object({ group: Name, platformAdmin: Type.Literal(true) })]);
export type GroupRole = Static<typeof GroupRole>;

const SingleSignOn = object({
  /** On the button. */
  label: Type.Optional(Name),
  /** Its `/.well-known/openid-configuration` says the rest. */
  issuer: Type.String({ pattern: "^https?://[^\\s]+$" }),
  clientId: Name,
  clientSecret: Name,
  scopes: Type.Optional(Type.Array(Name, { maxItems: 20 })),
  /** The claim that lists a user's groups. */
  groupsClaim: Type.Optional(Name),
  roles: Type.Optional(Type.Array(GroupRole, { maxItems: 1000 })),
});
export type SingleSignOnConfig = Static<typeof SingleSignOn>;

const SignIn = object({
  /** Where people reach the console, when that is not the address that Ebb listens on: a proxy with TLS in front. */
  publicUrl: Type.Optional(Type.String({ pattern: "^https?://[^/\\s?#]+/?$" })),
  /** Addresses of that proxy, whose X-Forwarded-For is believed. */
  trustedProxies: Type.Optional(Type.Array(Name, { maxItems: 20 })),
  /** False: people sign in by single sign-on only. */
  passwords: Type.Optional(Type.Boolean()),
  singleSignOn: Type.Optional(SingleSignOn),
});
/** `sign-in.json` in the data folder, which only the platform's user can read: it holds the client's secret. */
export type SignInConfig = Static<typeof SignIn>;

/** Throws UserError `sign_in_config_invalid`, which names the field and never its value. */
export function parseSignInConfig(value: unknown): SignInConfig {
  if (Value.Check(SignIn, value)) {
    const issuer = value.singleSignOn && new URL(value.singleSignOn.issuer);
    if (!issuer || issuer.protocol === "https:" || isLoopback(issuer.hostname)) return value;
    throw invalid("singleSignOn.issuer must be https: whoever is in between could sign in as anybody");
  }
  const [error] = Value.Errors(SignIn, value);
  throw invalid(`${error?.instancePath.slice(1).replaceAll("/", ".") || "it"} ${error?.message ?? "is invalid"}`);
}

export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname.endsWith(".localhost") || hostname.startsWith("127.") || hostname === "[::1]";
}

function invalid(detail: string): UserError {
  return new UserError("sign_in_config_invalid", `sign-in.json: ${detail}`, { hint: "docs/guide/people.md lists every field." });
}
