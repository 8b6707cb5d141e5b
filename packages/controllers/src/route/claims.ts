/** Who may use a host: of several Routes that want it, the oldest. */
export class HostClaims {
  readonly #claimants = new Map<string, Map<string, string>>();
  readonly #hosts = new Map<string, readonly string[]>();

  /** Replaces what this Route claims. `created` sorts as text (RFC 3339). Returns the other Routes for which something changed. */
  put(route: string, created: string, hosts: readonly string[]): string[] {
    const touched = new Set([...(this.#hosts.get(route) ?? []), ...hosts]);
    const before = new Map([...touched].map((host) => [host, this.owner(host)]));
    for (const host of this.#hosts.get(route) ?? []) {
      const claimants = this.#claimants.get(host);
      claimants?.delete(route);
      if (claimants?.size === 0) this.#claimants.delete(host);
    }
    for (const host of hosts) {
      const claimants = this.#claimants.get(host) ?? new Map<string, string>();
      this.#claimants.set(host, claimants.set(route, created));
    }
    if (hosts.length > 0) this.#hosts.set(route, [...hosts]);
    else this.#hosts.delete(route);
    const affected = [...touched].flatMap((host) => (this.owner(host) === before.get(host) ? [] : [this.owner(host), before.get(host)]));
    return [...new Set(affected.filter((key) => key !== undefined && key !== route))] as string[];
  }

  remove(route: string): string[] {
    return this.put(route, "", []);
  }

  owner(host: string): string | undefined {
    let best: [string, string] | undefined;
    for (const [route, created] of this.#claimants.get(host) ?? []) {
      if (!best || created < best[1] || (created === best[1] && route < best[0])) best = [route, created];
    }
    return best?.[0];
  }
}
