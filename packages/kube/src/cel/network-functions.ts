import ipaddr from "ipaddr.js";
import type { Environment } from "@marcbachmann/cel-js";

type Address = ipaddr.IPv4 | ipaddr.IPv6;

class Ip {
  readonly text: string;
  readonly address: Address;

  constructor(text: string) {
    const v4 = ipaddr.IPv4.isValidFourPartDecimal(text);
    if (!v4 && (!ipaddr.IPv6.isValid(text) || text.includes("%")))
      throw new Error(`IP Address ${JSON.stringify(text)} parse error during conversion from string`);
    this.text = text;
    this.address = ipaddr.parse(text);
  }
}

class Cidr {
  readonly ip: Ip;
  readonly length: number;

  constructor(text: string) {
    const [, address = "", length = ""] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
    this.ip = new Ip(address);
    this.length = Number(length);
    if (this.length > (this.ip.address.kind() === "ipv4" ? 32 : 128))
      throw new Error(`network address parse error during conversion from string: ${JSON.stringify(text)}`);
  }

  contains({ address }: Ip): boolean {
    return address.kind() === this.ip.address.kind() && address.match(this.ip.address, this.length);
  }
}

class Url {
  readonly url: URL;

  constructor(text: string) {
    const url = URL.parse(text);
    if (!url) throw new Error(`URL parse error during conversion from string: ${JSON.stringify(text)}`);
    this.url = url;
  }
}

function attempts(make: (text: string) => unknown): (text: string) => boolean {
  return (text) => {
    try {
      make(text);
      return true;
    } catch {
      return false;
    }
  };
}

/** k8s.io/apiserver pkg/cel/library {urls,ip,cidr}.go: of addresses what admission rules ask. */
export function registerNetwork(env: Environment): void {
  const ip = (text: string) => new Ip(text);
  const cidr = (text: string) => new Cidr(text);
  const url = (text: string) => new Url(text);
  env.registerType("Ip", Ip);
  env.registerType("Cidr", Cidr);
  env.registerType("Url", Url);
  env.registerFunction("isIP(string): bool", attempts(ip));
  env.registerFunction("ip(string): Ip", ip);
  env.registerFunction("Ip.family(): int", (a: Ip) => (a.address.kind() === "ipv4" ? 4n : 6n));
  env.registerFunction("Ip.isLoopback(): bool", (a: Ip) => a.address.range() === "loopback");
  env.registerFunction("string(Ip): string", (a: Ip) => a.text);
  env.registerFunction("isCIDR(string): bool", attempts(cidr));
  env.registerFunction("cidr(string): Cidr", cidr);
  env.registerFunction("Cidr.ip(): Ip", (a: Cidr) => a.ip);
  env.registerFunction("Cidr.prefixLength(): int", (a: Cidr) => BigInt(a.length));
  env.registerFunction("Cidr.containsIP(Ip): bool", (a: Cidr, b: Ip) => a.contains(b));
  env.registerFunction("Cidr.containsIP(string): bool", (a: Cidr, b: string) => a.contains(new Ip(b)));
  env.registerFunction("Cidr.containsCIDR(Cidr): bool", (a: Cidr, b: Cidr) => a.length <= b.length && a.contains(b.ip));
  env.registerFunction("Cidr.containsCIDR(string): bool", (a: Cidr, b: string) => {
    const inner = new Cidr(b);
    return a.length <= inner.length && a.contains(inner.ip);
  });
  env.registerFunction("isURL(string): bool", attempts(url));
  env.registerFunction("url(string): Url", url);
  env.registerFunction("Url.getScheme(): string", (a: Url) => a.url.protocol.slice(0, -1));
  env.registerFunction("Url.getHost(): string", (a: Url) => a.url.host);
  env.registerFunction("Url.getHostname(): string", (a: Url) => a.url.hostname);
  env.registerFunction("Url.getPort(): string", (a: Url) => a.url.port);
  env.registerFunction("Url.getEscapedPath(): string", (a: Url) => a.url.pathname);
}
