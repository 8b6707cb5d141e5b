import type { Socket } from "node:net";
import { createServer, type Server, type TLSSocket } from "node:tls";
import { SocketWire } from "../io/socket-wire.ts";
import type { Wire } from "../io/wire.ts";
import type { CertificateStore } from "./certificate-store.ts";
import { ALPN, STRICT_TLS } from "./strict-tls.ts";

/** What was agreed on in the handshake; a client that does not negotiate speaks HTTP/1.1. */
export type AcceptSecure = (wire: Wire, protocol: "h2" | "http/1.1") => void;

export interface TlsAcceptorOptions {
  certificates: CertificateStore;
  /** For the whole handshake, milliseconds. */
  handshakeTimeout: number;
  /** Whether one that has just come, and is one of `handshakes`, is too many. */
  isFull: () => boolean;
}

/** A server that does the handshakes. Those under way are ended by `abandon`. */
export class TlsAcceptor {
  readonly server: Server;
  /** By the peer's address and port: the TLS socket has no way back to what it was made of. */
  readonly #handshaking = new Map<string, Socket>();

  constructor({ certificates, handshakeTimeout, isFull }: TlsAcceptorOptions, accept: AcceptSecure) {
    this.server = createServer({
      ...STRICT_TLS,
      ...certificates.default,
      ALPNProtocols: [...ALPN],
      handshakeTimeout,
      noDelay: true,
      SNICallback: (host, done) => done(null, certificates.contextFor(host)),
    });
    certificates.defaultChanged.on((pair) => this.server.setSecureContext({ ...STRICT_TLS, ...pair }));
    this.server.on("connection", (socket: Socket) => {
      const peer = peerOf(socket);
      this.#handshaking.set(peer, socket);
      socket.once("close", () => this.#handshaking.get(peer) === socket && this.#handshaking.delete(peer));
      // With the handshake it is the TLS socket that tells of errors.
      socket.on("error", () => {});
      if (isFull()) socket.destroy();
    });
    this.server.on("secureConnection", (socket: TLSSocket) => {
      this.#handshaking.delete(peerOf(socket));
      // Only from here on: who ends its side in the handshake has left.
      socket.allowHalfOpen = true;
      accept(new SocketWire(socket, true), socket.alpnProtocol === "h2" ? "h2" : "http/1.1");
    });
    // A scanner, or one that takes too long; Node leaves the closing to us.
    this.server.on("tlsClientError", (_error, socket) => void socket.destroy());
  }

  /** Those under way. */
  get handshakes(): number {
    return this.#handshaking.size;
  }

  abandon(): void {
    for (const socket of this.#handshaking.values()) socket.destroy();
  }
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
