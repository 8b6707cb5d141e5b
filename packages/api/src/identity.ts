import { Type, type Static } from "typebox";
import { Nullable, object } from "./names.ts";

/** Who people and machines are, and what they did. */
const Time = Type.String({ description: "RFC 3339 in UTC" });

export const UserName = Type.String({
  pattern: "^[a-z0-9]([-a-z0-9._@+]{0,62}[a-z0-9])?$",
  description: "Lower-case letters, digits and -._@+ in between, at most 64 characters; an address of e-mail fits",
});
/** No rules on kinds of characters; what is too easy to guess is refused with `weak_password`. */
export const Password = Type.String({ minLength: 1, maxLength: 256 });
export const MemberRole = Type.Union([Type.Literal("viewer"), Type.Literal("developer"), Type.Literal("releaser"), Type.Literal("admin")]);
export type MemberRole = Static<typeof MemberRole>;
export const TokenScope = Type.Union([Type.Literal("read"), Type.Literal("deploy"), Type.Literal("release"), Type.Literal("admin")]);
export type TokenScope = Static<typeof TokenScope>;
const Words = Type.String({ maxLength: 256 });
const Code = Type.String({ minLength: 1, maxLength: 256 });

export const User = object({
  name: UserName,
  displayName: Type.String(),
  email: Type.String(),
  platformAdmin: Type.Boolean({ description: "May do everything, in every team" }),
  disabled: Type.Boolean(),
  password: Type.Boolean({ description: "Whether one is set" }),
  singleSignOn: Type.Boolean({ description: "Whether the user comes from the identity provider" }),
  createdAt: Time,
  lastSignInAt: Nullable(Time),
});
export type User = Static<typeof User>;
export const UserPage = object({ items: Type.Array(User), next: Nullable(Type.String()) });
export type UserPage = Static<typeof UserPage>;
export const CreateUser = object({
  name: UserName,
  displayName: Type.Optional(Words),
  email: Type.Optional(Words),
  platformAdmin: Type.Optional(Type.Boolean()),
});
export type CreateUser = Static<typeof CreateUser>;
/** What is left out stays as it is. */
export const PatchUser = object({
  displayName: Type.Optional(Words),
  email: Type.Optional(Words),
  platformAdmin: Type.Optional(Type.Boolean()),
  disabled: Type.Optional(Type.Boolean()),
});
export type PatchUser = Static<typeof PatchUser>;
/** Opens the page on which a password is chosen, as `PLATFORM/?invite=CODE`, once. */
export const PasswordLink = object({ user: UserName, code: Type.String(), expiresAt: Time });
export type PasswordLink = Static<typeof PasswordLink>;

/** Whoever asks, and what they may do. */
export const Me = object({
  name: Type.String(),
  displayName: Type.String(),
  kind: Type.Union([Type.Literal("user"), Type.Literal("machine")]),
  platformAdmin: Type.Boolean(),
  teams: Type.Array(object({ team: Type.String(), role: MemberRole })),
  scope: TokenScope,
  credential: Type.String({ description: "The id of the token or session that asks" }),
  password: Type.Boolean({ description: "Whether a password is set" }),
});
export type Me = Static<typeof Me>;
export const ChangePassword = object({
  current: Type.Optional(Password),
  password: Password,
});
export type ChangePassword = Static<typeof ChangePassword>;

export const SignInWays = object({
  password: Type.Boolean(),
  singleSignOn: Nullable(object({ label: Type.String() })),
});
export type SignInWays = Static<typeof SignInWays>;
/** By a one-time link's code, or by name and password. */
export const SignIn = Type.Union([
  object({ code: Code }),
  object({ user: Type.String({ minLength: 1, maxLength: 64 }), password: Password }),
]);
export type SignIn = Static<typeof SignIn>;
export const AcceptInvite = object({ code: Code, password: Password });
export type AcceptInvite = Static<typeof AcceptInvite>;
export const Session = object({
  id: Type.String(),
  current: Type.Boolean({ description: "The one that asks" }),
  address: Type.String(),
  client: Type.String(),
  createdAt: Time,
  lastUsedAt: Time,
  expiresAt: Time,
});
export type Session = Static<typeof Session>;

export const Token = object({
  id: Type.String(),
  name: Type.String(),
  kind: Type.Union([Type.Literal("personal"), Type.Literal("machine")]),
  owner: UserName,
  scope: TokenScope,
  team: Nullable(Type.String({ description: "The only team that it is good for" })),
  createdAt: Time,
  expiresAt: Nullable(Time),
  lastUsedAt: Nullable(Time),
});
export type Token = Static<typeof Token>;
/** `kind` machine needs `team`; `days` 0: it does not expire. */
export const CreateToken = object({
  name: Type.String({
    pattern: "^[A-Za-z0-9]([-A-Za-z0-9._ ]{0,62}[A-Za-z0-9])?$",
    description: "At most 64 letters, digits, spaces and - . _, at both ends a letter or digit",
  }),
  kind: Type.Optional(Type.Union([Type.Literal("personal"), Type.Literal("machine")])),
  scope: TokenScope,
  team: Type.Optional(Type.String({ minLength: 1, maxLength: 63 })),
  days: Type.Optional(Type.Integer({ minimum: 0, maximum: 3650, description: "90 when left out" })),
});
export type CreateToken = Static<typeof CreateToken>;
/** The only answer that has the token itself. */
export const CreatedToken = object({ token: Type.String(), about: Token });
export type CreatedToken = Static<typeof CreatedToken>;

/** A command line that wants to be let in: a person opens the address and confirms the code. */
export const StartDevice = object({ name: Type.Optional(Words) });
export const DeviceLogin = object({
  deviceCode: Type.String(),
  userCode: Type.String(),
  path: Type.String({ description: "Of the page below the platform's address" }),
  intervalSeconds: Type.Integer(),
  expiresAt: Time,
});
export type DeviceLogin = Static<typeof DeviceLogin>;
export const PollDevice = object({ deviceCode: Code });
/** 202 without a token while nobody has confirmed. */
export const DeviceToken = object({ token: Nullable(Type.String()) });
export type DeviceToken = Static<typeof DeviceToken>;
export const ConfirmDevice = object({ userCode: Type.String({ minLength: 1, maxLength: 32 }) });
export const DeviceAsked = object({ name: Type.String(), address: Type.String(), client: Type.String() });
export type DeviceAsked = Static<typeof DeviceAsked>;

export const TeamMember = object({
  user: UserName,
  displayName: Type.String(),
  disabled: Type.Boolean(),
  role: MemberRole,
  source: Type.Union([Type.Literal("manual"), Type.Literal("oidc")], { description: "oidc: follows the user's groups at each sign-in" }),
});
export type TeamMember = Static<typeof TeamMember>;
export const SetMember = object({ role: MemberRole });
export type SetMember = Static<typeof SetMember>;

export const AuditEntry = object({
  seq: Type.Integer(),
  time: Time,
  actor: Type.String(),
  credential: Type.String({ description: "The id of the token or session" }),
  address: Type.String(),
  client: Type.String(),
  action: Type.String(),
  object: Type.String(),
  team: Type.String({ description: "Empty: the platform's own" }),
  before: Type.Unknown(),
  after: Type.Unknown(),
  request: Type.String(),
  previous: Type.String({ description: "The hash of the row before" }),
  hash: Type.String({ description: "SHA-256 of the canonical JSON of the rest, with time in milliseconds" }),
});
export type AuditEntry = Static<typeof AuditEntry>;
export const AuditPage = object({ items: Type.Array(AuditEntry), next: Nullable(Type.String()) });
export type AuditPage = Static<typeof AuditPage>;
export const AuditVerification = object({
  rows: Type.Integer(),
  head: object({ seq: Type.Integer(), hash: Type.String() }),
  /** The first place at which the trail is not what was written. */
  breach: Nullable(object({ seq: Type.Integer(), message: Type.String() })),
});
export type AuditVerification = Static<typeof AuditVerification>;
