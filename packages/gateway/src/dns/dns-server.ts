import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { getServers } from "node:dns";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { systemCode, UserError, type Clock, type Logger, type Runnable } from "@ebb/base";
import { clusterAnswer, isClusterName, parseQuery, serverFailure, type ClusterZone } from "./cluster-answer.ts";
import { askTcp, askUdp } from "./forward.ts";
import { readTcpMessages, tcpMessage } from "./tcp-framing.ts";

export interface DnsOptions {
  listen: { host: string; port: number };
  /** `cluster.local` */
  clusterDomain: string;
  /** The IPv4 address that every `*.svc.CLUSTERDOMAIN` has, the gateway's internal listener, but for that of the API. */
  answer: string;
  /** The one of `kubernetes.default.svc.CLUSTERDOMAIN`. */
  api: string;
  clock: Clock;
  log: Logger;
  /** Resolvers for all other names (`address` or `address:port`), asked in turn; the machine's own when left out. */
  upstreams?: readonly string[];
}

export interface Dns extends Runnable {
  address(): { host: string; port: number };
}

/** Forwarded at once; beyond it a query is answered SERVFAIL, which resolvers take as "try again". */
const MAX_IN_FLIGHT = 256;
const MAX_TCP_CONNECTIONS = 64;
const TCP_IDLE = 10_000;

type Ask = typeof askUdp;

/** A small DNS server for containers: the cluster's service names lead to the gateway, all others to the machine's resolvers. */
export function createDns(options: DnsOptions): Dns {
  return new DnsServer(options);
}

class DnsServer implements Dns {
  readonly name = "dns";
  readonly #options: DnsOptions;
  readonly #zone: ClusterZone;
  readonly #tcp: Server;
  readonly #tcpSockets = new Set<Socket>();
  #udp: UdpSocket | undefined;
  #inFlight = 0;

  constructor(options: DnsOptions) {
    this.#options = options;
    this.#zone = { domain: options.clusterDomain, address: options.answer, api: options.api };
    this.#tcp = createServer((socket) => this.#accept(socket));
    this.#tcp.maxConnections = MAX_TCP_CONNECTIONS;
  }

  address(): { host: string; port: number } {
    const { address, port } = this.#tcp.address() as AddressInfo;
    return { host: address, port };
  }

  async start(): Promise<void> {
    const { host, port } = this.#options.listen;
    try {
      await new Promise<void>((resolve, reject) => {
        this.#tcp.once("error", reject);
        this.#tcp.listen({ host, port }, resolve);
      });
      await this.#bindUdp(host, this.address().port);
    } catch (error) {
      await this.stop();
      throw dnsListenError(error, host, port);
    }
  }

  async stop(): Promise<void> {
    for (const socket of this.#tcpSockets) socket.destroy();
    if (this.#tcp.listening) await new Promise<void>((resolve) => this.#tcp.close(() => resolve()));
    const udp = this.#udp;
    this.#udp = undefined;
    if (udp) await new Promise<void>((resolve) => udp.close(() => resolve()));
  }

  async #bindUdp(host: string, port: number): Promise<void> {
    const udp = createSocket(host.includes(":") ? "udp6" : "udp4");
    await new Promise<void>((resolve, reject) => {
      udp.once("error", reject);
      udp.bind(port, host, resolve);
    });
    this.#udp = udp;
    udp.on("error", (error) => this.#options.log.warn({ reason: error.message }, "the DNS socket failed"));
    udp.on("message", (bytes, peer) => {
      void this.#answer(bytes, askUdp).then((answer) => {
        if (answer && this.#udp === udp) udp.send(answer, peer.port, peer.address, () => {});
      });
    });
  }

  #accept(socket: Socket): void {
    this.#tcpSockets.add(socket);
    socket.setTimeout(TCP_IDLE, () => socket.destroy());
    socket.on("error", () => {});
    socket.on("close", () => this.#tcpSockets.delete(socket));
    readTcpMessages(socket, (bytes) => {
      void this.#answer(bytes, askTcp).then((answer) => {
        if (answer === undefined) socket.destroy();
        else if (!socket.destroyed) socket.write(tcpMessage(answer));
      });
    });
  }

  /** Undefined for what is no query: it gets no answer. */
  async #answer(bytes: Buffer, ask: Ask): Promise<Buffer | undefined> {
    const query = parseQuery(bytes);
    if (!query) return undefined;
    if (isClusterName(query.question.name, this.#zone)) return clusterAnswer(query, this.#zone);
    if (this.#inFlight >= MAX_IN_FLIGHT) return serverFailure(query);
    this.#inFlight++;
    try {
      for (const upstream of this.#upstreams) {
        const answer = await ask(bytes, upstream, this.#options.clock);
        if (answer) return answer;
      }
      return serverFailure(query);
    } finally {
      this.#inFlight--;
    }
  }

  /** Read each time, as a machine's resolvers change with its network; never ourselves, which would be a circle. */
  get #upstreams(): readonly string[] {
    const { upstreams, listen } = this.#options;
    return upstreams ?? getServers().filter((server) => server !== listen.host);
  }
}

function dnsListenError(error: unknown, host: string, port: number): unknown {
  const code = systemCode(error);
  if (code !== "EADDRINUSE" && code !== "EACCES" && code !== "EADDRNOTAVAIL") return error;
  return new UserError("dns_port", `the cluster's DNS cannot listen on ${host}:${port} (${code})`, {
    hint: "another DNS server may listen there, or the address is not on this machine (`ip addr`)",
    cause: error,
  });
}
