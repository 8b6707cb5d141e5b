import { createServer } from "node:net";
import { TransientError, type Random } from "@ebb/base";

/** Below Linux' ephemeral ports (32768 and up), so that no outgoing connection sits on one. */
export const DEFAULT_PORT_RANGE = { first: 20_000, last: 29_999 } as const;

export interface PortRange {
  first: number;
  last: number;
}

/**
 * Gives out free ports on 127.0.0.1. Invariants: no port is given twice before it is released; a port that is released comes up again only
 * after the rest of the range, so that no late connection reaches another application.
 */
export class PortAllocator {
  readonly #range: PortRange;
  readonly #used = new Set<number>();
  #next: number;

  constructor(range: PortRange, random: Pick<Random, "float">) {
    this.#range = range;
    this.#next = range.first + Math.floor(random.float() * (range.last - range.first + 1));
  }

  /** Throws TransientError `NoFreePort` when every port is taken. */
  async take(): Promise<number> {
    const size = this.#range.last - this.#range.first + 1;
    for (let tries = 0; tries < size; tries++) {
      const port = this.#next;
      this.#next = port >= this.#range.last ? this.#range.first : port + 1;
      if (this.#used.has(port)) continue;
      this.#used.add(port);
      if (await canBind(port)) return port;
      this.#used.delete(port);
    }
    throw new TransientError("NoFreePort", `no free port between ${this.#range.first} and ${this.#range.last}`, {
      hint: "Stop programs that listen there, or give Ebb another range.",
    });
  }

  /** Notes a port that an adopted instance has. */
  adopt(port: number): void {
    this.#used.add(port);
  }

  release(port: number): void {
    this.#used.delete(port);
  }
}

function canBind(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ host: "127.0.0.1", port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
