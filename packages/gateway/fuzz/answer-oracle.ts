import { BodyWriter } from "../src/http1/body-writer.ts";
import { HeadScanner } from "../src/http1/head-scanner.ts";
import { isBodyless, type RequestHead, type ResponseHead } from "../src/http1/heads.ts";
import { MessageReader } from "../src/http1/message-reader.ts";
import type { Outbox } from "../src/http1/outbox.ts";
import { ResponseInterpreter } from "../src/http1/response-head.ts";
import { planAnswer } from "../src/http1/write-head.ts";
import { feed, type Message } from "./feed.ts";
import { pieces, same, type Reading } from "./oracle.ts";
import { parseAnswer } from "./strict-parser.ts";

const LIMITS = { headers: 50, targetBytes: 1024, headBytes: 4096 };

type Answer = Message<ResponseHead>;

interface Answers {
  answers: Answer[];
  refused: string;
}

/** Has read all that was fuzzed so far, and remembers what came twice. */
const REMEMBERS = new ResponseInterpreter(LIMITS.headers);

/** What an instance sent, in these pieces, to requests of this method. */
function readAnswers(parts: readonly Buffer[], method: string, responses = new ResponseInterpreter(LIMITS.headers)): Answers {
  const reader = new MessageReader<ResponseHead>({
    scanner: new HeadScanner(LIMITS),
    headBytes: LIMITS.headBytes,
    dialect: {
      leadingEmptyLine: false,
      read: (scanner, bytes, start, end) => responses.read(scanner, bytes, start, end, method),
    },
  });
  const answers: Answer[] = [];
  const rejection = feed(reader, parts, answers);
  const last = answers.at(-1);
  if (last && reader.untilClose) last.whole = true;
  return { answers, refused: rejection?.message ?? "" };
}

/** Throws when an answer means something else cut elsewhere, or when what a client gets of it is not exactly one strict answer with the same body. */
export function checkAnswers(input: Buffer, cuts: readonly number[]): Reading {
  const bytes = Buffer.concat([input, Buffer.from("\r\n\r\n")]);
  let answered: Answers = { answers: [], refused: "" };
  for (const method of ["HEAD", "GET"]) {
    answered = readAnswers([bytes], method);
    same("the bytes cut elsewhere", answered, readAnswers(pieces(bytes, cuts), method));
    for (let time = 1; time <= 3; time++) sameAgain(answered, readAnswers([bytes], method, REMEMBERS), method);
    for (const answer of answered.answers) if (answer.whole && answer.head.status >= 200) checkForwarded(answer, method);
  }
  return { messages: answered.answers.map(() => ({})), refused: answered.refused === "" ? 0 : 502 };
}

/** The same, but that what comes again has its plan made already: it must be the one that would be made. */
function sameAgain(answered: Answers, again: Answers, method: string): void {
  for (const { head } of again.answers) {
    const request = { protocol: "http/1.1", method } as RequestHead;
    same("the plan of what comes again", planAnswer({ ...head, usual: undefined }, request, true), planAnswer(head, request, true));
    head.usual = undefined;
  }
  same("what comes again", answered, again);
}

function checkForwarded({ head, body, trailers }: Answer, method: string): void {
  const request = { protocol: "http/1.1", method } as RequestHead;
  const plan = planAnswer(head, request, true);
  let text = plan.text;
  const outbox = { text: (more: string) => (text += more), bytes: (more: Buffer) => (text += more.toString("latin1")), roomy: true };
  const writer = new BodyWriter(outbox as unknown as Outbox);
  const hasNoBody = isBodyless(method, head.status);
  if (!hasNoBody) {
    writer.start(plan.framing);
    writer.write(Buffer.from(body, "latin1"));
    writer.end(trailers);
  }
  const parsed = parseAnswer(text, hasNoBody);
  if (!parsed) throw new Error(`not one strict answer: ${JSON.stringify(text)}`);
  if (parsed.body !== (hasNoBody ? "" : body)) throw new Error(`another body: ${JSON.stringify(text)}`);
  const hops = parsed.fields.filter((field) => /^(?:connection|keep-alive|proxy-connection|upgrade):/i.test(field));
  if (hops.some((field) => !(head.status === 426 && /^upgrade:/i.test(field)))) throw new Error(`of the other hop: ${hops.join(", ")}`);
}
