import { ownText } from "./bytes.ts";
import { isBodyless, type AnswerPlan, type RequestHead, type ResponseHead } from "./heads.ts";

/** The request as it goes to an HTTP/1.1 instance. `fields` are all end-to-end lines, with the gateway's own. */
export function requestText(head: RequestHead, fields: string): string {
  let text = `${head.method} ${head.target} HTTP/1.1\r\nHost: ${head.authority}\r\n${fields}`;
  if (head.framing === "chunked") text += "Transfer-Encoding: chunked\r\n";
  // A method that usually has a body says so when it has none (RFC 9110 §8.6); some servers answer 411 otherwise.
  else if (head.framing === "length" || head.method === "POST" || head.method === "PUT" || head.method === "PATCH") {
    text += `Content-Length: ${head.length}\r\n`;
  }
  return head.upgrade === "" ? `${text}\r\n` : `${text}Connection: Upgrade\r\nUpgrade: ${head.upgrade}\r\n\r\n`;
}

/** What of a request has a say in how its answer is written. */
type Asked = Pick<RequestHead, "protocol" | "method">;

/** The plan for an answer to a request like nearly all, that was not HEAD, and whose connection stays. */
export function usualAnswer(head: ResponseHead): AnswerPlan {
  const plan = planAnswer(head, { protocol: "http/1.1", method: "GET" }, true);
  return { ...plan, text: ownText(plan.text) };
}

/** The answer as it goes to an HTTP/1.x client. `keepAlive` is whether both the client and we want the connection to stay. */
export function planAnswer(head: ResponseHead, request: Asked, keepAlive: boolean): AnswerPlan {
  const old = request.protocol === "http/1.0";
  if (head.usual && keepAlive && !old && request.method !== "HEAD") return head.usual;
  let text = `HTTP/1.1 ${head.status} ${head.reason}\r\n${head.fields}`;
  let framing = head.framing;
  let stays = keepAlive;
  if (framing === "length") text += `Content-Length: ${head.length}\r\n`;
  else if (framing === "chunked" || framing === "close") {
    // Chunked where we can: it keeps the connection, and the client can tell a whole answer from one that was cut.
    framing = old ? "close" : "chunked";
    if (old) stays = false;
    else text += "Transfer-Encoding: chunked\r\n";
  }
  // An answer over HTTP/2 may end with its head; here that needs saying.
  else if (!isBodyless(request.method, head.status)) text += "Content-Length: 0\r\n";
  if (!stays) text += "Connection: close\r\n";
  else if (old) text += "Connection: keep-alive\r\n";
  return { text: `${text}\r\n`, framing, keepAlive: stays };
}

/** Interim answers (RFC 9110 §15.2) and the switch to another protocol. */
export function interimText(status: number, reason: string, fields: string): string {
  const connection = status === 101 ? "Connection: Upgrade\r\n" : "";
  return `HTTP/1.1 ${status} ${reason}\r\n${fields}${connection}\r\n`;
}
