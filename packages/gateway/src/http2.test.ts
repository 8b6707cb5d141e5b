import { once } from "node:events";
import {
  connect,
  constants,
  createServer,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type OutgoingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { AddressInfo } from "node:net";
import { eventually, VirtualClock } from "@ebb/testkit";
import { describe, expect, onTestFinished, test } from "vitest";
import { backend, deadPort, exchange, get, rawClient, rawServer, startWith } from "./test-gateway.ts";

async function h2Server(onStream: (stream: ServerHttp2Stream, headers: OutgoingHttpHeaders) => void) {
  const server = createServer();
  const sessions: ServerHttp2Session[] = [];
  let open = 0;
  server.on("session", (session) => sessions.push(session));
  server.on("stream", (stream, headers) => {
    open++;
    stream.on("error", () => {});
    stream.on("close", () => open--);
    onStream(stream, headers);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const session of sessions) session.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, sessions, open: () => open };
}

function h2Client(port: number): ClientHttp2Session {
  const session = connect(`http://127.0.0.1:${port}`);
  session.on("error", () => {});
  onTestFinished(() => session.destroy());
  return session;
}

interface Answer {
  headers: Record<string, unknown>;
  body: string;
  trailers: Record<string, unknown>;
  code: number;
}

function collect(stream: ClientHttp2Stream): Promise<Answer> {
  const answer: Answer = { headers: {}, body: "", trailers: {}, code: -1 };
  stream.on("response", (headers) => (answer.headers = headers));
  stream.on("data", (chunk: Buffer) => (answer.body += chunk.toString("latin1")));
  stream.on("trailers", (trailers) => (answer.trailers = trailers));
  stream.on("error", () => {});
  return new Promise((resolve) =>
    stream.on("close", () => {
      answer.code = stream.rstCode;
      resolve(answer);
    }),
  );
}

const APP = { ":authority": "app.test:8080", ":path": "/p?q" };

/** Echoes what it is told and ends with trailers, as a gRPC server does. */
function grpcEcho() {
  return h2Server((stream, headers) => {
    stream.respond({ ":status": 200, "content-type": "application/grpc", "x-te": String(headers["te"]) }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0", "x-got": String(headers["x-custom"]) }));
    stream.pipe(stream);
  });
}

describe("HTTP/2 client, HTTP/2 instance", () => {
  test("a gRPC call: trailers, te, and messages both ways while both are open", async () => {
    const app = await grpcEcho();
    const { port, accessLog } = await startWith([app.port], { protocol: "h2c" });
    const stream = h2Client(port).request({ ...APP, ":method": "POST", te: "trailers", "x-custom": "v" });
    const answer = collect(stream);
    let seen = "";
    stream.on("data", (chunk: Buffer) => (seen += chunk.toString()));
    for (const message of ["one", "two", "three"]) {
      stream.write(message);
      await eventually(() => seen.endsWith(message));
    }
    stream.end();
    expect(await answer).toMatchObject({
      headers: { ":status": 200, "x-te": "trailers" },
      body: "onetwothree",
      trailers: { "grpc-status": "0", "x-got": "v" },
    });
    expect(accessLog[0]).toMatchObject({ protocol: "h2", status: 200, outcome: "complete", path: "/p" });
  });

  test("an answer that is only trailers", async () => {
    const app = await h2Server((stream) => stream.respond({ ":status": 200, "grpc-status": "12" }, { endStream: true }));
    const { port } = await startWith([app.port], { protocol: "h2c" });
    const answer = await collect(
      h2Client(port)
        .request({ ...APP, ":method": "POST" })
        .end("x"),
    );
    expect(answer).toMatchObject({ headers: { ":status": 200, "grpc-status": "12" }, body: "" });
    expect(answer.headers).not.toHaveProperty("content-length");
  });

  test("many at once share one connection to the instance", async () => {
    const app = await grpcEcho();
    const { port } = await startWith([app.port], { protocol: "h2c" });
    const session = h2Client(port);
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, i) => collect(session.request({ ...APP, ":method": "POST" }).end(`${i}`))),
    );
    expect(answers.map((answer) => answer.body)).toEqual(answers.map((_, i) => `${i}`));
    expect(app.sessions).toHaveLength(1);
  });

  test("a connection to the instance is kept while there are requests, and closed when there has been none for a minute", async () => {
    const clock = new VirtualClock();
    const app = await h2Server((stream, headers) => {
      stream.respond({ ":status": 200 });
      if (headers[":path"] === "/short") stream.end("ok");
    });
    const { port } = await startWith([app.port], { protocol: "h2c", timeoutSeconds: 0 }, { clock });
    const session = h2Client(port);
    const long = session.request({ ...APP, ":path": "/long" });
    const answer = collect(long);
    await eventually(() => app.sessions.length === 1);
    await clock.advance(120_000);
    const short = () => collect(session.request({ ...APP, ":path": "/short" }));
    expect((await short()).body).toBe("ok");
    long.close(constants.NGHTTP2_CANCEL);
    await answer;
    await eventually(() => app.open() === 0);
    await clock.advance(50_000);
    expect((await short()).body).toBe("ok");
    expect(app.sessions).toHaveLength(1);
    await clock.advance(61_000);
    await eventually(() => app.sessions.every((each) => each.destroyed));
    expect((await short()).body).toBe("ok");
    expect(app.sessions).toHaveLength(2);
  });

  test("an answer that an HTTP/1.1 instance breaks off is reset for the client, with a length or without", async () => {
    const app = await rawServer((socket, text) => {
      const length = text.includes("/length") ? "Content-Length: 9" : "Transfer-Encoding: chunked";
      socket.write(`HTTP/1.1 200 OK\r\n${length}\r\n\r\n4\r\nhalf`);
      setTimeout(() => socket.destroy(), 50);
    });
    const { port } = await startWith([app.port]);
    for (const path of ["/length", "/chunked"]) {
      expect((await collect(h2Client(port).request({ ...APP, ":path": path }))).code).toBe(constants.NGHTTP2_INTERNAL_ERROR);
    }
  });

  test("an answer whose time is over ends with words that say so, and is reset where a length was promised", async () => {
    const clock = new VirtualClock();
    const app = await rawServer((socket, text) => {
      socket.write(
        text.includes("/length")
          ? "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"
          : "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
      );
    });
    const { port } = await startWith([app.port], { timeoutSeconds: 10 }, { clock });
    const answers = ["/length", "/chunked"].map((path) => {
      const stream = h2Client(port).request({ ...APP, ":path": path });
      return { begun: once(stream, "response"), answer: collect(stream) };
    });
    for (const { begun } of answers) await begun;
    await clock.advance(10_200);
    const [length, chunked] = await Promise.all(answers.map(({ answer }) => answer));
    expect(length?.code).toBe(constants.NGHTTP2_INTERNAL_ERROR);
    expect(chunked).toMatchObject({ code: constants.NGHTTP2_NO_ERROR, body: "halfrequest timeout" });
  });

  test("a stream that the instance resets is reset for the client, never ended", async () => {
    const app = await h2Server((stream) => {
      stream.respond({ ":status": 200 });
      stream.write("half");
      // Not `close`: Node would end the stream first, as if the answer were whole.
      setTimeout(() => stream.destroy(new Error("broken")), 50);
    });
    const { port, accessLog } = await startWith([app.port], { protocol: "h2c" });
    const answer = await collect(h2Client(port).request(APP));
    expect(accessLog[0]?.outcome).toBe("cut");
    expect(answer).toMatchObject({ body: "half", code: constants.NGHTTP2_INTERNAL_ERROR });
  });

  test("a request that the client breaks off never looks whole to the instance", async () => {
    let ended = false;
    let aborted = false;
    const app = await h2Server((stream) => {
      stream.on("data", () => {});
      stream.on("end", () => (ended = !stream.aborted && stream.rstCode === 0));
      stream.on("aborted", () => (aborted = true));
    });
    const { port, accessLog } = await startWith([app.port], { protocol: "h2c" });
    const client = await rawClient(port);
    client.send("POST / HTTP/1.1\r\nHost: app.test\r\nContent-Length: 10\r\n\r\nhalf");
    await eventually(() => app.sessions.length === 1);
    client.socket.destroy();
    await eventually(() => accessLog[0]?.outcome === "client-gone" && aborted);
    expect(ended).toBe(false);
  });

  test("a client that cancels frees the instance", async () => {
    let closed = false;
    const app = await h2Server((stream) => stream.on("close", () => (closed = true)));
    const { port, accessLog } = await startWith([app.port], { protocol: "h2c", containerConcurrency: 1 });
    const stream = h2Client(port).request(APP);
    stream.on("error", () => {});
    await eventually(() => app.sessions.length === 1);
    stream.close(constants.NGHTTP2_CANCEL);
    await eventually(() => closed && accessLog[0]?.outcome === "client-gone");
  });

  test("a refused connection leads to another instance; a restarted one is connected to anew", async () => {
    const app = await grpcEcho();
    const test = await startWith([await deadPort(), app.port], { protocol: "h2c", containerConcurrency: 2 });
    const session = h2Client(test.port);
    expect((await collect(session.request({ ...APP, ":method": "POST" }).end("a"))).body).toBe("a");
    for (const each of app.sessions) each.destroy();
    expect((await collect(session.request(APP))).headers).toMatchObject({ ":status": 200 });
  });
});

describe("HTTP/1.1 client, HTTP/2 instance", () => {
  test("a stream that the instance refuses is sent again if it has no body, whatever its method: the instance has not acted on it", async () => {
    const seen: unknown[] = [];
    const app = await h2Server((stream, headers) => {
      if (seen.push(headers[":method"]) === 1) return stream.close(constants.NGHTTP2_REFUSED_STREAM);
      stream.respond({ ":status": 200 });
      stream.end("done");
    });
    const { port } = await startWith([app.port], { protocol: "h2c" });
    const post = "POST / HTTP/1.1\r\nHost: app.test\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    expect(await exchange(port, post)).toMatch(/^HTTP\/1.1 200 [^]*done/);
    expect(seen).toEqual(["POST", "POST"]);
  });

  test("an instance that refuses every stream is asked a few times, and no more", async () => {
    let seen = 0;
    const app = await h2Server((stream) => {
      seen++;
      stream.close(constants.NGHTTP2_REFUSED_STREAM);
    });
    const { port } = await startWith([app.port], { protocol: "h2c" });
    expect(await exchange(port, get())).toMatch(/^HTTP\/1.1 502 /);
    expect(seen).toBe(4);
    expect(app.sessions).toHaveLength(1);
  });

  test("head, body, trailers and lengths are carried over", async () => {
    const app = await grpcEcho();
    const { port } = await startWith([app.port], { protocol: "h2c" });
    const request = "POST /p HTTP/1.1\r\nHost: app.test\r\nX-Custom: v\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello";
    expect(await exchange(port, request)).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*5\r\nhello\r\n0\r\ngrpc-status: 0\r\nx-got: v\r\n\r\n$/);
  });

  test("an answer without a body says so", async () => {
    const app = await h2Server((stream) => stream.respond({ ":status": 200, "set-cookie": ["a=1", "b=2"] }, { endStream: true }));
    const { port } = await startWith([app.port], { protocol: "h2c" });
    const text = await exchange(port, get());
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*Content-Length: 0\r\n/);
    expect(text).toMatch(/set-cookie: a=1\r\nset-cookie: b=2\r\n/);
  });

  test("an instance that speaks no HTTP/2: 502", async () => {
    const app = await rawServer((socket) => socket.write("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"));
    const { port } = await startWith([app.port], { protocol: "h2c" });
    expect(await exchange(port, get())).toContain("502 Bad Gateway");
  });
});

describe("HTTP/2 client, HTTP/1.1 instance", () => {
  test("head, cookies, body and trailers are carried over", async () => {
    const app = await rawServer((socket, text) => {
      if (text.endsWith("0\r\n\r\n"))
        socket.write(
          "HTTP/1.1 201 Created\r\nX-A: b\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-T: u\r\n\r\n",
        );
    });
    const { port } = await startWith([app.port]);
    const stream = h2Client(port).request({ ...APP, ":method": "POST", cookie: ["a=1", "b=2"], "x-forwarded-for": "9.9.9.9" });
    const answer = await collect(stream.end("body"));
    expect(answer).toMatchObject({ headers: { ":status": 201, "x-a": "b" }, body: "abc", trailers: { "x-t": "u" } });
    expect(answer.headers).not.toHaveProperty("connection");
    const received = app.received();
    expect(received).toMatch(/^POST \/p\?q HTTP\/1\.1\r\nHost: app\.test:8080\r\n/);
    expect(received).toContain("cookie: a=1; b=2\r\n");
    expect(received).toContain("X-Forwarded-For: 9.9.9.9, 127.0.0.1\r\n");
    expect(received).toContain("Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n");
  });

  test("a length is checked against the body: a short one never arrives as a whole request", async () => {
    const app = await rawServer(() => {});
    const { port } = await startWith([app.port]);
    const answer = await collect(
      h2Client(port)
        .request({ ...APP, ":method": "POST", "content-length": "10" })
        .end("short"),
    );
    expect(answer.code).not.toBe(constants.NGHTTP2_NO_ERROR);
    await eventually(() => app.connections.every((socket) => socket.destroyed));
  });

  test("unknown hosts, disagreeing hosts and large heads are refused", async () => {
    const { port } = await startWith([]);
    const session = h2Client(port);
    expect((await collect(session.request({ ...APP, ":authority": "x.test" }))).headers[":status"]).toBe(404);
    expect((await collect(session.request({ ...APP, host: "other.test" }))).headers[":status"]).toBe(400);
    expect((await collect(session.request({ ...APP, ":path": `/${"a".repeat(17_000)}` }))).headers[":status"]).toBe(414);
  });

  test("is held while the backend sleeps", async () => {
    const app = await rawServer((socket) => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
    const { port, client, wakes } = await startWith([]);
    const answer = collect(h2Client(port).request(APP));
    await eventually(() => wakes.length > 0);
    await client.putBackend(backend("ns/app", [app.port]));
    expect((await answer).body).toBe("ok");
  });
});

test("the preface may arrive in pieces, and other methods that begin like it are HTTP/1.1", async () => {
  const { port } = await startWith([]);
  const text = await exchange(port, "PROPFIND / HTTP/1.1\r\nHost: x.test\r\nConnection: close\r\n\r\n");
  expect(text).toContain("404 Not Found");
  const client = await rawClient(port);
  const bytes = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00";
  for (const byte of bytes) {
    client.send(byte);
    await new Promise((resolve) => setImmediate(resolve));
  }
  // A SETTINGS frame comes back.
  await eventually(() => client.text().charCodeAt(3) === 4);
});
