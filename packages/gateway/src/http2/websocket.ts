import { createHash } from "node:crypto";
import type { Random } from "@ebb/base";
import { fieldPairs } from "../http1/field-lines.ts";

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** The nonce that HTTP/1.1 wants of a WebSocket client, and that one of HTTP/2 does not send: 16 bytes in base64 (RFC 6455 §4.1). */
export function webSocketKey(random: Random): string {
  return Buffer.from(random.uuid().replaceAll("-", ""), "hex").toString("base64");
}

/** Whether the answer's fields prove that the instance took the key (RFC 6455 §4.2.2), so is no plain HTTP server that echoes. */
export function acceptsKey(fields: string, key: string): boolean {
  const expected = createHash("sha1").update(`${key}${GUID}`).digest("base64");
  return fieldPairs(fields).some(([name, value]) => name === "sec-websocket-accept" && value === expected);
}
