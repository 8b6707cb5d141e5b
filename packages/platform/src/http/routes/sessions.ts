import {
  AcceptInvite,
  ConfirmDevice,
  DeviceAsked,
  DeviceLogin,
  DeviceToken,
  PollDevice,
  Session,
  SessionCode,
  SignIn,
  SignInWays,
  StartDevice,
} from "@ebb/api";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { Type, type Static } from "typebox";
import { EbbError } from "@ebb/base";
import { refuse } from "../../errors.ts";
import { checkPassword, hashPassword, pretendToVerify, verifyPassword } from "../../identity/passwords.ts";
import { SESSION_COOKIE } from "../../identity/sessions.ts";
import { findUser, setPassword, type UserRow } from "../../identity/users.ts";
import { clearSessionCookie, setSessionCookie } from "../session-cookie.ts";
import { callerOf } from "../authorisation.ts";
import type { FailureLimit } from "../failure-limit.ts";
import { ById, idOf, items, read, type RouteDeps } from "./shapes.ts";

const InviteCode = Type.Object({ code: Type.String({ minLength: 1, maxLength: 256 }) }, { additionalProperties: false });
const ByUserCode = Type.Object({ code: Type.String({ minLength: 1, maxLength: 32 }) });
const GUESSES: ReadonlySet<string> = new Set(["invalid_code", "wrong_password"]);
const PUBLIC = { access: { public: true } } as const;

/** Sign-in and sign-out of browsers. */
export function registerSessionRoutes(server: FastifyInstance, deps: RouteDeps): void {
  const { identity, clock, origin } = deps;
  const { sessions } = identity;
  read(server, "/session/ways", { summary: "How one can sign in", access: { public: true }, answer: SignInWays }, async () => ({
    password: identity.passwords,
    singleSignOn: identity.singleSignOn ? { label: identity.singleSignOn.label } : null,
  }));
  server.post(
    "/session",
    { config: PUBLIC, schema: { summary: "Sign in with a one-time code, or with name and password", body: SignIn } },
    async (request, reply) => {
      const body = request.body as SignIn;
      const cookie = await guarded(request, deps, "user" in body ? body.user : undefined, async () =>
        "code" in body ? (await sessions.exchange(body.code)).cookie : sessions.open(await byPassword(deps, body), "password"),
      );
      return setSessionCookie(reply, cookie, origin()).code(204).send();
    },
  );
  server.post(
    "/session/invite",
    { config: { ...PUBLIC, unaudited: true }, schema: { summary: "Whose password a link lets one choose", body: InviteCode } },
    async (request) => {
      const { code } = request.body as Static<typeof InviteCode>;
      const user = await guarded(request, deps, undefined, () => sessions.peekPasswordCode(code));
      return { user: user.name };
    },
  );
  server.post(
    "/session/password",
    { config: PUBLIC, schema: { summary: "Choose a password with a link's code, and sign in", body: AcceptInvite } },
    async (request, reply) => {
      const { code, password } = request.body as AcceptInvite;
      const cookie = await guarded(request, deps, undefined, async () => {
        if (!identity.passwords) throw passwordsOff();
        checkPassword(password, (await sessions.peekPasswordCode(code)).name);
        const hash = await hashPassword(password);
        const user = await sessions.redeemPasswordCode(code);
        if (request.origin) request.origin.actor = user.name;
        await setPassword(identity.database, clock.now(), user, hash);
        return sessions.open(user, "code");
      });
      return setSessionCookie(reply, cookie, origin()).code(204).send();
    },
  );
  server.post(
    "/session/codes",
    {
      config: { access: { signedIn: true, whole: true }, secretAnswer: true },
      schema: { summary: "A one-time code by which a browser signs in as you", response: { 201: SessionCode } },
    },
    async (request, reply) => reply.code(201).send({ code: await sessions.createCode(callerOf(request).userId) }),
  );
  server.delete(
    "/session",
    { config: { access: { signedIn: true } }, schema: { summary: "Sign out", operationId: "signOut" } },
    async (request, reply) => {
      const value = request.cookies[SESSION_COOKIE];
      if (value === undefined) throw refuse("invalid_request", "There is no session to end");
      await sessions.end(value);
      return clearSessionCookie(reply, origin()).code(204).send();
    },
  );
  read(
    server,
    "/sessions",
    { summary: "Your sessions, newest first", access: { signedIn: true, whole: true }, answer: items(Session) },
    async (request) => ({ items: await sessions.list(callerOf(request).userId, callerOf(request).credential) }),
  );
  server.delete(
    "/sessions/:id",
    { config: { access: { signedIn: true, whole: true } }, schema: { summary: "End one of your sessions", params: ById } },
    async (request, reply) => {
      await sessions.revoke(callerOf(request).userId, idOf(request));
      return reply.code(204).send();
    },
  );
  registerDeviceRoutes(server, deps);
}

/** Command lines on other machines. */
function registerDeviceRoutes(server: FastifyInstance, deps: RouteDeps): void {
  const { devices } = deps.identity;
  server.post(
    "/session/device",
    {
      config: { ...PUBLIC, unaudited: true },
      schema: { summary: "Ask to be let in as somebody who confirms a code", body: StartDevice, response: { 201: DeviceLogin } },
    },
    async (request, reply) => {
      deps.authentication.devices.failed(request.ip);
      const { name = "" } = request.body as Static<typeof StartDevice>;
      const client = (request.headers["user-agent"] ?? "").slice(0, 256);
      return reply.code(201).send(await devices.start({ name, address: request.ip, client }));
    },
  );
  server.post(
    "/session/device/token",
    {
      config: { ...PUBLIC, unaudited: true },
      schema: { summary: "The token, once somebody has confirmed", body: PollDevice, response: { 200: DeviceToken } },
    },
    (request) =>
      guarded(request, deps, undefined, async () => ({
        token: await devices.poll((request.body as Static<typeof PollDevice>).deviceCode),
      })),
  );
  read(
    server,
    "/session/device/:code",
    { summary: "Who asks to be let in", access: { signedIn: true, whole: true }, answer: DeviceAsked, params: ByUserCode },
    (request) => guarded(request, deps, undefined, () => devices.asked((request.params as Static<typeof ByUserCode>).code)),
  );
  server.post(
    "/session/device/confirm",
    {
      config: { access: { signedIn: true, whole: true } },
      schema: { summary: "Let a command line in as yourself", body: ConfirmDevice },
    },
    async (request, reply) => {
      const { userId: id, name } = callerOf(request);
      await guarded(request, deps, undefined, () => devices.confirm((request.body as Static<typeof ConfirmDevice>).userCode, { id, name }));
      return reply.code(204).send();
    },
  );
}

/** Runs a check of credentials under the limits of failures, by address and by name; a page of another site cannot start one. */
async function guarded<T>(
  request: FastifyRequest,
  { authentication }: RouteDeps,
  name: string | undefined,
  check: () => Promise<T>,
): Promise<T> {
  authentication.requireOwnPage(request);
  const limits: [FailureLimit, string][] = [[authentication.addresses, request.ip]];
  if (name !== undefined) limits.push([authentication.names, name.toLowerCase()]);
  for (const [limit, key] of limits) limit.failed(key);
  const forgive = () => {
    for (const [limit, key] of limits) limit.succeeded(key);
  };
  try {
    const result = await check();
    forgive();
    return result;
  } catch (error) {
    if (!(error instanceof EbbError && GUESSES.has(error.code))) forgive();
    throw error;
  }
}

/** One answer and one duration for a name that nobody has, a wrong password, a disabled user and one without a password. */
async function byPassword({ identity }: RouteDeps, { user, password }: { user: string; password: string }): Promise<UserRow> {
  if (!identity.passwords) throw passwordsOff();
  const row = await findUser(identity.database, user);
  const usable = row !== undefined && row.disabled === 0 && row.password_hash !== null;
  if (!usable) await pretendToVerify(password);
  if (!usable || !(await verifyPassword(password, row.password_hash ?? ""))) {
    throw refuse("wrong_password", "The name or the password is not right", {
      hint: "An administrator can send you a link to choose a new one.",
    });
  }
  return row;
}

export function passwordsOff() {
  return refuse("passwords_off", "People sign in here by single sign-on only", { hint: "The machine's owner can use `ebb open console`." });
}
