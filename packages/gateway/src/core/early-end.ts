import type { ResponseHead } from "../http1/heads.ts";
import { fieldValue } from "../rules/request-view.ts";
import type { ClientSide } from "./ports.ts";

export const TIMED_OUT = "request timeout";

/** Ends an answer that has begun, for which there is no more time, as Knative's queue-proxy does: knative/serving pkg/http/handler timeoutWriter. */
export function endForTime(client: ClientSide, answer: ResponseHead): void {
  if (!takesWords(answer)) return client.cut();
  client.write(Buffer.from(TIMED_OUT));
  client.end("", false);
}

/** Not where a length was promised, nor behind bytes that are coded: the words would be taken for a part of the code. */
function takesWords({ framing, fields }: ResponseHead): boolean {
  if (framing === "none" || framing === "length" || fieldValue(fields, "content-encoding") !== undefined) return false;
  return !(fieldValue(fields, "content-type") ?? "").toLowerCase().startsWith("application/grpc");
}
