import { once } from "node:events";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { eventually } from "@ebb/testkit";
import { expect, test } from "vitest";
import { WebSocket } from "ws";
import { refuse } from "../errors.ts";
import type { InstanceCommand } from "../service/exec.ts";
import { openPlatformHttp, OWNER_TOKEN } from "../testing/http.ts";

const PATH = "/apps/shop/environments/test/exec";

async function setUp(exec?: () => Promise<never>) {
  const asked: InstanceCommand[] = [];
  const session = new PassThrough({ objectMode: true });
  const http = await openPlatformHttp({
    exec: async (_place, command) => {
      asked.push(command);
      return exec ? exec() : session;
    },
  });
  const at = { created_at: 0, updated_at: 0 };
  await http.database
    .insertInto("apps")
    .values({ name: "shop", team: "default", kind: "application", metadata_json: "{}", ...at })
    .execute();
  const open = (query: string, headers: Record<string, string> = { authorization: `Bearer ${OWNER_TOKEN}` }) => {
    const socket = new WebSocket(`${http.base.replace("http", "ws")}/api/v1${PATH}?${query}`, { headers });
    socket.on("error", () => undefined);
    const refused = new Promise<{ status: number; code: string }>((resolve) =>
      socket.once("unexpected-response", (_request, response) => {
        void text(response).then((body) => resolve({ status: response.statusCode ?? 0, code: JSON.parse(body).code }));
      }),
    );
    return { socket, refused, opened: new Promise((resolve) => socket.once("open", resolve)) };
  };
  return { ...http, asked, session, open };
}

test("messages go through both ways as they are; whichever side ends, the other does", async () => {
  const { asked, session, open } = await setUp();
  const { socket, opened } = open("command=sh&command=-c&command=ls&stdin=true&instance=shop-1");
  await opened;
  expect(asked).toEqual([{ command: ["sh", "-c", "ls"], instance: "shop-1", version: undefined, stdin: true, terminal: false }]);
  socket.send(Buffer.from("\u0000hello"));
  const [message] = await once(socket, "message");
  expect(String(message)).toBe("\u0000hello");
  socket.close();
  await eventually(() => session.destroyed || session.writableEnded);
});

test("a command that is over closes the socket; a client that is lost ends the command", async () => {
  const first = await setUp();
  const { socket, opened } = first.open("command=ls");
  await opened;
  const closed = once(socket, "close");
  first.session.end();
  await closed;
  const second = await setUp();
  const lost = second.open("command=ls");
  await lost.opened;
  lost.socket.terminate();
  await eventually(() => second.session.destroyed);
});

test.each([
  ["no command", "instance=x", 400, "invalid_request"],
  ["an empty list of words", "stdin=true", 400, "invalid_request"],
  ["nobody's token", "command=ls", 401, "unauthenticated"],
])("%s is refused in HTTP", async (title, query, status, code) => {
  const { open, asked } = await setUp();
  expect(await open(query, title.startsWith("nobody") ? {} : undefined).refused).toEqual({ status, code });
  expect(asked).toEqual([]);
});

test("what the platform refuses is a problem like any other; a plain GET runs nothing", async () => {
  const { open, owner, asked } = await setUp(() => Promise.reject(refuse("instance_not_found", "none")));
  expect(await open("command=ls").refused).toEqual({ status: 404, code: "instance_not_found" });
  expect(asked).toHaveLength(1);
  expect((await owner("GET", `${PATH}?command=ls`)).status).toBe(400);
  expect(asked).toHaveLength(1);
});

test("a page, which is not told of a refused handshake, is told in the stream", async () => {
  const { open, base } = await setUp(() => Promise.reject(refuse("instance_not_found", "none", { hint: "Wake it." })));
  const { socket } = open("command=sh", { authorization: `Bearer ${OWNER_TOKEN}`, origin: base });
  const [message] = (await once(socket, "message")) as [Buffer];
  expect(message[0]).toBe(3);
  expect(JSON.parse(String(message.subarray(1)))).toMatchObject({
    status: "Failure",
    reason: "instance_not_found",
    message: "none",
    hint: "Wake it.",
  });
  await once(socket, "close");
});

test("another site's page cannot open one with the cookie that comes along", async () => {
  const { open, owner, base, asked } = await setUp();
  const { code } = (await (await owner("POST", "/session/codes")).json()) as { code: string };
  const answer = await fetch(`${base}/api/v1/session`, {
    method: "POST",
    headers: { "content-type": "application/json", origin: base },
    body: JSON.stringify({ code }),
  });
  const cookie = answer.headers.getSetCookie().map((line) => line.replace(/;.*/, ""));
  expect(cookie).toHaveLength(1);
  const headers = { cookie: cookie.join("; ") };
  expect(await open("command=ls", { ...headers, origin: "https://evil.example" }).refused).toMatchObject({ code: "forbidden_origin" });
  expect(asked).toEqual([]);
  await open("command=ls", { ...headers, origin: base }).opened;
  expect(asked).toHaveLength(1);
});
