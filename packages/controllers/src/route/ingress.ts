import { causeChain, type Clock, type Logger } from "@ebb/base";
import type { RouteEntry } from "@ebb/gateway";
import { within } from "../engine/within.ts";
import type { GatewayPort } from "../ports.ts";
import { probeRoute, type ProbeAddress } from "./probe.ts";
import type { Ingress as IngressState } from "./reconcile.ts";

/** A gateway that takes longer is away; the Route says so and is tried again. */
const PATIENCE = 5000;

export interface IngressOptions {
  gateway: GatewayPort;
  /** Where the gateway serves external hosts. */
  external: ProbeAddress;
  /** Where it serves cluster-local ones; without it those are taken at the gateway's word. */
  internal?: ProbeAddress;
  clock: Clock;
  log: Logger;
}

/** Routes as the gateway has them. Invariant: `ready` only after the gateway has answered through its listener with this very entry. */
export class Ingress {
  readonly #options: IngressOptions;
  /** Hash of the entry that has answered, by Route. */
  readonly #inForce = new Map<string, string>();
  readonly #known = new Set<string>();

  constructor(options: IngressOptions) {
    this.#options = options;
  }

  /** Puts an entry into the first table. `proved`: it has answered before, and will again once the gateway has the table. */
  async adopt(entry: RouteEntry, proved: boolean): Promise<void> {
    const { gateway, log } = this.#options;
    this.#known.add(entry.key);
    try {
      await gateway.putRoute(entry);
      if (proved) this.#inForce.set(entry.key, entry.hash);
    } catch (error) {
      log.warn({ route: entry.key, error }, "the gateway did not take a route");
    }
  }

  async program(entry: RouteEntry): Promise<IngressState> {
    const { key, hash } = entry;
    if (this.#inForce.get(key) === hash) return { state: "ready" };
    const { gateway, clock } = this.#options;
    try {
      this.#inForce.delete(key);
      this.#known.add(key);
      await within(clock, PATIENCE, "the gateway", gateway.putRoute(entry));
      await this.#probe(entry);
    } catch (error) {
      return { state: "waiting", message: `Waiting for load balancer to be ready: ${causeChain(error).join(": ")}` };
    }
    this.#inForce.set(key, hash);
    return { state: "ready" };
  }

  async remove(key: string): Promise<void> {
    this.#inForce.delete(key);
    if (this.#known.delete(key)) await within(this.#options.clock, PATIENCE, "the gateway", this.#options.gateway.removeRoute(key));
  }

  async #probe({ hosts, hash }: RouteEntry): Promise<void> {
    const { clock, external, internal } = this.#options;
    // All hosts of an entry come into force at once: one of them speaks for all.
    const rule = hosts.find(({ visibility }) => visibility === "external") ?? hosts[0];
    const address = rule?.visibility === "external" ? external : internal;
    if (rule && address) await probeRoute(clock, { address, host: rule.host.replace("*", "any"), hash });
  }
}
