import type { RequestHead, ResponseHead } from "../src/http1/heads.ts";
import type { MessageReader } from "../src/http1/message-reader.ts";
import type { Rejection } from "../src/http1/rejection.ts";

/** A message as far as it was read. */
export interface Message<Head> {
  head: Head;
  body: string;
  trailers: string;
  whole: boolean;
}

/** What lies around each piece in memory: to read it would show. */
const POISON = Buffer.from("\r\n\r\nGET /poison HTTP/1.1\r\nHost: poison\r\n\r\n");

/** Lets the reader have bytes in these pieces, and adds what it reads to `messages`. Returns why the last was refused, if one was. */
export function feed<Head extends RequestHead | ResponseHead>(
  reader: MessageReader<Head>,
  parts: readonly Buffer[],
  messages: Message<Head>[],
): Rejection | undefined {
  let rejection: Rejection | undefined;
  for (const piece of parts) {
    const lent = Buffer.concat([POISON, piece, POISON]);
    reader.push(lent.subarray(POISON.length, POISON.length + piece.length));
    rejection = pull(reader, messages) ?? rejection;
    reader.keep();
    // The memory is used for the next read: whoever did not copy shows.
    lent.fill("!");
  }
  return rejection;
}

function pull<Head extends RequestHead | ResponseHead>(reader: MessageReader<Head>, messages: Message<Head>[]): Rejection | undefined {
  for (let step = reader.next(); step !== "more"; step = reader.next()) {
    const message = messages.at(-1);
    if (step === "bad") return reader.rejection;
    if (step === "head") messages.push({ head: { ...reader.head }, body: "", trailers: "", whole: false });
    else if (!message) throw new Error(`${step} without a head`);
    else if (step === "data") message.body += reader.chunk.toString("latin1");
    else {
      message.trailers = reader.trailers;
      message.whole = true;
    }
  }
  return undefined;
}
