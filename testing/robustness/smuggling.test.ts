import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, writeFile } from "node:fs/promises";
import { connect, createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { silentLogger, systemClock, systemRandom } from "@ebb/base";
import { createGateway, createGatewayClient } from "@ebb/gateway";
import { eventually, freePorts, tempDir } from "@ebb/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

/** Requests that two servers could read differently. Each is followed by one that nobody asked for, should a body end early. */
const HIDDEN = "GET /hidden HTTP/1.1\r\nHost: app.test\r\n\r\n";
const post = (fields: string, body = "") => `POST / HTTP/1.1\r\nHost: app.test\r\n${fields}\r\n${body}`;
const chunks = (body: string) => post("Transfer-Encoding: chunked\r\n", body);
const CASES: Readonly<Record<string, string>> = {
  "Content-Length before Transfer-Encoding": post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", `0\r\n\r\n${HIDDEN}`),
  "Transfer-Encoding before Content-Length": post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", `0\r\n\r\n${HIDDEN}`),
  "two lengths that differ": post("Content-Length: 0\r\nContent-Length: 5\r\n", `hello${HIDDEN}`),
  "two lengths that agree": post("Content-Length: 5\r\nContent-Length: 5\r\n", `hello${HIDDEN}`),
  "a list of lengths": post("Content-Length: 5, 5\r\n", `hello${HIDDEN}`),
  "a length with a sign": post("Content-Length: +5\r\n", `hello${HIDDEN}`),
  "a hexadecimal length": post("Content-Length: 0x5\r\n", `hello${HIDDEN}`),
  "a length above 2^64": post("Content-Length: 18446744073709551621\r\n", `hello${HIDDEN}`),
  "chunked twice": post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", `0\r\n\r\n${HIDDEN}`),
  "chunked, then identity": post("Transfer-Encoding: chunked, identity\r\n", `0\r\n\r\n${HIDDEN}`),
  "a coding that is almost chunked": post("Transfer-Encoding: xchunked\r\n", `0\r\n\r\n${HIDDEN}`),
  "chunked behind a vertical tab": post("Transfer-Encoding: \x0bchunked\r\n", `0\r\n\r\n${HIDDEN}`),
  "chunked on a folded line": post("Transfer-Encoding:\r\n chunked\r\n", `0\r\n\r\n${HIDDEN}`),
  "chunked in HTTP/1.0": `POST / HTTP/1.0\r\nHost: app.test\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${HIDDEN}`,
  "a space before the colon": post("Content-Length : 5\r\n", `hello${HIDDEN}`),
  "a folded line": post("X-A: 1\r\n 2\r\nContent-Length: 0\r\n"),
  "a line that ends with LF alone": post("X-A: 1\nContent-Length: 0\r\n"),
  "a CR within a value": post("X-A: 1\rContent-Length: 5\r\nContent-Length: 0\r\n"),
  "a NUL within a value": post("X-A: 1\0\r\nContent-Length: 0\r\n"),
  "a field name with a bracket": post("X[A]: 1\r\nContent-Length: 0\r\n"),
  "a chunk's size with 0x": chunks(`0x5\r\nhello\r\n0\r\n\r\n${HIDDEN}`),
  "a chunk's size below zero": chunks(`-5\r\nhello\r\n0\r\n\r\n${HIDDEN}`),
  "a chunk's size above 2^64": chunks(`10000000000000005\r\nhello\r\n0\r\n\r\n${HIDDEN}`),
  "a chunk's size line that ends with LF alone": chunks(`5\nhello\r\n0\r\n\r\n${HIDDEN}`),
  "a chunk's extension with LF": chunks(`5;a\nb\r\nhello\r\n0\r\n\r\n${HIDDEN}`),
  "a chunk longer than it says": chunks(`2\r\nhello\r\n0\r\n\r\n${HIDDEN}`),
  "two Hosts": `GET / HTTP/1.1\r\nHost: app.test\r\nHost: other.test\r\n\r\n`,
  "no Host": "GET / HTTP/1.1\r\n\r\n",
  "a space in the target": "GET /a b HTTP/1.1\r\nHost: app.test\r\n\r\n",
  "a version that is none": "GET / HTTP/1.10\r\nHost: app.test\r\n\r\n",
  "a length that is empty": post("Content-Length: \r\n", `hello${HIDDEN}`),
  "a length of two numbers": post("Content-Length: 5 5\r\n", `hello${HIDDEN}`),
  "a length with a fraction": post("Content-Length: 5.0\r\n", `hello${HIDDEN}`),
  "a length with an exponent": post("Content-Length: 5e0\r\n", `hello${HIDDEN}`),
  "a length below zero": post("Content-Length: -5\r\n", `hello${HIDDEN}`),
  "a length behind a NUL": post("Content-Length: \x005\r\n", `hello${HIDDEN}`),
  "chunked with a parameter": post("Transfer-Encoding: chunked;q=1\r\n", `0\r\n\r\n${HIDDEN}`),
  "chunked and a comma": post("Transfer-Encoding: chunked,\r\n", `0\r\n\r\n${HIDDEN}`),
  "chunked in quotes": post('Transfer-Encoding: "chunked"\r\n', `0\r\n\r\n${HIDDEN}`),
  "a coding that is empty, and a length": post("Transfer-Encoding:\r\nContent-Length: 5\r\n", `hello${HIDDEN}`),
  "gzip, then chunked": post("Transfer-Encoding: gzip, chunked\r\n", `0\r\n\r\n${HIDDEN}`),
  "a chunk without a size": chunks(`\r\nhello\r\n0\r\n\r\n${HIDDEN}`),
  "a chunk's size behind a space": chunks(` 5\r\nhello\r\n0\r\n\r\n${HIDDEN}`),
  "a chunk's size that is no number": chunks(`5x\r\nhello\r\n0\r\n\r\n${HIDDEN}`),
  "a chunk that ends with LF alone": chunks(`5\r\nhello\n0\r\n\r\n${HIDDEN}`),
  "a CR alone within a chunk's extension": chunks(`5;a\rb\r\nhello\r\n0\r\n\r\n${HIDDEN}`),
  "a trailer without a colon": chunks(`0\r\nno colon\r\n\r\n${HIDDEN}`),
  "a trailer with a space before the colon": chunks(`0\r\nX-A : 1\r\n\r\n${HIDDEN}`),
  "a trailer on a folded line": chunks(`0\r\nX-A: 1\r\n 2\r\n\r\n${HIDDEN}`),
  "a tab in the request line": "GET\t/ HTTP/1.1\r\nHost: app.test\r\n\r\n",
  "two spaces in the request line": "GET  / HTTP/1.1\r\nHost: app.test\r\n\r\n",
  "the version in small letters": "GET / http/1.1\r\nHost: app.test\r\n\r\n",
  "a fragment in the target": "GET /#hidden HTTP/1.1\r\nHost: app.test\r\n\r\n",
  "a target that is no path": "GET app.test/ HTTP/1.1\r\nHost: app.test\r\n\r\n",
  "a control byte in the target": "GET /\x01 HTTP/1.1\r\nHost: app.test\r\n\r\n",
  "a Host with a user": "GET / HTTP/1.1\r\nHost: me@app.test\r\n\r\n",
  "a Host with a path": "GET / HTTP/1.1\r\nHost: app.test/x\r\n\r\n",
  "a Host of two names": "GET / HTTP/1.1\r\nHost: app.test other.test\r\n\r\n",
  "a Host whose port is none": "GET / HTTP/1.1\r\nHost: app.test:80x\r\n\r\n",
  "a header without a name": post(": 1\r\nContent-Length: 0\r\n"),
  "a header without a colon": post("X-A\r\nContent-Length: 0\r\n"),
  "a first header that begins with a space": "GET / HTTP/1.1\r\n X-A: 1\r\nHost: app.test\r\n\r\n",
  "a control byte in a field's name": post("X\x01A: 1\r\nContent-Length: 0\r\n"),
};

const NGINX = "/usr/sbin/nginx";
const HAPROXY = "/usr/sbin/haproxy";
const missing = [NGINX, HAPROXY].filter((path) => !existsSync(path));

describe("requests that two servers could read differently", () => {
  const children: ChildProcess[] = [];
  const cleanups: (() => Promise<unknown>)[] = [];
  const ports: Record<string, number> = {};
  /** All that the instance was ever sent. */
  let received = "";

  beforeAll(async () => {
    const origin = createServer((socket) => {
      socket.on("error", () => {});
      socket.on("data", (chunk: Buffer) => {
        received += chunk.toString("latin1");
        socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
      });
    }).listen(0, "127.0.0.1");
    await eventually(() => origin.listening);
    cleanups.push(async () => origin.close());
    const { port } = origin.address() as AddressInfo;
    ports["ebb"] = await startEbbGateway(port, cleanups);
    if (missing.length === 0) Object.assign(ports, await startPeers(port, children, cleanups));
  });
  afterAll(async () => {
    for (const child of children) child.kill("SIGKILL");
    for (const cleanup of cleanups) await cleanup();
  });

  test.each(Object.entries(CASES))("%s: refused, and nothing behind it reaches an instance", async (name, request) => {
    received = "";
    const answer = await send(ports["ebb"] ?? 0, request);
    expect(answer, name).toMatch(/^(?:400|408|411|501|505)$/);
    expect(received).not.toContain("/hidden");
  });

  test.skipIf(missing.length > 0)("beside nginx and HAProxy in front of the same instance", async () => {
    expect(execFileSync(NGINX, ["-v"], { stdio: ["ignore", "pipe", "pipe"] })).toBeDefined();
    const lines = [`${"case".padEnd(46)} ebb  nginx  haproxy`];
    const passed = { ebb: 0, nginx: 0, haproxy: 0 };
    for (const [name, request] of Object.entries(CASES)) {
      const answers = [];
      for (const proxy of ["ebb", "nginx", "haproxy"] as const) {
        const answer = await send(ports[proxy] ?? 0, request);
        if (answer === "200") passed[proxy]++;
        answers.push(answer);
      }
      lines.push(`${name.padEnd(46)} ${answers.map((answer) => answer.padEnd(5)).join(" ")}`);
    }
    console.log(`${lines.join("\n")}\nlet through: ebb ${passed.ebb}, nginx ${passed.nginx}, HAProxy ${passed.haproxy}`);
    expect(passed.ebb).toBe(0);
  });
});

/** The status of the first answer, or `cut` when the connection ended without one. */
function send(port: number, request: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    let text = "";
    socket.on("error", () => resolve("cut"));
    socket.on("close", () => resolve("cut"));
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
      const status = /^HTTP\/1\.[01] (\d{3})/.exec(text)?.[1];
      if (status === undefined) return;
      resolve(status);
      socket.destroy();
    });
    socket.write(Buffer.from(request, "latin1"));
  });
}

async function startEbbGateway(origin: number, cleanups: (() => Promise<unknown>)[]): Promise<number> {
  const folder = await tempDir("ebb-smuggling-");
  const socketPath = join(folder.path, "gateway.sock");
  const common = { clock: systemClock, log: silentLogger };
  const gateway = createGateway({
    listeners: [{ host: "127.0.0.1", port: 0, visibility: "external" }],
    socketPath,
    tablePath: join(folder.path, "table.json"),
    random: systemRandom,
    limits: { headTimeout: 500, stopGrace: 100 },
    ...common,
  });
  await gateway.start();
  const client = createGatewayClient({ socketPath, ...common });
  await client.start();
  client.begin();
  const limits = { containerConcurrency: 0, timeoutSeconds: 1, responseStartTimeoutSeconds: 0, idleTimeoutSeconds: 0 };
  const endpoints = [{ id: "one", host: "127.0.0.1", port: origin }];
  await client.putBackend({ key: "ns/app", protocol: "http1", ...limits, endpoints });
  const splits = [{ revision: "ns/app", percent: 100 }];
  await client.putRoute({ key: "ns/app", hash: "1", hosts: [{ host: "app.test", visibility: "external", splits, setHeaders: {} }] });
  cleanups.push(async () => {
    await client.stop();
    await gateway.stop();
    await folder.remove();
  });
  return gateway.addresses()[0]?.port ?? 0;
}

async function startPeers(
  origin: number,
  children: ChildProcess[],
  cleanups: (() => Promise<unknown>)[],
): Promise<Record<"nginx" | "haproxy", number>> {
  const folder = await tempDir("ebb-peers-");
  cleanups.push(folder.remove);
  await chmod(folder.path, 0o755);
  const [nginx = 0, haproxy = 0] = await freePorts(2);
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((kind) => `${kind}_temp_path ${folder.path};`).join(" ");
  const nginxConfig = join(folder.path, "nginx.conf");
  await writeFile(
    nginxConfig,
    `daemon off; master_process off; pid ${folder.path}/nginx.pid; error_log /dev/null; events {}
http { access_log off; ${temporary} client_body_timeout 1s; proxy_read_timeout 1s;
  server { listen 127.0.0.1:${nginx}; location / { proxy_pass http://127.0.0.1:${origin}; proxy_http_version 1.1; } } }`,
  );
  const haproxyConfig = join(folder.path, "haproxy.cfg");
  await writeFile(
    haproxyConfig,
    `defaults
  mode http
  timeout connect 1s
  timeout client 1s
  timeout server 1s
  timeout http-request 1s
listen app
  bind 127.0.0.1:${haproxy}
  server app 127.0.0.1:${origin}
`,
  );
  children.push(spawn(NGINX, ["-c", nginxConfig, "-p", folder.path], { stdio: "ignore" }));
  children.push(spawn(HAPROXY, ["-f", haproxyConfig, "-db"], { stdio: "ignore" }));
  const good = "GET / HTTP/1.1\r\nHost: app.test\r\n\r\n";
  for (const port of [nginx, haproxy]) await eventually(async () => (await send(port, good)) === "200", 10_000);
  return { nginx, haproxy };
}
