import { CODE, FLAG, FRAME, FRAME_HEAD } from "../src/http2/codes.ts";
import { FrameReader } from "../src/http2/frame-reader.ts";
import type { FieldList } from "../src/http2/hpack/decoder.ts";
import { readHttp2Request } from "../src/http2/request-head.ts";
import { requestPseudo } from "../src/http2/field-rules.ts";
import { Http2Session, PREFACE, type SessionEvents } from "../src/http2/session.ts";
import type { Http2Stream } from "../src/http2/stream.ts";
import { Rejection } from "../src/http1/rejection.ts";
import { NOBODY, type Wire } from "../src/io/wire.ts";
import { pieces, same, type Reading } from "./oracle.ts";

/** Of an input, each frame is four bytes (type, flags, stream, length) and its content: bytes that are changed make other frames, not broken ones. */
const RECIPE = 4;
const SETTINGS = Buffer.from("000000040000000000", "hex");
const CLOCK = { now: () => 0, monotonic: () => 0, after: () => ({ cancel() {} }), every: () => ({ cancel() {} }) };
const LIMITS = { listBytes: 4096, fields: 20 };

interface Heard {
  stream: number;
  fields: FieldList["pairs"];
  body: string;
  isWhole: boolean;
}

/** Throws when a server's side of HTTP/2 throws, hears something else of the same bytes cut elsewhere, or sends what is no HTTP/2. */
export function checkHttp2(input: Buffer, cuts: readonly number[]): Reading {
  const bytes = Buffer.concat([Buffer.from(PREFACE), SETTINGS, ...frames(input)]);
  const whole = serve([bytes]);
  // The first cuts of the preface are for all the same; those behind it depend on the input.
  const cut = serve(
    pieces(
      bytes,
      cuts.map((at) => at + PREFACE.length),
    ),
  );
  same("frames cut elsewhere", whole, cut);
  return { messages: whole.heard.filter(({ isWhole }) => isWhole), refused: whole.code };
}

function* frames(input: Buffer): Generator<Buffer> {
  for (let at = 0; at + RECIPE <= input.length;) {
    const [type = 0, flags = 0, stream = 0, length = 0] = input.subarray(at, at + RECIPE);
    const content = input.subarray(at + RECIPE, at + RECIPE + length);
    yield Buffer.concat([Buffer.of(0, 0, content.length, type % 11, flags, 0, 0, 0, stream % 16), content]);
    at += RECIPE + content.length;
  }
}

function serve(parts: readonly Buffer[]): { heard: Heard[]; code: number } {
  const sent: Buffer[] = [];
  const wire: Wire = {
    events: NOBODY,
    remoteAddress: "",
    secure: false,
    roomy: true,
    writable: true,
    waits: false,
    write: (_text, bytes) => sent.push(Buffer.from(bytes ?? "")) > 0,
    pause() {},
    resume() {},
    end() {},
    destroy() {},
    reset() {},
    lend() {},
  };
  const server = new Server(wire);
  for (const part of parts) {
    // Lent memory: what is read later must not look at it.
    const lent = Buffer.from(part);
    server.session.read(lent, lent.length);
    lent.fill(0xee);
  }
  server.session.writer.flush();
  return { heard: server.heard.filter(({ isWhole }) => isWhole), code: verdict(Buffer.concat(sent)) };
}

/** Hears every request to its end, and answers none. */
class Server implements SessionEvents {
  readonly session: Http2Session;
  readonly heard: Heard[] = [];

  constructor(wire: Wire) {
    this.session = new Http2Session(wire, { role: "server", clock: CLOCK, limits: LIMITS, events: this });
  }

  request(stream: Http2Stream, list: FieldList, ended: boolean): void {
    const heard: Heard = { stream: stream.id, fields: list.pairs, body: "", isWhole: false };
    this.heard.push(heard);
    checkHead(list, ended);
    stream.events = {
      streamFields: (trailers) => void (heard.fields = [...heard.fields, ...trailers.pairs]),
      streamData: (chunk) => void (heard.body += chunk.toString("latin1")),
      streamEnd: () => void (heard.isWhole = true),
      streamDrained() {},
      streamFlush() {},
      streamReset() {},
    };
  }
  begun(): void {}
  goaway(): void {}
  idle(): void {}
  closed(): void {}
}

/** What becomes of a list's fields are lines that cannot be taken for others. */
function checkHead(list: FieldList, ended: boolean): void {
  const pseudo = requestPseudo(list);
  if (!pseudo) return;
  const of = (name: string) => pseudo.get(name) ?? "";
  const parts = { method: of(":method"), path: of(":path"), authority: of(":authority"), protocol: of(":protocol") };
  const head = readHttp2Request(list, parts, ended, LIMITS.listBytes);
  if (head instanceof Rejection) return;
  // oxlint-disable-next-line no-control-regex -- controls are what it looks for
  if (!/^(?:[!#$%&'*+\-.^_`|~0-9a-z]+: [^\x00-\x08\x0a-\x1f\x7f]*\r\n)*$/.test(head.fields))
    throw new Error(`fields ${JSON.stringify(head.fields)}`);
}

/** The code of the GOAWAY that was sent, 0 without one. All that was sent must be whole frames. */
function verdict(sent: Buffer): number {
  const reader = new FrameReader("", LIMITS.listBytes);
  reader.push(sent, sent.length);
  let code: number = CODE.noError;
  let length = 0;
  for (let frame = reader.next(); frame; frame = reader.next()) {
    length += FRAME_HEAD + frame.to - frame.from;
    if (frame.type === FRAME.goaway) code = frame.bytes.readUInt32BE(frame.from + 4);
  }
  if (length !== sent.length) throw new Error("what was sent is no whole frames");
  return code;
}

const recipe = (type: number, flags: number, stream: number, content: string): string => {
  const bytes = Buffer.from(content, "hex");
  return Buffer.from([type, flags, stream, bytes.length]).toString("hex") + bytes.toString("hex");
};
/** GET http://a/ as the static table has it, with a literal authority; then a field that goes into the table. */
const GET = "828684410161";
const END = FLAG.endHeaders | FLAG.endStream;

export const http2Seeds = (): Buffer[] =>
  [
    [recipe(FRAME.headers, END, 1, GET), recipe(FRAME.headers, END, 3, `${GET}4003612d620163`), recipe(FRAME.headers, END, 5, `${GET}be`)],
    [recipe(FRAME.headers, FLAG.endHeaders, 1, `83868441016100026c650132`), recipe(FRAME.data, FLAG.endStream, 1, "68656c6c6f")],
    [recipe(FRAME.headers, FLAG.endStream, 1, "8286"), recipe(FRAME.continuation, FLAG.endHeaders, 1, "84410161")],
    [
      recipe(FRAME.headers, FLAG.endHeaders, 1, GET),
      recipe(FRAME.data, FLAG.padded, 1, "0268690000"),
      recipe(FRAME.headers, END, 1, "0001780179"),
    ],
    [
      recipe(FRAME.settings, 0, 0, "000400000000"),
      recipe(FRAME.windowUpdate, 0, 0, "00000001"),
      recipe(FRAME.ping, 0, 0, "0011223344556677"),
    ],
    [
      recipe(FRAME.headers, FLAG.endHeaders | FLAG.priority, 1, `0000000010${GET}`),
      recipe(FRAME.resetStream, 0, 1, "00000008"),
      recipe(FRAME.goaway, 0, 0, "0000000000000000"),
    ],
  ].map((recipes) => Buffer.from(recipes.join(""), "hex"));
