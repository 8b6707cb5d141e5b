import { Groups } from "@ebb/base";

/** Who may use a host: of several Routes that want it, the oldest. */
export class HostClaims {
  /** When each Route was created, by the host that it claims. */
  readonly #claimants = new Groups<string>();
  readonly #hosts = new Map<string, readonly string[]>();

  /** Replaces what this Route claims. `created` sorts as text (RFC 3339). Returns the other Routes for which something changed. */
  put(route: string, created: string, hosts: readonly string[]): string[] {
    const touched = new Set([...(this.#hosts.get(route) ?? []), ...hosts]);
    const before = new Map([...touched].map((host) => [host, this.owner(host)]));
    for (const host of this.#hosts.get(route) ?? []) this.#claimants.delete(host, route);
    for (const host of hosts) this.#claimants.set(host, route, created);
    if (hosts.length > 0) this.#hosts.set(route, [...hosts]);
    else this.#hosts.delete(route);
    const affected = [...touched].flatMap((host) => (this.owner(host) === before.get(host) ? [] : [this.owner(host), before.get(host)]));
    return [...new Set(affected.filter((key) => key !== undefined && key !== route))] as string[];
  }

  remove(route: string): string[] {
    return this.put(route, "", []);
  }

  owner(host: string): string | undefined {
    let best: readonly [route: string, created: string] | undefined;
    for (const claimant of this.#claimants.get(host)) {
      const [route, created] = claimant;
      if (!best || created < best[1] || (created === best[1] && route < best[0])) best = claimant;
    }
    return best?.[0];
  }
}
