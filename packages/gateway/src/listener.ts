import { createServer, type AddressInfo, type Server } from "node:net";
import { systemCode, UserError } from "@ebb/base";
import type { ClientHost } from "./client/client-host.ts";
import { Newcomer, type KnownProtocol } from "./client/newcomer.ts";
import type { Visibility } from "./core/route-index.ts";
import type { Transport } from "./io/transport.ts";
import type { Wire } from "./io/wire.ts";
import type { CertificateStore } from "./tls/certificate-store.ts";
import { TlsAcceptor } from "./tls/tls-acceptor.ts";

export interface ListenerOptions {
  host: string;
  /** 0 takes a free one. */
  port: number;
  visibility: Visibility;
  /** Other workers listen on the same port (SO_REUSEPORT): the kernel divides the connections. */
  shared?: boolean;
  /** By TLS, with the table's certificates. */
  tls?: boolean;
  /** The option that sets the port, named when it is in use. */
  flag?: string;
}

const BACKLOG = 4096;

interface ListenerDeps {
  host: ClientHost;
  transport: Transport;
  certificates: CertificateStore;
  /** Client connections now, over all listeners, with those in their handshake. */
  connections: () => number;
}

/** One listening port and its client connections. */
export class Listener {
  readonly #options: ListenerOptions;
  readonly #host: ClientHost;
  readonly #server: Server;
  readonly #transport: Transport;
  readonly #tls: TlsAcceptor | undefined;
  readonly #connections = new Set<Newcomer>();
  readonly #all: () => number;
  #emptied: (() => void) | undefined;

  constructor(options: ListenerOptions, { host, transport, certificates, connections: all }: ListenerDeps) {
    this.#options = options;
    this.#transport = transport;
    this.#host = host;
    this.#all = all;
    const { headTimeout, connections } = host.limits;
    const isFull = () => all() > connections;
    this.#tls = options.tls
      ? new TlsAcceptor({ certificates, handshakeTimeout: headTimeout, isFull }, (wire, protocol) => this.#accept(wire, protocol))
      : undefined;
    // Half-open, as the end of what a client sends must not cut short what it is sent.
    this.#server = this.#tls?.server ?? createServer({ noDelay: true, allowHalfOpen: true });
  }

  get address(): { host: string; port: number } {
    const { address, port } = this.#server.address() as AddressInfo;
    return { host: address, port };
  }

  get secure(): boolean {
    return this.#tls !== undefined;
  }

  get visibility(): Visibility {
    return this.#options.visibility;
  }

  get connections(): number {
    return this.#connections.size + (this.#tls?.handshakes ?? 0);
  }

  async start(): Promise<void> {
    const { host, port, shared = false } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", (error) => reject(listenError(error, this.#options)));
      this.#server.listen({ host, port, backlog: BACKLOG, reusePort: shared }, () => {
        if (!this.#tls) this.#transport.accept(this.#server, (wire) => this.#accept(wire, undefined));
        resolve();
      });
    });
    this.#server.removeAllListeners("error");
    // Out of file descriptors, say: this connection is lost, the next may work.
    this.#server.on("error", () => {});
  }

  /** Stops accepting and resolves when every connection has ended. */
  async drain(): Promise<void> {
    if (this.#server.listening) this.#server.close();
    this.#tls?.abandon();
    for (const connection of this.#connections) connection.drain();
    if (this.#connections.size > 0) await new Promise<void>((resolve) => (this.#emptied = resolve));
  }

  destroy(): void {
    for (const connection of this.#connections) connection.destroy();
  }

  #accept(wire: Wire, protocol: KnownProtocol): void {
    const { stopping, limits } = this.#host;
    if (stopping || this.#all() >= limits.connections) return wire.destroy();
    const connection = new Newcomer(wire, protocol, this.#host, () => {
      this.#connections.delete(connection);
      if (this.#connections.size === 0) this.#emptied?.();
    });
    this.#connections.add(connection);
  }
}

function listenError(error: Error, { host, port, flag = "--gateway-port" }: ListenerOptions): Error {
  switch (systemCode(error)) {
    case "EADDRINUSE":
      return new UserError("port_in_use", `port ${port} on ${host} is in use`, {
        hint: `stop what uses it (\`ss -ltnp\` shows it) or choose another with ${flag}`,
        cause: error,
      });
    case "EACCES":
      return new UserError("port_forbidden", `not allowed to listen on port ${port}`, {
        hint: `choose a port above 1023 with ${flag}`,
        cause: error,
      });
    case "EADDRNOTAVAIL":
      return new UserError("no_such_address", `this machine has no address ${host}`, {
        hint: "choose one that `ip addr` lists",
        cause: error,
      });
    case undefined:
    default:
      return error;
  }
}
