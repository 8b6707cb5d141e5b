import { isIP, type Server, type Socket } from "node:net";
import { HandleWire, type HandleDeps } from "./handle-wire.ts";
import { acceptHandles, loadNative } from "./native.ts";
import { Places } from "./places.ts";
import { SocketWire } from "./socket-wire.ts";
import type { TurnClock } from "./turn-clock.ts";
import type { Wire } from "./wire.ts";

/** How connections are made of bytes: by Node's bindings where we know them, otherwise by its documented sockets. */
export interface Transport {
  readonly kind: "native" | "documented";
  /** Accepts on a server that has begun to listen, in the turn in which it has. */
  accept(server: Server, accept: (wire: Wire) => void): void;
  /** Begun when there is a place for it. */
  connect(host: string, port: number): Wire;
}

export type TransportKind = Transport["kind"];

/** `wanted` is what to use if it can be had; `documented` always can. */
export function createTransport(wanted: TransportKind, clock: TurnClock, places = new Places()): Transport {
  const native = wanted === "native" ? loadNative() : undefined;
  return native ? nativeTransport({ native, clock }, places) : documentedTransport(places);
}

const acceptSockets = (server: Server, accept: (wire: Wire) => void) =>
  void server.on("connection", (socket: Socket) => accept(new SocketWire(socket)));

function documentedTransport(places: Places): Transport {
  return { kind: "documented", accept: acceptSockets, connect: (host, port) => SocketWire.connect(places, host, port) };
}

function nativeTransport(deps: HandleDeps, places: Places): Transport {
  return {
    kind: "native",
    accept(server, accept) {
      if (!acceptHandles(server, (handle) => accept(new HandleWire(deps, handle)))) acceptSockets(server, accept);
    },
    // A name must be looked up first: Node's sockets do that.
    connect: (host, port) => (isIP(host) === 0 ? SocketWire.connect(places, host, port) : HandleWire.connect(deps, places, host, port)),
  };
}
