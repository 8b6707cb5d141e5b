/**
 * Names and what is there for them: the exact name, else a wildcard for its first label (RFC 9525 §6.3), else the default, which is
 * whatever was put first without names.
 */
export class CertificateIndex<T> {
  readonly #values = new Map<string, { hosts: readonly string[]; value: T }>();
  readonly #byHost = new Map<string, string[]>();
  readonly #defaults: string[] = [];

  get(key: string): T | undefined {
    return this.#values.get(key)?.value;
  }

  put(key: string, hosts: readonly string[], value: T): void {
    const before = this.#values.get(key);
    this.#values.set(key, { hosts, value });
    if (before && before.hosts.join() === hosts.join()) return;
    if (before) this.#forget(key, before.hosts);
    if (hosts.length === 0) this.#defaults.push(key);
    for (const host of hosts) this.#byHost.set(host, [...(this.#byHost.get(host) ?? []), key]);
  }

  remove(key: string): void {
    const before = this.#values.get(key);
    this.#values.delete(key);
    if (before) this.#forget(key, before.hosts);
  }

  get default(): T | undefined {
    return this.#value(this.#defaults[0]);
  }

  find(host: string): T | undefined {
    const dot = host.indexOf(".");
    const keys = this.#byHost.get(host) ?? (dot > 0 ? this.#byHost.get(`*${host.slice(dot)}`) : undefined);
    return this.#value(keys?.[0]) ?? this.default;
  }

  #value(key: string | undefined): T | undefined {
    return key === undefined ? undefined : this.#values.get(key)?.value;
  }

  #forget(key: string, hosts: readonly string[]): void {
    const place = this.#defaults.indexOf(key);
    if (place >= 0) this.#defaults.splice(place, 1);
    for (const host of hosts) {
      const left = (this.#byHost.get(host) ?? []).filter((other) => other !== key);
      if (left.length === 0) this.#byHost.delete(host);
      else this.#byHost.set(host, left);
    }
  }
}
