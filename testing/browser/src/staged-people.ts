import type { AuditEntry, AuditVerification, Me, Session, Token } from "@ebb/api";

const time = "2026-11-23T09:00:00Z";

export const me: Me = {
  name: "ada",
  displayName: "Ada",
  kind: "user",
  platformAdmin: true,
  teams: [{ team: "default", role: "releaser" }],
  scope: "admin",
  credential: "s-1",
  password: true,
};

export const token: Token = {
  id: "t-1",
  name: "laptop",
  kind: "personal",
  owner: "ada",
  scope: "deploy",
  team: null,
  createdAt: time,
  expiresAt: null,
  lastUsedAt: time,
};

const session = { createdAt: time, lastUsedAt: time, expiresAt: "2099-01-01T00:00:00Z" };
export const sessions: Session[] = [
  { id: "s-1", current: true, address: "10.1.2.3", client: "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0", ...session },
  {
    id: "s-2",
    current: false,
    address: "10.1.2.4",
    client: "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Safari/605.1",
    ...session,
  },
];

const row = { time, credential: "s-1", address: "10.1.2.3", client: "ebb", team: "default", request: "r-1", previous: "0", hash: "1" };
export const audit: AuditEntry[] = [
  { seq: 2, actor: "ada", action: "traffic.set", object: "app/hello-node", before: { v11: 100 }, after: { v11: 90, v12: 10 }, ...row },
  { seq: 1, actor: "admin", action: "member.set", object: "team/default", before: null, after: { user: "ada", role: "releaser" }, ...row },
];
export const verification: AuditVerification = {
  rows: 2,
  head: { seq: 2, hash: "1" },
  breach: { seq: 2, message: "its hash is another" },
};
