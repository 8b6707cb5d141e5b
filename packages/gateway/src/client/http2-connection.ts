import type { Expiring } from "../core/sweep.ts";
import type { Peer } from "../core/ports.ts";
import type { RequestHead } from "../http1/heads.ts";
import { Rejection } from "../http1/rejection.ts";
import { CODE } from "../http2/codes.ts";
import { requestPseudo } from "../http2/field-rules.ts";
import type { FieldList } from "../http2/hpack/decoder.ts";
import { readHttp2Request } from "../http2/request-head.ts";
import { Http2Session, type SessionEvents } from "../http2/session.ts";
import type { Http2Stream } from "../http2/stream.ts";
import type { Wire } from "../io/wire.ts";
import type { ClientConnection, ClientHost } from "./client-host.ts";
import { Http2ClientStream } from "./http2-stream.ts";

/** What a list of fields says; null when it is malformed. */
type Read = RequestHead | Rejection | null;

/** A client's HTTP/2 connection: by TLS, or in cleartext with prior knowledge (gRPC and service-to-service calls) or by an upgrade. */
export class Http2Connection implements ClientConnection, Expiring, SessionEvents {
  watchIndex = -1;
  readonly #host: ClientHost;
  readonly #peer: Peer;
  readonly #session: Http2Session;
  readonly #onClose: () => void;
  /** By list, as the same one comes again and again; one with a body and one without differ. */
  readonly #heads = { ended: new WeakMap<FieldList, Read>(), open: new WeakMap<FieldList, Read>() };
  #idleSince: number;
  /** When the connection was first seen in the middle of the same header block. */
  #midHeadSince = -1;
  #midHeadBlock = -1;

  constructor(wire: Wire, host: ClientHost, onClose: () => void) {
    this.#host = host;
    this.#onClose = onClose;
    this.#peer = { remoteAddress: wire.remoteAddress, secure: wire.secure };
    this.#idleSince = host.clock.monotonic();
    const { clock, limits } = host;
    this.#session = new Http2Session(wire, {
      role: "server",
      clock,
      limits: { listBytes: limits.headBytes, fields: limits.headers + PSEUDO_FIELDS },
      events: this,
    });
    host.sweep.watch(this);
  }

  read(bytes: Buffer): void {
    this.#session.read(bytes, bytes.length);
  }

  /** Serves the request by which the client's HTTP/1.1 became this connection. */
  serveUpgraded(request: RequestHead, settings: string): void {
    this.#session.upgrade(Buffer.from(settings, "base64url"), (stream) => this.#begin(stream, { ...request, protocol: "h2" }));
  }

  drain(): void {
    this.#idleSince = this.#host.clock.monotonic();
    this.#session.drain();
  }

  destroy(): void {
    this.#session.destroy();
  }

  expire(now: number): void {
    const { limits } = this.#host;
    const idle = this.#session.streams === 0 ? now - this.#idleSince : 0;
    if (this.#session.isEnding ? idle >= limits.lingerTimeout : this.#isStuck(now)) this.destroy();
    else if (idle >= limits.idleTimeout) this.drain();
  }

  /** A head must be whole in time, however slowly it drips in. */
  #isStuck(now: number): boolean {
    const { isMidHead, blocks } = this.#session;
    if (!isMidHead || blocks !== this.#midHeadBlock) this.#midHeadSince = now;
    this.#midHeadBlock = blocks;
    return isMidHead && now - this.#midHeadSince >= this.#host.limits.headTimeout;
  }

  request(stream: Http2Stream, list: FieldList, ended: boolean): void {
    const known = ended ? this.#heads.ended : this.#heads.open;
    let read = known.get(list);
    if (read === undefined) {
      read = readRequest(list, ended, this.#host.limits.targetBytes);
      known.set(list, read);
    }
    if (read === null) return stream.reset(CODE.protocolError, "malformed request");
    if (read instanceof Rejection) this.#client(stream, undefined).reject(read);
    else this.#begin(stream, { ...read });
  }

  #begin(stream: Http2Stream, request: RequestHead): void {
    this.#client(stream, request).begin(request);
  }

  #client(stream: Http2Stream, request: RequestHead | undefined): Http2ClientStream {
    return new Http2ClientStream(stream, request, { peer: this.#peer, host: this.#host, encoder: this.#session.encoder });
  }

  idle(): void {
    this.#idleSince = this.#host.clock.monotonic();
  }

  begun(): void {}
  goaway(): void {}

  closed(): void {
    this.#host.sweep.unwatch(this);
    this.#onClose();
  }
}

const PSEUDO_FIELDS = 8;

function readRequest(list: FieldList, ended: boolean, maxTarget: number): Read {
  const pseudo = requestPseudo(list);
  // What is too large is answered, though some of it is not there.
  if (!pseudo && !list.isTooLarge) return null;
  const of = (name: string) => pseudo?.get(name) ?? "";
  const parts = { method: of(":method"), path: of(":path"), authority: of(":authority"), protocol: of(":protocol") };
  const head = readHttp2Request(list, parts, ended, maxTarget);
  // A body of another length than it says (RFC 9113 §8.1.1).
  return !(head instanceof Rejection) && (head.length < 0 || (ended && head.length > 0)) ? null : head;
}
