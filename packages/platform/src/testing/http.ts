import { silentLogger, systemRandom } from "@ebb/base";
import { tempDir, VirtualClock } from "@ebb/testkit";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { openDatabase, type Database } from "../database/database.ts";
import { emptySqlite } from "./databases.ts";
import type { PlatformApi } from "../http/port.ts";
import { createHttpServer } from "../http/server.ts";
import type { SignInConfig } from "../identity/sign-in-config.ts";
import { createIdentity } from "../identity/identity.ts";

export const OWNER_TOKEN = "the-owner";

export type Call = (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Response>;

/**
 * The REST API on a real socket, with its clock in the test's hands; `api` answers for the platform. Over a database of its own, unless one is
 * given.
 */
export async function openPlatformHttp(api: Partial<PlatformApi> = {}, signIn: SignInConfig = {}, given?: Database) {
  const { path, remove } = await tempDir();
  const database = given ?? (await openDatabase(await emptySqlite()));
  const clock = new VirtualClock(Date.UTC(2026, 0, 1));
  const identity = await createIdentity({ database, ownerToken: OWNER_TOKEN, clock, random: systemRandom, log: silentLogger, signIn });
  const server = await createHttpServer({
    api: api as PlatformApi,
    identity,
    signIn,
    listen: { host: "127.0.0.1", port: 0 },
    uploadsRoot: join(path, "uploads"),
    consoleRoot: undefined,
    version: "0.0.0",
    ready: () => Promise.resolve(true),
    clock,
    random: systemRandom,
    log: silentLogger,
  });
  await server.start();
  onTestFinished(async () => {
    await server.stop();
    if (!given) await database.destroy();
    await remove();
  });
  const base = `http://127.0.0.1:${server.address().port}`;
  const send = (method: string, route: string, body: unknown, headers: Record<string, string>) =>
    fetch(`${base}/api/v1${route}`, {
      method,
      redirect: "manual",
      headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const bearer =
    (token: string): Call =>
    (method, route, body, headers = {}) =>
      send(method, route, body, { authorization: `Bearer ${token}`, ...headers });
  /** Keeps cookies, and says where it comes from. */
  const browser = (): Call => {
    const jar = new Map<string, string>();
    return async (method, route, body, headers = {}) => {
      const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
      const response = await send(method, route, body, { origin: base, ...(cookie === "" ? {} : { cookie }), ...headers });
      for (const line of response.headers.getSetCookie()) {
        const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
        if (value === "") jar.delete(name);
        else jar.set(name, value);
      }
      return response;
    };
  };
  return { base, clock, database, identity, server, owner: bearer(OWNER_TOKEN), bearer, browser };
}
