import fc from "fast-check";
import { expect, test } from "vitest";
import { HeadMemory } from "./head-memory.ts";
import { HeadScanner } from "./head-scanner.ts";
import { Rejection } from "./rejection.ts";
import { RequestInterpreter } from "./request-head.ts";
import { ResponseInterpreter } from "./response-head.ts";

const FIELDS = "Host: app.test\r\nUser-Agent: something that is long enough\r\n\r\n";

/** As its users do: looked for, and offered when it is not found. Returns what was found. */
function meet(memory: HeadMemory<string>, text: string, length = text.length): string | undefined {
  const bytes = Buffer.from(text, "latin1");
  const found = memory.find(bytes, 0, bytes.length);
  if (found === undefined) memory.offer(bytes, 0, length, text.slice(0, length));
  return found;
}

test("what has come twice is known the third time", () => {
  const memory = new HeadMemory<string>();
  expect([1, 2, 3].map(() => meet(memory, FIELDS))).toEqual([undefined, undefined, FIELDS]);
});

test("a byte that differs makes another head, wherever it is", () => {
  for (let at = 0; at < FIELDS.length - 4; at++) {
    const memory = new HeadMemory<string>();
    for (let time = 0; time < 3; time++) meet(memory, FIELDS);
    expect(meet(memory, `${FIELDS.slice(0, at)}~${FIELDS.slice(at + 1)}`)).toBe(undefined);
  }
});

test("what follows a head never becomes part of it, though it ends as one", () => {
  const memory = new HeadMemory<string>();
  const two = `${FIELDS}GET / HTTP/1.1\r\n${FIELDS}`;
  for (let time = 0; time < 5; time++) expect(meet(memory, two, FIELDS.length)).toBe(undefined);
});

test("heads that differ each time leave the known one of their place alone, all but now and then", () => {
  const memory = new HeadMemory<string>();
  // Where none of the samples is: they all have one place, and one mark.
  const other = (i: number) => FIELDS.replace("something", `som${String(i).padStart(2, "0")}hing`);
  let known = 0;
  for (let i = 0; i < 1000; i++) {
    meet(memory, other(i % 100));
    if (meet(memory, FIELDS) !== undefined) known++;
  }
  expect(known).toBeGreaterThan(400);
});

test("where nothing comes again it steps aside, and finds out when something does", () => {
  const memory = new HeadMemory<string>();
  for (let i = 0; i < 1000; i++) expect(meet(memory, `X-Number: ${i}\r\n${FIELDS}`)).toBe(undefined);
  let known = 0;
  for (let i = 0; i < 10_000; i++) if (meet(memory, FIELDS) !== undefined) known++;
  expect(known).toBeGreaterThan(5000);
  expect(known).toBeLessThan(9000);
});

test("two that take turns are both known, whichever was the last", () => {
  const memory = new HeadMemory<string>();
  const [one, other] = [FIELDS, FIELDS.replace("something", "SOMETHING")];
  for (let time = 0; time < 3; time++) for (const text of [one, other]) meet(memory, text);
  expect([one, other, other, one, `${one}a body`].map((text) => meet(memory, text))).toEqual([one, other, other, one, one]);
});

const line = fc.constantFrom(
  "GET / HTTP/1.1",
  "GET /other HTTP/1.0",
  "OPTIONS * HTTP/1.1",
  "CONNECT a HTTP/1.1",
  "GET http://else.test/ HTTP/1.1",
);
const field = fc.constantFrom(
  "Host: app.test",
  "Host: b@d",
  "Connection: upgrade",
  "Connection: x-one",
  "Upgrade: websocket",
  "X-One: 1",
  "Content-Length: 3",
  "Transfer-Encoding: chunked",
  "X-Request-Id: 7",
  "Cookie: a=0123456789012345678901234567890123456789",
);

test("a request means the same whether or not its fields came before, with whichever request line", () => {
  const limits = { headers: 20, targetBytes: 100 };
  const requests = new RequestInterpreter(limits.headers);
  const scanner = new HeadScanner(limits);
  fc.assert(
    fc.property(line, fc.array(field, { maxLength: 6 }), (first, fields) => {
      const bytes = Buffer.from(`${[first, ...fields].join("\r\n")}\r\n\r\n`, "latin1");
      const fresh = new RequestInterpreter(limits.headers).read(scanner, bytes, 0, bytes.length);
      for (let time = 0; time < 3; time++) {
        const read = requests.read(scanner, bytes, 0, bytes.length);
        expect(read).toEqual(fresh);
        if (!(read instanceof Rejection)) expect(scanner.end).toBe(bytes.length);
      }
    }),
  );
});

test("an answer that comes again is one object, with its usual form made; one to HEAD is not it", () => {
  const responses = new ResponseInterpreter(20);
  const scanner = new HeadScanner({ headers: 20, targetBytes: 100 });
  const bytes = Buffer.from("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello", "latin1");
  const read = (method: string) => responses.read(scanner, bytes, 0, bytes.length, method);
  read("GET");
  const kept = read("GET");
  expect(read("GET")).toBe(kept);
  expect(scanner.end).toBe(bytes.length - 5);
  expect(kept).toMatchObject({
    framing: "length",
    usual: { text: "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\n", keepAlive: true },
  });
  expect(read("HEAD")).toMatchObject({ framing: "none", usual: undefined });
});
