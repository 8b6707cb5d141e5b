import { BodyWriter } from "../src/http1/body-writer.ts";
import { requestText } from "../src/http1/write-head.ts";
import { HeadScanner } from "../src/http1/head-scanner.ts";
import type { RequestHead } from "../src/http1/heads.ts";
import { MessageReader } from "../src/http1/message-reader.ts";
import type { Outbox } from "../src/http1/outbox.ts";
import { RequestInterpreter } from "../src/http1/request-head.ts";
import { feed, type Message } from "./feed.ts";
import { parseOne } from "./strict-parser.ts";

const LIMITS = { headers: 50, targetBytes: 1024, headBytes: 4096 };

type RequestMessage = Message<RequestHead>;

export interface Reading {
  messages: readonly unknown[];
  /** The status of the refusal that ended it, or 0. */
  refused: number;
}

interface Requests extends Reading {
  messages: RequestMessage[];
}

/** Has read all that was fuzzed so far, and remembers what came twice. */
const REMEMBERS = new RequestInterpreter(LIMITS.headers);

/** Reads bytes that came in these pieces. */
export function readRequests(parts: readonly Buffer[], requests = new RequestInterpreter(LIMITS.headers)): Requests {
  const reader = new MessageReader<RequestHead>({
    scanner: new HeadScanner(LIMITS),
    headBytes: LIMITS.headBytes,
    dialect: {
      leadingEmptyLine: true,
      read: (scanner, bytes, start, end) => requests.read(scanner, bytes, start, end),
    },
  });
  const messages: RequestMessage[] = [];
  return { messages, refused: feed(reader, parts, messages)?.status ?? 0 };
}

/** The bytes that an instance gets for a message. */
export function forwarded({ head, body, trailers }: RequestMessage): string {
  let text = requestText(head, head.fields);
  const outbox = { text: (more: string) => (text += more), bytes: (more: Buffer) => (text += more.toString("latin1")), roomy: true };
  const writer = new BodyWriter(outbox as unknown as Outbox);
  writer.start(head.framing);
  writer.write(Buffer.from(body, "latin1"));
  writer.end(trailers);
  return text;
}

/** Throws when one of the parser's promises is broken by these bytes, with an empty line behind them; `cuts` are where they are cut the second time. */
export function checkRequests(input: Buffer, cuts: readonly number[]): Requests {
  // A head is looked at again when a line has ended: only then must a refusal have come, however the bytes were cut.
  const bytes = Buffer.concat([input, Buffer.from("\r\n\r\n")]);
  const whole = readRequests([bytes]);
  const cut = readRequests(pieces(bytes, cuts));
  same("the bytes cut elsewhere", whole, cut);
  for (let time = 1; time <= 3; time++) same("what comes again", whole, readRequests([bytes], REMEMBERS));
  if (whole.refused !== 0 && ![400, 405, 414, 417, 431, 501, 505].includes(whole.refused)) throw new Error(`status ${whole.refused}`);
  for (const message of whole.messages) if (message.whole && message.head.upgrade === "") checkForwarded(message);
  return whole;
}

export function pieces(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return at.slice(1).map((end, i) => bytes.subarray(at[i], end));
}

function checkForwarded(message: RequestMessage): void {
  const text = forwarded(message);
  const parsed = parseOne(text);
  if (!parsed) throw new Error(`not one strict request: ${JSON.stringify(text)}`);
  if (parsed.body !== message.body) throw new Error(`another body: ${JSON.stringify(text)}`);
  const again = readRequests([Buffer.from(text, "latin1")]);
  const meaning = ({ head, body, trailers }: RequestMessage) => [
    head.method,
    head.target,
    head.host,
    head.fields,
    head.framing,
    body,
    trailers,
  ];
  same("what was forwarded", [meaning(message)], again.messages.map(meaning));
  if (again.refused !== 0) throw new Error(`what was forwarded is refused: ${JSON.stringify(text)}`);
}

export function same(what: string, expected: unknown, found: unknown): void {
  const [left, right] = [JSON.stringify(expected), JSON.stringify(found)];
  if (left !== right) throw new Error(`${what} read differently:\n${left}\n${right}`);
}
