import { Type, type Static } from "typebox";
import { AppName, EnvironmentName, Nullable, object, TeamName } from "./names.ts";

export const GitUrl = Type.String({
  minLength: 1,
  maxLength: 1000,
  description: "https://HOST/PATH, ssh://[USER@]HOST[:PORT]/PATH or [USER@]HOST:PATH; without a password",
});
export const GitRef = Type.String({
  pattern: "^[A-Za-z0-9_][A-Za-z0-9._/+@#=-]{0,199}$",
  description: "A branch, a tag, or a commit by all of its characters",
});
export const GitFolder = Type.String({
  pattern: "^([^/\\u0000-\\u001f][^\\u0000-\\u001f]{0,199})?$",
  description: "Of the repository; empty: all of it",
});

/** Goes where `DeployImage` goes. Without `url` it is the repository that is the app's; without `ref` where its HEAD is. */
export const DeployGit = object({
  name: AppName,
  team: Type.Optional(TeamName),
  environment: Type.Optional(EnvironmentName),
  url: Type.Optional(GitUrl),
  ref: Type.Optional(GitRef),
  folder: Type.Optional(GitFolder),
  noTraffic: Type.Optional(Type.Boolean()),
});
export type DeployGit = Static<typeof DeployGit>;

/** What a version was built from. */
export const VersionSource = object({
  url: Type.String(),
  ref: Type.String({ description: "As it was asked for; empty: HEAD" }),
  folder: Type.String(),
  author: Type.String(),
  message: Type.String({ description: "The first line of the commit's" }),
});
export type VersionSource = Static<typeof VersionSource>;

const BranchPattern = Type.String({
  pattern: "^[A-Za-z0-9_*][A-Za-z0-9._/+@#*=-]{0,199}$",
  description: "A branch; * stands for anything",
});
export const BranchRule = object({ branch: BranchPattern, environment: EnvironmentName });
export type BranchRule = Static<typeof BranchRule>;

const RepositoryBody = {
  url: GitUrl,
  folder: GitFolder,
  rules: Type.Array(BranchRule, { maxItems: 20, description: "The first that fits says where a push is deployed" }),
  previewHours: Nullable(
    Type.Number({ minimum: 0.1, maximum: 720, description: "Other branches get a preview that lives so long after each push; null: none" }),
  ),
};
export const PutRepository = object({
  url: RepositoryBody.url,
  folder: Type.Optional(RepositoryBody.folder),
  rules: Type.Optional(RepositoryBody.rules),
  previewHours: Type.Optional(RepositoryBody.previewHours),
});
export type PutRepository = Static<typeof PutRepository>;

/** What became of something that a Git server has told. */
export const Delivery = object({
  time: Type.String(),
  provider: Type.String({ description: "github, gitlab or gitea" }),
  branch: Type.String(),
  commit: Type.String(),
  outcome: Type.Union([Type.Literal("deployed"), Type.Literal("removed"), Type.Literal("ignored"), Type.Literal("refused")]),
  message: Type.String(),
  environment: Nullable(Type.String()),
  operation: Nullable(Type.String()),
});
export type Delivery = Static<typeof Delivery>;

/** An app's repository, and what a push to it does. */
export const Repository = object({
  app: AppName,
  ...RepositoryBody,
  url: Type.String({ description: "Empty: the app has none" }),
  hookUrl: Type.String({ description: "For the Git server's list of webhooks" }),
  hookSince: Nullable(Type.String({ description: "When its secret was made; null: pushes are not taken yet" })),
  deliveries: Type.Array(Delivery, { description: "The newest first" }),
  updated: Nullable(object({ at: Type.String(), by: Type.String() })),
});
export type Repository = Static<typeof Repository>;

/** The secret is shown this once. */
export const RepositoryHook = object({ url: Type.String(), secret: Type.String() });
export type RepositoryHook = Static<typeof RepositoryHook>;

const Prefix = Type.String({
  minLength: 1,
  maxLength: 500,
  description: "Of the repositories that it is for: github.com, github.com/acme, git.example.com:2222/acme/shop",
});
/** What a team reads repositories with; of several that fit, the one with the longest prefix. */
export const GitCredential = object({
  id: Type.String(),
  prefix: Prefix,
  kind: Type.Union([Type.Literal("token"), Type.Literal("ssh")]),
  user: Type.String({ description: "Of a token" }),
  publicKey: Nullable(Type.String({ description: "Of a deploy key: for the Git server's list" })),
  fingerprint: Nullable(Type.String()),
  knownHosts: Type.String({ description: "The SSH server's keys; empty: the first that it shows is kept" }),
  createdAt: Type.String(),
  createdBy: Type.String(),
});
export type GitCredential = Static<typeof GitCredential>;

/** Takes the place of one with the same prefix and kind. A deploy key is made when none is given. */
export const CreateGitCredential = object({
  prefix: Prefix,
  kind: Type.Union([Type.Literal("token"), Type.Literal("ssh")]),
  user: Type.Optional(Type.String({ minLength: 1, maxLength: 200, pattern: "^[^\\s:]+$", description: "Without spaces and colons" })),
  token: Type.Optional(Type.String({ minLength: 1, maxLength: 4096, pattern: "^[^\\r\\n]+$", description: "In one line" })),
  key: Type.Optional(Type.String({ minLength: 1, maxLength: 16_384 })),
  knownHosts: Type.Optional(Type.String({ maxLength: 16_384 })),
});
export type CreateGitCredential = Static<typeof CreateGitCredential>;

/** Which Git servers this platform speaks to. */
export const GitSettings = object({
  publicServers: Type.Boolean({ description: "Any server whose address is a public one" }),
  allow: Type.Array(Type.String({ minLength: 1, maxLength: 253 }), {
    maxItems: 100,
    description: "Besides: names, *.domains, addresses and networks; also private ones, and also by plain HTTP",
  }),
});
export type GitSettings = Static<typeof GitSettings>;
export const PatchGitSettings = Type.Partial(GitSettings, { additionalProperties: false });
export type PatchGitSettings = Static<typeof PatchGitSettings>;

/** What a Git server is answered. */
export const HookAnswer = object({
  outcome: Delivery.properties.outcome,
  message: Type.String(),
  operation: Nullable(Type.String()),
});
export type HookAnswer = Static<typeof HookAnswer>;
