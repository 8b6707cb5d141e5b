import { equalBytes, latin1, ownText } from "./bytes.ts";

/** A registered name, an IPv4 address or a bracketed IPv6 one, then perhaps a port (RFC 3986 §3.2.2, without user info). */
const AUTHORITY = /^(?:([A-Za-z0-9._~-]+)|(\[[0-9A-Fa-f:.]+\]))(?::[0-9]{0,5})?$/;
const MAX_AUTHORITY = 300;

/** The host that routes are found by: lower case, without port and trailing dot. Undefined when it is not a valid authority. */
export function hostOf(authority: string): string | undefined {
  if (authority.length > MAX_AUTHORITY) return undefined;
  const match = AUTHORITY.exec(authority);
  if (!match) return undefined;
  const host = (match[1] ?? match[2] ?? "").toLowerCase();
  return host.endsWith(".") ? host.slice(0, -1) : host;
}

const MOST_KNOWN = 2048;

export interface Authority {
  /** As it was written. */
  text: string;
  /** See hostOf. */
  host: string;
}

/** Places for those that are found by their bytes; a power of two. */
const PLACES = 64;
const LONGEST_PLACED = 64;

interface Placed {
  bytes: Buffer;
  authority: Authority;
}

/** Authorities that come again and again: the same strings each time, whose hashes the engine knows already. */
export class KnownAuthorities {
  readonly #known = new Map<string, Authority>();
  readonly #placed: (Placed | undefined)[] = Array.from({ length: PLACES }, () => undefined);

  /** Undefined when it is not a valid one. */
  find(text: string): Authority | undefined {
    return this.#known.get(text) ?? this.#read(text);
  }

  /** The same of `bytes[start, end)`: no text is made of one that was asked for lately. */
  findBytes(bytes: Buffer, start: number, end: number): Authority | undefined {
    const length = end - start;
    if (length === 0 || length > LONGEST_PLACED) return this.find(latin1(bytes, start, end));
    const place = (length * 7 + (bytes[start] as number) * 3 + (bytes[start + (length >> 1)] as number)) & (PLACES - 1);
    const placed = this.#placed[place];
    if (placed !== undefined && equalBytes(placed.bytes, bytes, start, length)) return placed.authority;
    const authority = this.find(latin1(bytes, start, end));
    if (authority) this.#placed[place] = { bytes: Buffer.from(authority.text, "latin1"), authority };
    return authority;
  }

  #read(given: string): Authority | undefined {
    // What is given may be cut from a head, all of which it would keep.
    const text = ownText(given);
    const host = hostOf(text);
    if (host === undefined) return undefined;
    const authority = { text, host };
    // Whoever sends ever new ones costs others a fresh look now and then, and no memory.
    if (this.#known.size === MOST_KNOWN) this.#known.clear();
    this.#known.set(text, authority);
    return authority;
  }
}

export interface Target {
  /** In origin form, or `*`. */
  target: string;
  /** From an absolute target; it then outranks Host (RFC 9112 §3.2.2). */
  authority: string | undefined;
}

/** Takes a request target apart. Undefined when it is in none of the forms a gateway serves. */
export function parseTarget(method: string, text: string): Target | undefined {
  if (text.startsWith("/")) return { target: text, authority: undefined };
  if (text === "*") return method === "OPTIONS" ? { target: text, authority: undefined } : undefined;
  const match = /^http:\/\/([^/?]*)(.*)$/i.exec(text);
  if (!match) return undefined;
  const rest = match[2] ?? "";
  return { authority: match[1] ?? "", target: rest.startsWith("/") ? rest : `/${rest}` };
}
