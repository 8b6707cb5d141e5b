import { assertNever } from "@ebb/base";
import { FramingFields } from "./framing.ts";
import type { HeadScanner } from "./head-scanner.ts";
import type { ResponseHead } from "./heads.ts";
import { ConnectionOptions, FieldMarks } from "./kept-fields.ts";
import { kindOfBytes } from "./known-fields.ts";
import type { Rejection } from "./rejection.ts";

/** Whether an answer has no body whatever its headers say (RFC 9112 §6.3, rules 1 and 2). */
export function isBodyless(method: string, status: number): boolean {
  return method === "HEAD" || status === 204 || status === 304 || status < 200;
}

/** Gives a scanned answer its meaning. Everything an application may have got wrong becomes a Rejection, never a guess. */
export class ResponseInterpreter {
  readonly #marks: FieldMarks;

  constructor(maxFields: number) {
    this.#marks = new FieldMarks(maxFields);
  }

  interpret(scanner: HeadScanner, bytes: Buffer, method: string): ResponseHead | Rejection {
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
    case "k-network-probe":
    case "k-network-hash":
    case "other":
      return false;
    case "dropped":
      return true;
    default:
      return assertNever(kind);
  }
}
