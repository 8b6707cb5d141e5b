import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { WebSocketServer, type WebSocket } from "ws";
import { run } from "../testing/run.ts";

/** A platform that answers with this to every WebSocket, and tells what it was asked. */
async function platform(serve: (socket: WebSocket) => void, refusal?: object) {
  const asked: { path: string; authorization: string | undefined }[] = [];
  const server = createServer();
  const sockets = new WebSocketServer({ noServer: true });
  server.on("upgrade", (request, connection, head) => {
    asked.push({ path: request.url ?? "", authorization: request.headers.authorization });
    if (refusal) return connection.end(`HTTP/1.1 404 Not Found\r\nconnection: close\r\n\r\n${JSON.stringify(refusal)}`);
    sockets.handleUpgrade(request, connection, head, serve);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const env = { EBB_SERVER: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, EBB_TOKEN: "t", EBB_ENV: "test" };
  return { asked, env };
}

const status = (body: object) => Buffer.from(`\u0003${JSON.stringify(body)}`);
const ended = (code: number) =>
  status({ status: "Failure", reason: "NonZeroExitCode", details: { causes: [{ reason: "ExitCode", message: String(code) }] } });

test("outputs go where they belong, the exit code is the command's, and what is behind -- is its alone", async () => {
  const { asked, env } = await platform((socket) => {
    socket.send(Buffer.from("\u0001out\n"));
    socket.send(Buffer.from("\u0002err\n"));
    socket.send(ended(42));
    socket.close();
  });
  expect(await run(["exec", "shop", "--instance", "shop-1", "--", "ls", "-l", "--env"], { env })).toEqual({
    code: 42,
    stdout: "out\n",
    stderr: "err\n",
  });
  const query = "command=ls&command=-l&command=--env&instance=shop-1&stdin=false&terminal=false";
  expect(asked).toEqual([{ path: `/api/v1/apps/shop/environments/test/exec?${query}`, authorization: "Bearer t" }]);
});

test("with -i the input is passed on to its end", async () => {
  const { env } = await platform((socket) => {
    let input = "";
    socket.on("message", (data: Buffer) => {
      if (data[0] === 0) input += data.subarray(1).toString();
      if (data[0] !== 255) return;
      socket.send(Buffer.from(`\u0001${input.length}`));
      socket.send(status({ status: "Success" }));
      socket.close();
    });
  });
  expect(await run(["exec", "shop", "-i", "--", "wc"], { env, stdin: "x".repeat(200_000) })).toEqual({
    code: 0,
    stdout: "200000",
    stderr: "",
  });
});

test.each([
  {
    what: "a refusal",
    refusal: { code: "instance_not_found", status: 404, title: "No such instance", detail: "shop has no running instance" },
    code: 3,
    words: "shop has no running instance",
  },
  {
    what: "a command that could not be run",
    message: status({ status: "Failure", message: "no such file" }),
    code: 1,
    words: "could not be run: no such file",
  },
  {
    what: "a connection that breaks off",
    message: Buffer.from("\u0001half"),
    code: 1,
    words: "broke off before the command had ended",
  },
])("$what is told", async ({ message, refusal, code, words }) => {
  const { env } = await platform((socket) => {
    if (message) socket.send(message, () => socket.terminate());
  }, refusal);
  const result = await run(["exec", "shop", "--", "ls"], { env });
  expect(result).toMatchObject({ code, stderr: expect.stringContaining(words) });
});
