import { constants, performServerHandshake, type IncomingHttpHeaders, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import type { Expiring } from "../core/sweep.ts";
import { Rejection } from "../http1/rejection.ts";
import { readHttp2Request } from "../http2/request-head.ts";
import type { Peer } from "../core/ports.ts";
import type { ClientConnection, ClientHost } from "./client-host.ts";
import { Http2ClientStream } from "./http2-stream.ts";

const MAX_STREAMS = 250;
/** Of one stream: large enough that a loopback upload is not bound by round trips. */
const WINDOW = 256 * 1024;

/** A client's HTTP/2 connection: by TLS, or in cleartext with prior knowledge (gRPC and service-to-service calls). */
export class Http2Connection implements ClientConnection, Expiring {
  watchIndex = -1;
  readonly #host: ClientHost;
  readonly #session: ServerHttp2Session;
  readonly #peer: Peer;
  #streams = 0;
  #idleSince: number;

  constructor(socket: Socket, peer: Peer, host: ClientHost) {
    this.#host = host;
    this.#peer = peer;
    this.#idleSince = host.clock.monotonic();
    this.#session = performServerHandshake(socket, {
      maxHeaderListPairs: host.limits.headers + 8,
      settings: {
        maxConcurrentStreams: MAX_STREAMS,
        maxHeaderListSize: host.limits.headBytes,
        initialWindowSize: WINDOW,
        enablePush: false,
        enableConnectProtocol: true,
      },
    });
    this.#session.on("error", () => {});
    this.#session.on("stream", (stream, headers, flags, raw) => this.#request(stream, headers, flags, raw));
    this.#session.on("close", () => host.sweep.unwatch(this));
    host.sweep.watch(this);
  }

  drain(): void {
    if (!this.#session.destroyed) this.#session.close();
  }

  destroy(): void {
    this.#session.destroy();
  }

  expire(now: number): void {
    if (this.#streams === 0 && now - this.#idleSince >= this.#host.limits.idleTimeout) this.drain();
  }

  // oxlint-disable-next-line max-params -- as Node calls it
  #request(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, flags: number, raw: string[]): void {
    this.#streams++;
    stream.once("close", () => {
      this.#streams--;
      this.#idleSince = this.#host.clock.monotonic();
    });
    const pseudo = {
      method: headers[":method"] ?? "",
      path: headers[":path"] ?? "",
      authority: headers[":authority"] ?? "",
      protocol: headers[":protocol"] ?? "",
    };
    const ended = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
    const head = readHttp2Request(pseudo, raw, ended, this.#host.limits.targetBytes);
    if (head instanceof Rejection) return new Http2ClientStream(stream, undefined, this.#peer, this.#host).reject(head);
    new Http2ClientStream(stream, head, this.#peer, this.#host).begin(head);
  }
}
