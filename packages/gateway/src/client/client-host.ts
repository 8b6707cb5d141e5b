import type { Clock, Random } from "@ebb/base";
import type { ClientSide, OpenedRequest } from "../core/ports.ts";
import type { Sweep } from "../core/sweep.ts";
import type { RequestHead } from "../http1/heads.ts";
import type { ReaderOptions } from "../http1/message-reader.ts";
import type { GatewayLimits } from "../limits.ts";

/** What client connections need of the gateway. */
export interface ClientHost {
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: GatewayLimits;
  /** For deadlines of connections, as opposed to requests. */
  readonly sweep: Sweep;
  /** How requests of HTTP/1.x are read. */
  readonly reading: ReaderOptions<RequestHead>;
  /** The gateway is stopping: connections end with the answer at hand. */
  readonly stopping: boolean;
  /** Routes a request. Returns what to start, or undefined when the gateway has answered it already. */
  open(client: ClientSide, request: RequestHead): OpenedRequest | undefined;
}

/** A client's connection, as the listener keeps it. */
export interface ClientConnection {
  /** No new requests; closes once the ones at hand are answered. */
  drain(): void;
  /** Closes now. */
  destroy(): void;
}
