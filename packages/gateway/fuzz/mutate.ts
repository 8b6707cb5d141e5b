/** Uniform whole numbers below a bound. */
export type Draw = (bound: number) => number;

const SEEDS = [
  "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
  "POST /x?y HTTP/1.1\r\nHost: a:80\r\nContent-Length: 5\r\n\r\nhelloGET /next HTTP/1.1\r\nHost: b\r\n\r\n",
  'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nA;x="y"\r\n0123456789\r\n0\r\nX-Sum: 9\r\n\r\n',
  "GET http://abs.example/p HTTP/1.1\r\nHost: other\r\nConnection: close, X-A\r\nX-A: 1\r\n\r\n",
  "OPTIONS * HTTP/1.0\r\nHost: [::1]\r\nConnection: keep-alive\r\nExpect: 100-continue\r\nTE: trailers\r\n\r\n",
  "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
  "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\nb3: 0\r\n\r\n",
];
const WORDS = [
  ..."\r\n|\n|\r|\r\n\r\n| |\t|:|,|;|\0|\x7f|\xff|0|1|-1|+1|0x1|00|ffffffffffff|1000000000000|18446744073709551617".split("|"),
  ..."Content-Length: 1\r\n|Transfer-Encoding: chunked\r\n|Transfer-Encoding: gzip\r\n|Host: b\r\n|chunked|identity".split("|"),
  ..."Connection: x-request-id, host, content-length\r\n|X-Request-Id: 1\r\n|X-Forwarded-For: 1.2.3.4\r\n|Forwarded: for=x\r\n".split("|"),
  ..."traceparent: 0\r\n|tracestate: a\r\n|K-Network-Probe: probe\r\n|K-Network-Hash: x\r\n|Keep-Alive: 5\r\n|Expect: x\r\n".split("|"),
  ..."0\r\n\r\n|1\r\nx\r\n|1;a=b\r\nx\r\n|HTTP/1.0|HTTP/1.1|HTTP/2.0|CONNECT |OPTIONS |*|http://a| folded\r\n".split("|"),
];

const ANSWERS = [
  "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\n\r\nok",
  "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n2\r\nok\r\n0\r\nX: 1\r\n\r\n",
  "HTTP/1.0 200 OK\r\nServer: old\r\n\r\nuntil the end",
  "HTTP/1.1 304 Not Modified\r\nETag: x\r\nContent-Length: 9\r\n\r\nHTTP/1.1 204\r\n\r\n",
  "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\nUpgrade: h2c\r\nConnection: close, X-A\r\nX-A: 1\r\n\r\nx",
];

const bytes = (texts: readonly string[]): Buffer[] => texts.map((text) => Buffer.from(text, "latin1"));
export const requestSeeds = (): Buffer[] => bytes(SEEDS);
export const answerSeeds = (): Buffer[] => bytes(ANSWERS);

/** More than the 4 KiB that a head may have here. */
const LONGEST = 5000;

/** A few changes at random places: words put in or over, bytes changed, pieces taken out, doubled, or taken from another input. */
export function mutate(input: Buffer, other: Buffer, draw: Draw): Buffer {
  let changed = input;
  for (let changes = 1 + draw(4); changes > 0; changes--) changed = change(changed, other, draw);
  return changed.subarray(0, LONGEST);
}

function change(input: Buffer, other: Buffer, draw: Draw): Buffer {
  const at = draw(input.length + 1);
  const behind = Math.min(input.length, at + 1 + draw(12));
  const word = Buffer.from(WORDS[draw(WORDS.length)] ?? "", "latin1");
  const [before, cut, rest] = [input.subarray(0, at), input.subarray(at, behind), input.subarray(behind)];
  switch (draw(7)) {
    case 0:
      return Buffer.concat([before, word, cut, rest]);
    case 1:
      return Buffer.concat([before, word, rest]);
    case 2:
      return Buffer.concat([before, Buffer.of(draw(256)), cut.subarray(1), rest]);
    case 3:
      return Buffer.concat([before, rest]);
    case 4:
      return Buffer.concat([before, cut, cut, rest]);
    case 5:
      return Buffer.concat([before, other.subarray(draw(other.length + 1))]);
    default:
      return Buffer.concat([before, ...Array.from({ length: 1 << draw(9) }, () => word), cut, rest]);
  }
}
