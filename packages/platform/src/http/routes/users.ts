import {
  ChangePassword,
  CreatedToken,
  CreateToken,
  CreateUser,
  Me,
  PasswordLink,
  PatchUser,
  Token,
  User,
  UserName,
  UserPage,
} from "@ebb/api";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { Type, type Static } from "typebox";
import { refuse } from "../../errors.ts";
import { isPlatformAdmin, roleIn } from "../../identity/access.ts";
import { checkPassword, hashPassword, verifyPassword } from "../../identity/passwords.ts";
import { atLeast } from "../../identity/roles.ts";
import { tokenNotFound, viewToken } from "../../identity/tokens.ts";
import { createUser, getUser, listUsers, patchUser, setPassword, userOfId, viewUser } from "../../identity/users.ts";
import { passwordsOff } from "./sessions.ts";
import { setSessionCookie } from "../session-cookie.ts";
import { callerOf } from "../authorisation.ts";
import { ById, idOf, items, read, type RouteDeps } from "./shapes.ts";

const ByUser = Type.Object({ user: UserName });
const Page = Type.Object({
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })),
  cursor: Type.Optional(Type.String({ maxLength: 64 })),
});
const ADMIN = { platformAdmin: true } as const;
const WHOLE = { signedIn: true, whole: true } as const;
const USER_ID_LENGTH = 12;
const DEFAULT_TOKEN_DAYS = 90;

const userOf = (request: FastifyRequest) => (request.params as Static<typeof ByUser>).user;

/** Users, as platform administrators manage them. */
export function registerUserRoutes(server: FastifyInstance, deps: RouteDeps): void {
  const { identity, clock, random } = deps;
  const { database, sessions } = identity;
  read(server, "/users", { summary: "Users by name", access: ADMIN, answer: UserPage, query: Page }, async (request) => {
    const { limit = 50, cursor } = request.query as Static<typeof Page>;
    const rows = await listUsers(database, { after: cursor, limit: limit + 1 });
    const shown = rows.slice(0, limit);
    return { items: shown.map(viewUser), next: rows.length > limit ? (shown.at(-1)?.name ?? null) : null };
  });
  read(server, "/users/:user", { summary: "A user", access: ADMIN, answer: User, params: ByUser }, async (request) =>
    viewUser(await getUser(database, userOf(request))),
  );
  const link = async (name: string) => {
    const { code, expiresAt } = await sessions.createPasswordCode(await getUser(database, name));
    return { user: name, code, expiresAt: new Date(expiresAt).toISOString() };
  };
  server.post(
    "/users",
    {
      config: { access: ADMIN, secretAnswer: true },
      schema: {
        summary: "Create a user; the answer's code lets them choose a password",
        body: CreateUser,
        response: { 201: PasswordLink },
      },
    },
    async (request, reply) => {
      const { name, displayName = "", email = "", platformAdmin = false } = request.body as CreateUser;
      await createUser(database, clock.now(), { id: random.suffix(USER_ID_LENGTH), name, displayName, email, platformAdmin });
      return reply
        .code(201)
        .header("cache-control", "no-store")
        .send(await link(name));
    },
  );
  server.patch(
    "/users/:user",
    {
      config: { access: ADMIN },
      schema: { summary: "Change or disable a user", params: ByUser, body: PatchUser, response: { 200: User } },
    },
    async (request) => viewUser(await patchUser(database, clock.now(), userOf(request), request.body as PatchUser)),
  );
  server.post(
    "/users/:user/reset-password",
    {
      config: { access: ADMIN, secretAnswer: true },
      schema: { summary: "A code by which the user chooses a new password", params: ByUser, response: { 201: PasswordLink } },
    },
    async (request, reply) =>
      reply
        .code(201)
        .header("cache-control", "no-store")
        .send(await link(userOf(request))),
  );
  registerOwnRoutes(server, deps);
  registerTokenRoutes(server, deps);
}

/** Whoever asks. */
function registerOwnRoutes(server: FastifyInstance, { identity, clock, authentication, origin }: RouteDeps): void {
  const { database, sessions } = identity;
  read(server, "/me", { summary: "Who you are and what you may do", access: { signedIn: true }, answer: Me }, async (request) => {
    const caller = callerOf(request);
    const user = await userOfId(database, caller.userId);
    const teams = [...caller.roles.keys()].sort().flatMap((team) => {
      const role = roleIn(caller, team);
      return role === undefined ? [] : [{ team, role }];
    });
    const { name, kind, scope } = caller;
    const own = kind === "user";
    return {
      name,
      displayName: own ? (user?.display_name ?? "") : "",
      kind,
      platformAdmin: isPlatformAdmin(caller),
      teams,
      scope,
      credential: caller.credential,
      password: own && user?.password_hash !== null,
    };
  });
  server.put(
    "/me/password",
    { config: { access: WHOLE }, schema: { summary: "Set your password; all your sessions end but this one", body: ChangePassword } },
    async (request, reply) => {
      const caller = callerOf(request);
      const { current, password } = request.body as ChangePassword;
      const user = await getUser(database, caller.name);
      if (!identity.passwords) throw passwordsOff();
      // A stolen session must not become a way in that outlives it, past the identity provider; an administrator's link is one on purpose.
      if (user.oidc_issuer !== null && user.password_hash === null) throw refuse("forbidden", "You sign in by single sign-on");
      authentication.names.require(user.name);
      // Whoever finds an open browser cannot take the account over.
      if (user.password_hash !== null && !(await verifyPassword(current ?? "", user.password_hash))) {
        authentication.names.failed(user.name);
        throw refuse("wrong_password", "The current password is not right");
      }
      checkPassword(password, user.name);
      await setPassword(database, clock.now(), user, await hashPassword(password));
      if (request.headers.authorization === undefined) setSessionCookie(reply, await sessions.open(user, "password"), origin());
      return reply.code(204).send();
    },
  );
}

function registerTokenRoutes(server: FastifyInstance, { identity }: RouteDeps): void {
  const { database, tokens } = identity;
  read(
    server,
    "/tokens",
    { summary: "Your tokens, and the machines' of the teams that you administer", access: WHOLE, answer: items(Token) },
    async (request) => {
      const caller = callerOf(request);
      const teams = [...caller.roles.keys()].filter((team) => atLeast(roleIn(caller, team), "admin"));
      return { items: await tokens.list(caller.userId, teams) };
    },
  );
  server.post(
    "/tokens",
    {
      config: { access: WHOLE, secretAnswer: true },
      schema: { summary: "Create a token, which is shown once", body: CreateToken, response: { 201: CreatedToken } },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const { name, kind = "personal", scope, team = null, days = DEFAULT_TOKEN_DAYS } = request.body as CreateToken;
      if (kind === "machine" && team === null) throw refuse("invalid_request", "A machine's token belongs to a team: name it");
      if (team !== null && roleIn(caller, team) === undefined) throw refuse("team_not_found", `There is no team ${team}`);
      if (kind === "machine" && !atLeast(roleIn(caller, team ?? ""), "admin"))
        throw refuse("forbidden", `This takes the role admin in the team ${team ?? ""}`);
      const token = { userId: caller.userId, name, kind, scope, team, days: days === 0 ? null : days };
      const { secret, row } = await tokens.create(token);
      const owner = (await userOfId(database, row.user_id))?.name ?? "";
      return reply
        .code(201)
        .header("cache-control", "no-store")
        .send({ token: secret, about: viewToken(row, owner) });
    },
  );
  server.delete(
    "/tokens/:id",
    { config: { access: WHOLE }, schema: { summary: "Revoke a token", params: ById } },
    async (request, reply) => {
      const caller = callerOf(request);
      const token = await tokens.get(idOf(request));
      const ofTeam = token.kind === "machine" && token.team !== null && atLeast(roleIn(caller, token.team), "admin");
      if (token.user_id !== caller.userId && !ofTeam && !isPlatformAdmin(caller)) throw tokenNotFound(token.id);
      await tokens.revoke(token);
      return reply.code(204).send();
    },
  );
}
