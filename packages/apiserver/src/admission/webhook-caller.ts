import { Agent, request as httpsRequest, type RequestOptions } from "node:https";
import { STATUS_CODES, type IncomingMessage } from "node:http";
import { systemCode, type Clock } from "@ebb/base";
import type { Webhook } from "@ebb/kube";
import { CallSlots } from "./call-slots.ts";
import type { ServicePlace } from "./service-address.ts";

/** Of one answer, bytes: as a body that a client may send. */
const MAX_ANSWER = 3 * 1024 * 1024;
/** At once, of all webhooks together; sized against descriptors and against webhooks that cause calls of webhooks. */
const MOST_CALLS = 256;
const SOCKETS_PER_HOST = 64;

export interface CallerOptions {
  clock: Clock;
  /** Where a Service is to be found now; throws an Error that says why not. */
  locate: (service: NonNullable<NonNullable<Webhook["clientConfig"]>["service"]>) => ServicePlace;
}

interface Destination {
  /** As messages name it. */
  url: URL;
  options: Omit<RequestOptions, "headers"> & { headers: Record<string, string> };
}

/** Asks webhooks: HTTPS with the certificate checked against `caBundle`, or the system's authorities without one. Follows no redirect. */
export class WebhookCaller {
  readonly #options: CallerOptions;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: SOCKETS_PER_HOST });
  readonly #slots = new CallSlots(MOST_CALLS);

  constructor(options: CallerOptions) {
    this.#options = options;
  }

  /** The text of a 200. Rejects with an Error in the words of client-go when there is none within the webhook's timeout. */
  async call({ clientConfig = {}, timeoutSeconds = 10 }: Webhook, body: string): Promise<string> {
    const { url, options } = this.#destination(clientConfig);
    url.searchParams.set("timeout", `${timeoutSeconds}s`);
    const ended = new AbortController();
    const timer = this.#options.clock.after(timeoutSeconds * 1000, () => ended.abort(new Error("context deadline exceeded")));
    const all = { ...options, path: `${url.pathname}${url.search}`, signal: ended.signal };
    try {
      return await this.#slots.run(ended.signal, () => this.#post(all, body));
    } catch (error) {
      const why = ended.signal.aborted ? (ended.signal.reason as Error) : error;
      throw new Error(`Post ${JSON.stringify(String(url))}: ${why instanceof Error ? why.message : String(why)}`, { cause: error });
    } finally {
      timer.cancel();
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  #destination({ url: text, service, caBundle }: NonNullable<Webhook["clientConfig"]>): Destination {
    const ca = caBundle ? { ca: Buffer.from(caBundle, "base64").toString("utf8") } : {};
    const common = { method: "POST", agent: this.#agent, ...ca };
    if (text !== undefined) {
      const url = new URL(text);
      return {
        url,
        options: { ...common, host: url.hostname.replace(/^\[|\]$/g, ""), port: url.port || 443, headers: { host: url.host } },
      };
    }
    const { name = "", namespace = "", path = "/", port = 443 } = service ?? {};
    const servername = `${name}.${namespace}.svc`;
    const url = new URL(`https://${servername}:${port}${path}`);
    const place = this.#options.locate(service ?? {});
    return { url, options: { ...common, ...place, servername, headers: { host: `${servername}:${port}` } } };
  }

  async #post(options: Destination["options"], body: string, again = false): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const headers = {
      ...options.headers,
      "content-type": "application/json",
      accept: "application/json",
      "content-length": Buffer.byteLength(body),
    };
    const request = httpsRequest({ ...options, headers }, resolve).on("error", reject);
    request.end(body);
    try {
      return await textOf(await promise);
    } catch (error) {
      // A kept connection may have been closed by the other side just now: that is no answer of the webhook.
      if (request.reusedSocket && !again && systemCode(error) === "ECONNRESET") return this.#post(options, body, true);
      throw error;
    }
  }
}

async function textOf(response: IncomingMessage): Promise<string> {
  const { statusCode = 0 } = response;
  if (statusCode !== 200) {
    response.destroy();
    throw new Error(`the server answered ${statusCode} ${STATUS_CODES[statusCode] ?? ""}`.trim());
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_ANSWER) {
      response.destroy();
      throw new Error(`the answer is larger than ${MAX_ANSWER} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
