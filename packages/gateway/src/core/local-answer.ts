import { STATUS_CODES } from "node:http";
import type { ClientSide } from "./ports.ts";

/** Answers in the gateway's own name: one line of text. `fields` are further header lines, each ended by CRLF. */
export function answerLocally(client: ClientSide, status: number, message: string, fields = ""): void {
  const body = Buffer.from(`${message}\n`, "utf8");
  client.answer({
    status,
    reason: STATUS_CODES[status] ?? "Error",
    fields: `Content-Type: text/plain; charset=utf-8\r\n${fields}`,
    framing: "length",
    length: body.length,
    keepAlive: true,
    keepAliveSeconds: -1,
    usual: undefined,
  });
  client.write(body);
  client.end("");
}
