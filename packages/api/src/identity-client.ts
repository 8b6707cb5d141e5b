import type { Approval } from "./approvals.ts";
import type {
  AcceptInvite,
  AuditEntry,
  AuditPage,
  AuditVerification,
  ChangePassword,
  CreatedToken,
  CreateToken,
  CreateUser,
  DeviceAsked,
  DeviceLogin,
  DeviceToken,
  Me,
  MemberRole,
  PasswordLink,
  PatchUser,
  Session,
  SignInWays,
  TeamMember,
  Token,
  User,
  UserPage,
} from "./identity.ts";
import { changing, type ChangeOptions } from "./revisions.ts";
import type { Operation, Revised } from "./schemas.ts";
import { lines } from "./streams.ts";
import type { Send, SendOptions } from "./transport.ts";

export interface AuditQuery {
  actor?: string | undefined;
  action?: string | undefined;
  /** `app/hello`, `user/anna` … */
  object?: string | undefined;
  team?: string | undefined;
  /** RFC 3339. */
  from?: string | undefined;
  to?: string | undefined;
  limit?: number | undefined;
  cursor?: string | undefined;
}

/** Sign-in, users, tokens, members and the audit trail. */
export function identityCalls(send: Send) {
  const json = async <T>(method: string, path: string, request?: SendOptions): Promise<T> =>
    (await (await send(method, path, request)).json()) as T;
  const done = async (method: string, path: string, request?: SendOptions): Promise<void> => {
    await send(method, path, request);
  };
  const user = (name: string, rest = "") => `/users/${encodeURIComponent(name)}${rest}`;
  const member = (team: string, name: string) => `/teams/${encodeURIComponent(team)}/members/${encodeURIComponent(name)}`;

  return {
    signInWays: () => json<SignInWays>("GET", "/session/ways"),
    signIn: (name: string, password: string) => done("POST", "/session", { json: { user: name, password } }),
    whoseInvite: (code: string) => json<{ user: string }>("POST", "/session/invite", { json: { code } }),
    acceptInvite: (body: AcceptInvite) => done("POST", "/session/password", { json: body }),
    me: () => json<Me>("GET", "/me"),
    changePassword: (body: ChangePassword) => done("PUT", "/me/password", { json: body }),
    listSessions: async () => (await json<{ items: Session[] }>("GET", "/sessions")).items,
    revokeSession: (id: string) => done("DELETE", `/sessions/${encodeURIComponent(id)}`),

    listApprovals: async (all = false) => (await json<{ items: Approval[] }>("GET", "/approvals", { query: { all } })).items,
    approveOperation: (id: string, why: string) =>
      json<Operation>("POST", `/operations/${encodeURIComponent(id)}/approve`, { json: { why } }),
    rejectOperation: (id: string, why: string) =>
      json<Operation>("POST", `/operations/${encodeURIComponent(id)}/reject`, { json: { why } }),

    listTokens: async () => (await json<{ items: Token[] }>("GET", "/tokens")).items,
    createToken: (body: CreateToken) => json<CreatedToken>("POST", "/tokens", { json: body }),
    revokeToken: (id: string) => done("DELETE", `/tokens/${encodeURIComponent(id)}`),

    startDevice: (name: string) => json<DeviceLogin>("POST", "/session/device", { json: { name } }),
    pollDevice: (deviceCode: string) => json<DeviceToken>("POST", "/session/device/token", { json: { deviceCode } }),
    deviceAsked: (userCode: string) => json<DeviceAsked>("GET", `/session/device/${encodeURIComponent(userCode)}`),
    confirmDevice: (userCode: string) => done("POST", "/session/device/confirm", { json: { userCode } }),

    /** All of them, page by page. */
    async listUsers(): Promise<User[]> {
      const users: User[] = [];
      let cursor: string | undefined;
      do {
        const page: UserPage = await json("GET", "/users", { query: { limit: 200, cursor } });
        users.push(...page.items);
        cursor = page.next ?? undefined;
      } while (cursor !== undefined);
      return users;
    },
    createUser: (body: CreateUser) => json<PasswordLink>("POST", "/users", { json: body }),
    getUser: (name: string) => json<Revised<User>>("GET", user(name)),
    patchUser: (name: string, body: PatchUser, on?: ChangeOptions) =>
      json<Revised<User>>("PATCH", user(name), { json: body, ...changing(on) }),
    resetPassword: (name: string) => json<PasswordLink>("POST", user(name, "/reset-password")),

    listMembers: async (team: string) => (await json<{ items: TeamMember[] }>("GET", `/teams/${encodeURIComponent(team)}/members`)).items,
    setMember: (team: string, name: string, role: MemberRole) => done("PUT", member(team, name), { json: { role } }),
    removeMember: (team: string, name: string) => done("DELETE", member(team, name)),

    audit: (query: AuditQuery = {}) => json<AuditPage>("GET", "/audit", { query: { ...query } }),
    /** Every row, oldest first. */
    async *exportAudit(signal?: AbortSignal): AsyncGenerator<AuditEntry> {
      const response = await send("GET", "/audit/export", { headers: { accept: "application/x-ndjson" }, signal });
      if (!response.body) return;
      for await (const line of lines(response.body)) if (line !== "") yield JSON.parse(line) as AuditEntry;
    },
    verifyAudit: (known?: { seq: number; hash: string }) => json<AuditVerification>("GET", "/audit/verification", { query: { ...known } }),
  };
}
