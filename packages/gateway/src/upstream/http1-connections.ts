import type { Clock } from "@ebb/base";
import type { ConnectionNeed, EndpointConnections } from "../core/endpoint-state.ts";
import type { Expiring, Sweep } from "../core/sweep.ts";
import type { IdleKeeper, Places } from "../io/places.ts";
import type { GatewayLimits } from "../limits.ts";
import type { Endpoint } from "../route-table.ts";
import { Http1Upstream, type Http1Keeper, type Http1UpstreamDeps } from "./http1-upstream.ts";

export interface Http1ConnectionsDeps extends Http1UpstreamDeps {
  clock: Clock;
  limits: GatewayLimits;
  sweep: Sweep;
  places: Places;
}

/**
 * The connections to one HTTP/1.1 instance. The last one used is used first, so that few are warm and the rest run out; none is kept
 * longer than the instance is likely to keep it.
 */
export class Http1Connections implements EndpointConnections, Http1Keeper, IdleKeeper, Expiring {
  watchIndex = -1;
  readonly #endpoint: Endpoint;
  readonly #deps: Http1ConnectionsDeps;
  #idle: Http1Upstream[] = [];
  #closing = false;

  constructor(endpoint: Endpoint, deps: Http1ConnectionsDeps) {
    this.#endpoint = endpoint;
    this.#deps = deps;
  }

  open(need: ConnectionNeed): Http1Upstream {
    const { clock, limits } = this.#deps;
    const newest = this.#idle.at(-1);
    const age = newest ? clock.monotonic() - newest.idleSince : 0;
    if (newest && !need.fresh && newest.usable && age < (need.repeatable ? keptFor(newest, limits) : limits.upstreamFresh)) {
      this.#idle.pop();
      return newest;
    }
    return new Http1Upstream(this.#endpoint, this, this.#deps);
  }

  ahead(): void {
    this.idle(new Http1Upstream(this.#endpoint, this, this.#deps));
  }

  closeIdle(): void {
    this.#closing = true;
    this.#keepNone();
    const idle = this.#idle;
    this.#idle = [];
    for (const upstream of idle) upstream.close();
  }

  expire(now: number): void {
    const old = this.#idle.filter((upstream) => now - upstream.idleSince >= keptFor(upstream, this.#deps.limits));
    for (const upstream of old) upstream.close();
    if (this.#idle.length === 0) this.#keepNone();
  }

  closeOldest(): boolean {
    const [oldest] = this.#idle;
    oldest?.close();
    return oldest !== undefined;
  }

  idle(upstream: Http1Upstream): void {
    const { limits, places, clock, sweep } = this.#deps;
    if (this.#closing || places.crowded || this.#idle.length >= limits.upstreamIdleCount) return upstream.close();
    upstream.idleSince = clock.monotonic();
    this.#idle.push(upstream);
    if (this.watchIndex >= 0) return;
    sweep.watch(this);
    places.keepers.add(this);
  }

  closed(upstream: Http1Upstream): void {
    const index = this.#idle.lastIndexOf(upstream);
    if (index >= 0) this.#idle.splice(index, 1);
  }

  #keepNone(): void {
    this.#deps.sweep.unwatch(this);
    this.#deps.places.keepers.delete(this);
  }
}

/** Milliseconds to keep an idle connection: our own bound, or a second less than the instance said. */
function keptFor(upstream: Http1Upstream, limits: GatewayLimits): number {
  if (upstream.keepAliveSeconds < 0) return limits.upstreamIdle;
  return Math.min(limits.upstreamIdle, Math.max(0, upstream.keepAliveSeconds * 1000 - 1000));
}
