export interface UserTable {
  id: string;
  /** Lower case; never given to another user, as operations and the audit trail name users by it. */
  name: string;
  display_name: string;
  email: string;
  /** Argon2id as a PHC string; null: no password is set. */
  password_hash: string | null;
  platform_admin: number;
  disabled: number;
  /** Of single sign-on; null for users who were made here. */
  oidc_issuer: string | null;
  oidc_subject: string | null;
  created_at: number;
  updated_at: number;
  last_sign_in_at: number | null;
}

export interface TeamMemberTable {
  team: string;
  user_id: string;
  role: "viewer" | "developer" | "releaser" | "admin";
  /** `oidc`: follows the user's groups at each sign-in. */
  source: "manual" | "oidc";
}

export interface SessionTable {
  id: string;
  /** SHA-256 of the cookie's value: a stolen database opens no session. */
  hash: string;
  user_id: string;
  created_at: number;
  last_used_at: number;
  expires_at: number;
  address: string;
  client: string;
}

/** What is good for one use: each is found by the SHA-256 of what its bearer holds. */
export interface CodeTable {
  hash: string;
  /**
   * `sign-in` opens a session; `password` lets its bearer set one; `oidc` is a sign-in that is at the provider;
   * `device` is a command line that waits to be let in, and `device-user` the short code that a person confirms it by.
   */
  kind: "sign-in" | "password" | "oidc" | "device" | "device-user";
  /** Whom it is about; empty while nobody has confirmed it. */
  user_id: string;
  state_json: string;
  expires_at: number;
}

export interface TokenTable {
  id: string;
  hash: string;
  name: string;
  kind: "personal" | "machine";
  /** Its owner; of a machine token: who made it. */
  user_id: string;
  scope: "read" | "deploy" | "release" | "admin";
  /** The only team that it is good for; of a machine token: its team. */
  team: string | null;
  created_at: number;
  /** Null: does not expire. */
  expires_at: number | null;
  last_used_at: number | null;
}
