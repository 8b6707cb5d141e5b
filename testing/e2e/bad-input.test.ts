import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomBytes } from "node:crypto";
import { gzipSync } from "node:zlib";
import { ApiError } from "@ebb/api/client";
import { archive, deploy, finished, nodeApp, startEbb, type EbbServer } from "@ebb/testkit";
import { create } from "tar";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

let ebb: EbbServer;
beforeAll(async () => {
  ebb = await startEbb({ args: ["--no-containers"] });
  expect((await deploy(ebb.client, "hello", nodeApp())).failure).toBeNull();
});
afterAll(async () => {
  // Whatever was thrown at it, it still serves.
  expect((await ebb.get("hello")).status).toBe(200);
  await ebb.dispose();
});

async function problem(call: Promise<unknown>): Promise<{ status: number; code: string; detail: string }> {
  try {
    await call;
  } catch (error) {
    if (error instanceof ApiError) return error.problem;
    throw error;
  }
  throw new Error("it was accepted");
}

/** Sends bytes as they are and returns the first line of what comes back ("" when the connection is just closed). */
function raw(text: string | Buffer, port = ebb.gateway.port): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(text));
    let answer = "";
    socket.setEncoding("latin1");
    socket.on("data", (chunk: string) => {
      answer += chunk;
      if (answer.includes("\r\n")) socket.destroy();
    });
    socket.setTimeout(30_000, () => socket.destroy(new Error("neither answered nor closed")));
    socket.once("error", (error: NodeJS.ErrnoException) => (error.code === "ECONNRESET" ? resolve(answer) : reject(error)));
    socket.once("close", () => resolve(answer.split("\r\n")[0] ?? ""));
  });
}

describe("the platform's API", () => {
  test.each(["UPPER", "-dash", "a".repeat(80), "ünicode", "a/b", "..", ""])("refuses the app name %j", async (name) => {
    const answer = await problem(ebb.client.deployImage({ name, image: "x" }));
    expect(answer).toMatchObject({ status: 400 });
    expect(answer.detail).toContain("name");
  });

  test("refuses a body that is too large, one that is not JSON, and a caller without a token", async () => {
    const url = `${ebb.urls.platform}/api/v1/deployments`;
    const { token } = JSON.parse(await readFile(join(ebb.dataDir, "credentials.json"), "utf8")) as { token: string };
    const post = (body: string, authorization: string) =>
      fetch(url, { method: "POST", headers: { "content-type": "application/json", authorization }, body });
    expect((await post(`{"name":"${"x".repeat(3 << 20)}"}`, `Bearer ${token}`)).status).toBe(413);
    expect((await post("{", `Bearer ${token}`)).status).toBe(400);
    expect((await post("{}", "Bearer nonsense")).status).toBe(401);
  });

  test("ends a request for a missing app with what to do", async () => {
    expect(await problem(ebb.client.getApp("nowhere"))).toMatchObject({ status: 404, code: "app_not_found" });
  });
});

/** A gzip-compressed tar with one empty file of any name, which no tool would write (POSIX ustar header). */
function oneFile(name: Buffer): Buffer {
  const header = Buffer.alloc(512);
  name.copy(header);
  header.write("0000644\0", 100);
  header.write("00000000000\0", 124);
  header.write(" ".repeat(8), 148);
  header.write("0", 156);
  header.write("ustar\u000000", 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return gzipSync(Buffer.concat([header, Buffer.alloc(1024)]));
}

describe("source archives", () => {
  const upload = async (body: Buffer | Blob) =>
    finished(
      ebb.client,
      (await ebb.client.uploadSource(body instanceof Blob ? body : new Blob([new Uint8Array(body)]), { name: "victim" })).id,
    );

  test("that are no archive, or cut off", async () => {
    expect(await upload(randomBytes(4096))).toMatchObject({ state: "failed" });
    const whole = Buffer.from(await (await archive({ ...nodeApp(), "data.bin": randomBytes(200_000).toString("hex") })).arrayBuffer());
    expect(await upload(whole.subarray(0, whole.length / 2))).toMatchObject({ state: "failed" });
  });

  test("that unpack to a thousand times their size", async () => {
    const folder = await mkdtemp(join(tmpdir(), "ebb-bomb-"));
    await writeFile(join(folder, "zeros"), Buffer.alloc(300 << 20));
    await create({ gzip: true, cwd: folder, file: join(folder, "bomb.tgz") }, ["zeros"]);
    const ended = await upload(await readFile(join(folder, "bomb.tgz")));
    await rm(folder, { recursive: true });
    expect(ended).toMatchObject({ state: "failed" });
    expect(ended.failure?.message).toMatch(/unpack|large|ratio|bomb/i);
  });

  test("with a path or a symlink that leads out of the source", async () => {
    const folder = await mkdtemp(join(tmpdir(), "ebb-link-"));
    await symlink("/etc", join(folder, "etc"));
    await writeFile(join(folder, "index.html"), "x");
    await create({ gzip: true, cwd: folder, file: join(folder, "link.tgz") }, ["etc", "index.html"]);
    expect((await upload(await readFile(join(folder, "link.tgz")))).failure?.message).toContain("etc");
    await rm(folder, { recursive: true });
    expect((await upload(oneFile(Buffer.from("../../escape.txt")))).failure?.message).toContain("..");
  });

  test("with a name that is not UTF-8, and one with nothing in it that can run", async () => {
    expect((await upload(oneFile(Buffer.from([0x61, 0xff, 0xfe])))).failure?.message).toContain("UTF-8");
    const nothing = await upload(await archive({ "notes.txt": "hello" }));
    expect(nothing.failure).toMatchObject({ code: expect.stringMatching(/./) });
    expect(nothing.failure?.hint).toContain("ebb.yaml");
  });
});

describe("the gateway", () => {
  const host = "hello-test.sls-local.localhost";
  test.each([
    ["no HTTP at all", "hello?\r\n\r\n", /^(HTTP\/1.1 400|)/],
    [
      "Content-Length and Transfer-Encoding",
      `POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc`,
      /400/,
    ],
    ["two lengths", `POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd`, /400/],
    ["no Host", "GET / HTTP/1.1\r\n\r\n", /400/],
    ["a folded header", `GET / HTTP/1.1\r\nHost: ${host}\r\nA: b\r\n c\r\n\r\n`, /400/],
    ["a bare line feed", `GET / HTTP/1.1\nHost: ${host}\n\n`, /400/],
    ["a head of a megabyte", `GET / HTTP/1.1\r\nHost: ${host}\r\nA: ${"x".repeat(1 << 20)}\r\n\r\n`, /431/],
    ["a target of 100 KiB", `GET /${"x".repeat(100 << 10)} HTTP/1.1\r\nHost: ${host}\r\n\r\n`, /414/],
    ["an unknown host", "GET / HTTP/1.1\r\nHost: nobody.sls-local.localhost\r\n\r\n", /404/],
    ["a cluster-local name from outside", "GET / HTTP/1.1\r\nHost: hello.default.svc.cluster.local\r\n\r\n", /404/],
  ])("refuses %s", async (_, text, expected) => {
    expect(await raw(text)).toMatch(expected);
  });

  test("a slow client does not keep others waiting", async () => {
    const sockets = Array.from({ length: 200 }, () => {
      const socket = connect(ebb.gateway.port, "127.0.0.1", () => socket.write("GET / HTTP/1.1\r\nHost: "));
      return socket.on("error", () => {});
    });
    expect((await ebb.get("hello")).status).toBe(200);
    for (const socket of sockets) socket.destroy();
  });
});
