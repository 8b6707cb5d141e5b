import { request, type OutgoingHttpHeaders } from "node:http";
import { causeChain, type Clock } from "@ebb/base";
import type { Ingress } from "../cluster/port.ts";

export interface Asked {
  method: string;
  path: string;
  headers: readonly { name: string; value: string }[];
  body?: string | undefined;
}

export interface Exchanged {
  answer: { status: number; headers: { name: string; value: string }[]; body: Buffer; truncated: boolean } | null;
  /** Why there is no answer, or not the whole. */
  failure: string | null;
  /** Milliseconds from the beginning. */
  timings: { connected: number | null; firstByte: number | null; end: number };
}

/** Sends one request to a URL through an ingress. Never rejects: what goes wrong is told. */
export type Exchange = (ingress: Ingress, url: URL, asked: Asked, signal: AbortSignal) => Promise<Exchanged>;

/** Longer than a cold start takes at worst. */
const TIMEOUT = 60_000;
/** What a person looks at; the rest of a longer answer is not read. */
export const MOST_BODY = 256 * 1024;

/** Returns the function that asks the ingress for a URL's host, whatever the host resolves to. */
export function createExchange(userAgent: string, clock: Clock): Exchange {
  return (ingress, url, asked, signal) =>
    new Promise((resolve) => {
      const begun = clock.monotonic();
      const passed = () => clock.monotonic() - begun;
      const timings: Exchanged["timings"] = { connected: null, firstByte: null, end: 0 };
      let answer: Exchanged["answer"] = null;
      const chunks: Buffer[] = [];
      const done = (failure: string | null) => {
        timings.end = passed();
        if (answer) answer.body = Buffer.concat(chunks).subarray(0, MOST_BODY);
        resolve({ answer, failure, timings });
      };
      const sent = Buffer.from(asked.body ?? "");
      const ask = request(
        {
          host: ingress.host,
          port: ingress.port,
          path: asked.path,
          method: asked.method,
          headers: {
            ...headersOf(asked.headers, userAgent),
            host: url.host,
            ...(sent.length > 0 ? { "content-length": sent.length } : {}),
          },
          signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT)]),
          agent: false,
        },
        (response) => {
          timings.firstByte = passed();
          answer = { status: response.statusCode ?? 0, headers: pairs(response.rawHeaders), body: Buffer.alloc(0), truncated: false };
          let size = 0;
          response.on("data", (chunk: Buffer) => {
            chunks.push(chunk);
            size += chunk.length;
            if (size <= MOST_BODY || !answer) return;
            answer.truncated = true;
            response.destroy();
            done(null);
          });
          response.once("end", () => done(null));
          response.on("error", (error) => done(words(error)));
        },
      );
      ask.once("socket", (socket) => socket.once("connect", () => (timings.connected = passed())));
      ask.on("error", (error) => done(words(error)));
      ask.end(sent);
    });
}

/** A name that comes twice is sent twice. */
function headersOf(headers: Asked["headers"], userAgent: string): OutgoingHttpHeaders {
  const all: Record<string, string[]> = { "user-agent": [userAgent], accept: ["*/*"] };
  for (const [name, some] of Map.groupBy(headers, (header) => header.name.toLowerCase())) all[name] = some.map(({ value }) => value);
  return all;
}

function pairs(raw: readonly string[]): { name: string; value: string }[] {
  return raw.flatMap((name, index) => (index % 2 === 0 ? [{ name, value: raw[index + 1] ?? "" }] : []));
}

function words(error: unknown): string {
  if (error instanceof Error && error.name === "TimeoutError") return `There was no whole answer within ${TIMEOUT / 1000} seconds`;
  return causeChain(error).at(-1) ?? "The connection ended";
}
