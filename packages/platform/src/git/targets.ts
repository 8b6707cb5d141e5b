import type { GitSettings } from "@ebb/api";
import { BlockList, isIP } from "node:net";
import { refuse } from "../errors.ts";

/** Not the Internet's: this machine, the networks around it, and what is for special use (RFC 6890). */
const PRIVATE: readonly string[] = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "224.0.0.0/3",
  "::/127",
  // What they carry may be one of those above.
  "64:ff9b::/96",
  "64:ff9b:1::/48",
  "2002::/16",
  "fc00::/7",
  "fe80::/10",
  "ff00::/8",
];

const privateNetworks = networks(PRIVATE);

/** Whether a server of that name may be spoken to at that address. Pure. */
export function mayReach({ publicServers, allow }: GitSettings, host: string, address: string): boolean {
  return isAllowed(allow, host, address) || (publicServers && isIP(address) !== 0 && !includes(privateNetworks, address));
}

/** Whether an administrator has named it: by its name, its address or a network. */
export function isAllowed(allow: readonly string[], host: string, address: string): boolean {
  const named = allow.some((entry) => (entry.startsWith("*.") ? host.endsWith(entry.slice(1)) : entry === host));
  return named || includes(networks(allow.filter((entry) => isNetwork(entry))), address);
}

/** Plain HTTP is for servers that an administrator has named. */
export function mayBePlain(allow: readonly string[], host: string): boolean {
  return isAllowed(allow, host, isIP(host) === 0 ? "0.0.0.0" : host);
}

/** An IPv4 address in IPv6's clothes is that address. */
function includes(list: BlockList, address: string): boolean {
  const plain = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
  const family = isIP(plain);
  return family !== 0 && list.check(plain, family === 6 ? "ipv6" : "ipv4");
}

function networks(entries: readonly string[]): BlockList {
  const list = new BlockList();
  for (const entry of entries) {
    const [address = "", bits] = entry.split("/");
    const family = isIP(address) === 6 ? "ipv6" : "ipv4";
    list.addSubnet(address, bits === undefined ? (family === "ipv6" ? 128 : 32) : Number(bits), family);
  }
  return list;
}

function isNetwork(entry: string): boolean {
  const [, address = "", bits] = /^([0-9a-fA-F.:]+)(?:\/(\d{1,3}))?$/.exec(entry) ?? [];
  const family = isIP(address);
  return family !== 0 && Number(bits ?? 0) <= (family === 6 ? 128 : 32);
}

/** In lower case. Throws `invalid_request` for what is neither a name, nor an address or a network. */
export function checkAllow(entries: readonly string[]): string[] {
  return entries.map((entry) => {
    const plain = entry.trim().toLowerCase();
    if (isNetwork(plain) || /^(\*\.)?[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/.test(plain)) return plain;
    throw refuse("invalid_request", `${JSON.stringify(entry)} is neither a name of a server nor an address`, {
      hint: "Write git.example.com, *.example.com, 10.1.2.3 or 10.0.0.0/8.",
    });
  });
}
