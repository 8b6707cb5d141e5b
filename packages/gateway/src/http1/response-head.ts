import { assertNever } from "@ebb/base";
import { FramingFields } from "./framing.ts";
import { HeadMemory } from "./head-memory.ts";
import type { HeadScanner } from "./head-scanner.ts";
import { isBodyless, type ResponseHead } from "./heads.ts";
import { ConnectionOptions, FieldMarks } from "./kept-fields.ts";
import { kindOfBytes } from "./known-fields.ts";
import { Rejection, rejectionOf } from "./rejection.ts";
import { usualAnswer } from "./write-head.ts";

/** Gives a scanned answer its meaning. Everything an application may have got wrong becomes a Rejection, never a guess. */
export class ResponseInterpreter {
  readonly #marks: FieldMarks;
  readonly #memory = new HeadMemory<ResponseHead>();

  constructor(maxFields: number) {
    this.#marks = new FieldMarks(maxFields);
  }

  /** See Dialect. The answer to a request of this method. */
  // oxlint-disable-next-line max-params -- once for each answer
  read(scanner: HeadScanner, bytes: Buffer, start: number, end: number, method: string): ResponseHead | Rejection | undefined {
    // What answers HEAD means something else.
    const memory = method === "HEAD" ? undefined : this.#memory;
    const known = memory?.find(bytes, start, end);
    if (known && memory) {
      scanner.end = memory.end;
      return known;
    }
    const result = scanner.scanResponse(bytes, start, end);
    if (result !== "complete") return result === "incomplete" ? undefined : rejectionOf(scanner.problem);
    scanner.read(bytes, start, scanner.end);
    const head = this.#interpret(scanner, bytes, method);
    if (!(head instanceof Rejection) && memory?.offer(bytes, start, scanner.end, head)) head.usual = usualAnswer(head);
    return head;
  }

  #interpret(scanner: HeadScanner, bytes: Buffer, method: string): ResponseHead | Rejection {
    const framing = new FramingFields();
    const options = new ConnectionOptions();
    const bodyless = isBodyless(method, scanner.status);
    let keepAliveSeconds = -1;
    this.#marks.clear(scanner.count);
    for (let field = 0; field < scanner.count; field++) {
      const kind = kindOfBytes(bytes, scanner.nameStart(field), scanner.nameEnd(field));
      if (kind === "other") continue;
      const value = scanner.text(scanner.valueStart(field), scanner.valueEnd(field));
      let problem: Rejection | null = null;
      const isRepeated = kind === "content-length" && framing.length >= 0;
      if (kind === "content-length") problem = framing.addLength(value, true);
      else if (kind === "transfer-encoding") problem = framing.addEncoding(value);
      else if (kind === "connection") options.add(value);
      else if (kind === "keep-alive") keepAliveSeconds = Number(/timeout=(\d{1,6})/.exec(value)?.[1] ?? -1);
      if (problem) return problem;
      if (isRepeated || isForThisHop(kind, bodyless, scanner.status)) this.#marks.drop(field);
    }
    const problem = framing.check(scanner.minor);
    if (problem) return problem;
    return {
      status: scanner.status,
      reason: scanner.text(scanner.reasonStart, scanner.reasonEnd),
      fields: this.#marks.kept(scanner, options),
      framing: bodyless ? "none" : framing.chunked ? "chunked" : framing.length >= 0 ? "length" : "close",
      length: Math.max(0, framing.length),
      keepAlive: scanner.minor === 1 ? !options.close : options.keepAlive,
      keepAliveSeconds,
      usual: undefined,
    };
  }
}

function isForThisHop(kind: ReturnType<typeof kindOfBytes>, bodyless: boolean, status: number): boolean {
  switch (kind) {
    case "connection":
    case "transfer-encoding":
    case "keep-alive":
      return true;
    case "content-length":
      // Where there is no body, the length tells of the body that GET would have had, and passes.
      return !bodyless;
    case "upgrade":
      // A switch of protocols is answered hop by hop, by us; 426 tells the client what to switch to.
      return status !== 101 && status !== 426;
    case "te":
    case "expect":
    case "host":
    case "x-forwarded-for":
    case "forwarded":
    case "x-request-id":
    case "traceparent":
    case "tracestate":
    case "b3":
    case "k-network-probe":
    case "k-network-hash":
    case "other":
      return false;
    case "http2-settings":
    case "dropped":
      return true;
    default:
      return assertNever(kind);
  }
}
