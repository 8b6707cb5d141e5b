import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { HeadScanner } from "./head-scanner.ts";
import type { RequestHead } from "./heads.ts";
import { MessageReader } from "./message-reader.ts";
import { RequestInterpreter } from "./request-head.ts";

const LIMITS = { headers: 200, targetBytes: 16 * 1024, headBytes: 64 * 1024 };

function reader(): MessageReader<RequestHead> {
  const requests = new RequestInterpreter(LIMITS.headers);
  return new MessageReader<RequestHead>({
    scanner: new HeadScanner(LIMITS),
    headBytes: LIMITS.headBytes,
    dialect: {
      leadingEmptyLine: true,
      read: (scanner, bytes, start, end) => requests.read(scanner, bytes, start, end),
    },
  });
}

/** What the pieces mean: heads, bodies joined, ends with trailers, or the refusal's status. */
function read(pieces: readonly Buffer[]): unknown[] {
  const found: unknown[] = [];
  let body = "";
  const messages = reader();
  for (const piece of pieces) {
    messages.push(piece);
    for (let step = messages.next(); step !== "more"; step = messages.next()) {
      if (step === "bad") return [...found, { refused: messages.rejection.status }];
      if (step === "head") found.push({ ...messages.head });
      else if (step === "data") body += messages.chunk.toString("latin1");
      else {
        found.push({ body, trailers: messages.trailers });
        body = "";
      }
    }
  }
  return body === "" ? found : [...found, { part: body }];
}

function readText(text: string): unknown[] {
  return read([Buffer.from(text, "latin1")]);
}

const VALID = [
  "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
  "\r\nGET /x?y=z HTTP/1.1\r\nhOsT: A.Example:8080\r\nX-A: 1\r\nConnection: close, X-A\r\n\r\n",
  "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhelloGET /next HTTP/1.1\r\nHost: b\r\n\r\n",
  'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nA ;x="y"\r\n0123456789\r\n0\r\nX-Sum: 9\r\nHost: evil\r\n\r\n',
  "GET http://Abs.Example/p?q HTTP/1.1\r\nHost: other\r\n\r\n",
  "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
  "GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n",
  "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n\x00binary",
  "GET /\xe4 HTTP/1.1\r\nHost: [::1]:80\r\nX-Latin:\t\xe9 \t\r\nX-Empty:\r\n\r\n",
];

describe("how the bytes are cut changes nothing", () => {
  for (const text of VALID) {
    test(JSON.stringify(text.slice(0, 60)), () => {
      const bytes = Buffer.from(text, "latin1");
      const whole = read([bytes]);
      expect(JSON.stringify(whole)).not.toContain('refused":400,');
      for (let at = 1; at < bytes.length; at++) expect(read([bytes.subarray(0, at), bytes.subarray(at)])).toEqual(whole);
      expect(read(Array.from(bytes, (byte) => Buffer.of(byte)))).toEqual(whole);
    });
  }

  test("for refused messages, too, once their line has ended", () => {
    for (const [text] of REFUSED) {
      const bytes = Buffer.from(`${text}\r\n\r\n`, "latin1");
      expect(read(Array.from(bytes, (byte) => Buffer.of(byte))).at(-1)).toEqual(read([bytes]).at(-1));
    }
  });

  test("random cuts of a pipeline of bodies", () => {
    const message = fc.uint8Array({ maxLength: 300 }).chain((body) =>
      fc.boolean().map((chunked) => {
        const bytes = Buffer.from(body);
        const head = chunked ? "Transfer-Encoding: chunked" : `Content-Length: ${bytes.length}`;
        const half = bytes.length >> 1;
        const parts = [bytes.subarray(0, half), bytes.subarray(half)].filter((part) => part.length > 0);
        const coded = chunked
          ? Buffer.concat([
              ...parts.flatMap((part) => [Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from("\r\n")]),
              Buffer.from("0\r\n\r\n"),
            ])
          : bytes;
        return {
          body: bytes.toString("latin1"),
          wire: Buffer.concat([Buffer.from(`POST / HTTP/1.1\r\nHost: a\r\n${head}\r\n\r\n`), coded]),
        };
      }),
    );
    fc.assert(
      fc.property(fc.array(message, { minLength: 1, maxLength: 4 }), fc.array(fc.nat(2000), { maxLength: 20 }), (messages, cuts) => {
        const wire = Buffer.concat(messages.map((m) => m.wire));
        const at = [0, ...cuts.map((cut) => cut % wire.length).sort((a, b) => a - b), wire.length];
        const found = read(at.slice(1).map((end, i) => wire.subarray(at[i], end)));
        expect(found.filter((_, i) => i % 2 === 1)).toEqual(messages.map((m) => ({ body: m.body, trailers: "" })));
      }),
      { numRuns: 200 },
    );
  });
});

test("random bytes are refused or wanted more of, and never throw", () => {
  const alphabet = fc.constantFrom(
    "GET ",
    "POST / HTTP/1.1\r\n",
    "Host: a\r\n",
    "\r\n",
    "\n",
    "\r",
    ":",
    " ",
    "Content-Length: 3\r\n",
    "Transfer-Encoding: chunked\r\n",
    "0\r\n",
    "ffff\r\n",
    "\x00",
    "\xff",
    "a",
    "HTTP/1.1",
  );
  fc.assert(
    fc.property(fc.array(alphabet, { maxLength: 40 }), (parts) => void readText(parts.join(""))),
    { numRuns: 2000 },
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => void read([Buffer.from(bytes)])),
    { numRuns: 500 },
  );
});

const H = "Host: a\r\n";
const POST = `POST / HTTP/1.1\r\n${H}`;
const CHUNKED = `${POST}Transfer-Encoding: chunked\r\n\r\n`;
const REFUSED: [text: string, status: number, why: string][] = [
  [`${POST}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n`, 400, "both framings"],
  [`${POST}Content-Length: 3\r\nContent-Length: 4\r\n\r\n`, 400, "two lengths"],
  [`${POST}Content-Length: 3\r\nContent-Length: 3\r\n\r\n`, 400, "one length twice"],
  [`${POST}Content-Length: 3, 3\r\n\r\n`, 400, "a list of lengths"],
  [`${POST}Content-Length: +3\r\n\r\n`, 400, "a signed length"],
  [`${POST}Content-Length: 0x3\r\n\r\n`, 400, "a hexadecimal length"],
  [`${POST}Content-Length: 9999999999999999\r\n\r\n`, 400, "a length beyond exact numbers"],
  [`${POST}Content-Length:\r\n\r\n`, 400, "an empty length"],
  [`${POST}Transfer-Encoding: gzip, chunked\r\n\r\n`, 501, "an unknown coding"],
  [`${POST}Transfer-Encoding: xchunked\r\n\r\n`, 501, "nearly chunked"],
  [`${POST}Transfer-Encoding: chunked, chunked\r\n\r\n`, 400, "chunked twice"],
  [`${POST}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n`, 400, "two Transfer-Encodings"],
  [`POST / HTTP/1.0\r\n${H}Transfer-Encoding: chunked\r\n\r\n`, 400, "chunked in HTTP/1.0"],
  [`${POST}Transfer-Encoding : chunked\r\n\r\n`, 400, "a space before the colon"],
  [`${POST}X: a\r\n folded\r\n\r\n`, 400, "a folded line"],
  [`${POST} X: a\r\n\r\n`, 400, "a line that begins with a space"],
  [`POST / HTTP/1.1\n${H}\r\n`, 400, "a bare LF behind the request line"],
  [`POST / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n`, 400, "a bare LF behind a header"],
  [`${POST}X: a\rb\r\n\r\n`, 400, "a bare CR"],
  [`${POST}X: a\x00b\r\n\r\n`, 400, "a NUL"],
  [`${POST}X\xe9: a\r\n\r\n`, 400, "a name beyond tokens"],
  [`${POST}: a\r\n\r\n`, 400, "no name"],
  [`${POST}X\r\n\r\n`, 400, "no colon"],
  ["GET / HTTP/1.1\r\n\r\n", 400, "no Host"],
  [`GET / HTTP/1.1\r\n${H}Host: b\r\n\r\n`, 400, "two Hosts"],
  [`GET / HTTP/1.1\r\n${H}Host: a\r\n\r\n`, 400, "one Host twice"],
  ["GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400, "a Host with a space"],
  ["GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400, "a Host with a path"],
  ["GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400, "a Host with a user"],
  [`GET http://u@b/ HTTP/1.1\r\n${H}\r\n`, 400, "a target with a user"],
  ["GET http://b/ HTTP/1.1\r\nHost: a b\r\n\r\n", 400, "an invalid Host beside a valid target"],
  [`GET https://b/ HTTP/1.1\r\n${H}\r\n`, 400, "an https target"],
  [`GET x HTTP/1.1\r\n${H}\r\n`, 400, "a target without a slash"],
  [`GET * HTTP/1.1\r\n${H}\r\n`, 400, "an asterisk without OPTIONS"],
  [`GET /#f HTTP/1.1\r\n${H}\r\n`, 400, "a fragment"],
  [`GET  / HTTP/1.1\r\n${H}\r\n`, 400, "two spaces"],
  [`GET / HTTP/1.1 \r\n${H}\r\n`, 400, "a space behind the version"],
  [`GET / HTTP/2.0\r\n${H}\r\n`, 505, "version 2.0"],
  [`GET / http/1.1\r\n${H}\r\n`, 400, "a lower-case version"],
  [`CONNECT a:443 HTTP/1.1\r\n${H}\r\n`, 405, "CONNECT"],
  [`${POST}Expect: miracles\r\n\r\n`, 417, "an unknown expectation"],
  [`${CHUNKED}\r\n`, 400, "no chunk size"],
  [`${CHUNKED}-5\r\n`, 400, "a negative chunk size"],
  [`${CHUNKED}5\nhello`, 400, "a bare LF behind a chunk size"],
  [`${CHUNKED}5\r\nhelloX\r\n`, 400, "a chunk longer than its size"],
  [`${CHUNKED}1000000000000\r\n`, 400, "a chunk size of 13 digits"],
  [`${CHUNKED}5;a\x00\r\n`, 400, "a control in a chunk extension"],
  [`${CHUNKED}5;${"x".repeat(17 * 1024)}\r\n`, 400, "an endless chunk extension"],
  [`${CHUNKED}0\r\nX: a\nY: b\r\n\r\n`, 400, "a bare LF in the trailers"],
  [`${CHUNKED}0\r\nX: ${"a".repeat(17 * 1024)}\r\n\r\n`, 400, "endless trailers"],
  [`GET /${"a".repeat(17 * 1024)} HTTP/1.1\r\n${H}\r\n`, 414, "a long target"],
  [`GET / HTTP/1.1\r\n${H}${"X: a\r\n".repeat(200)}\r\n`, 431, "201 headers"],
  [`GET / HTTP/1.1\r\n${H}X: ${"a".repeat(65 * 1024)}\r\n\r\n`, 431, "64 KiB of headers"],
];

describe("refuses", () => {
  test.each(REFUSED)("%#: %j → %i %s", (text, status) => {
    expect(readText(text).at(-1)).toEqual({ refused: status });
  });
});

test("a refused message is the last: nothing behind it is read", () => {
  expect(readText(`${POST}Content-Length: x\r\n\r\nGET /smuggled HTTP/1.1\r\n${H}\r\n`)).toEqual([{ refused: 400 }]);
});

test("drops what is for this hop or only ours to say, and what Connection names", () => {
  const [head] = readText(
    `GET / HTTP/1.1\r\n${H}Connection: keep-alive, X-Hop\r\nKeep-Alive: 5\r\nX-Hop: 1\r\nProxy-Authorization: x\r\nTE: trailers\r\nX-Keep: 1\r\n` +
      "K-Network-Probe: probe\r\nKnative-Serving-Revision: forged\r\nX-Forwarded-Proto: https\r\nX-Forwarded-For: 1.2.3.4\r\nAccept: */*\r\n\r\n",
  ) as [RequestHead];
  expect(head.fields).toBe("X-Keep: 1\r\nAccept: */*\r\n");
  expect(head).toMatchObject({ probe: "probe", forwardedFor: "1.2.3.4", acceptsTrailers: true, keepAlive: true });
});

test("an absolute target outranks Host", () => {
  expect(readText("GET http://Svc.Ns.svc.cluster.local:80?q HTTP/1.1\r\nHost: proxy:8080\r\n\r\n")[0]).toMatchObject({
    host: "svc.ns.svc.cluster.local",
    authority: "Svc.Ns.svc.cluster.local:80",
    target: "/?q",
  });
});

test("trailers keep what may be one and drop what steers", () => {
  expect(readText(VALID[3] ?? "")[1]).toEqual({ body: "hello0123456789", trailers: "X-Sum: 9\r\n" });
});

test("a body of one-byte chunks with extensions is bounded as a whole", () => {
  const chunk = `1;${"e".repeat(100)}\r\nx\r\n`;
  expect(readText(CHUNKED + chunk.repeat(100))).toMatchObject([{ framing: "chunked" }, { part: "x".repeat(100) }]);
  expect(readText(CHUNKED + chunk.repeat(200)).at(-1)).toEqual({ refused: 400 });
});
