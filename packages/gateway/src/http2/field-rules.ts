import type { FieldList } from "./hpack/decoder.ts";

const PLAIN_NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
/** Of the connection they came by, which HTTP/2 says in other ways (RFC 9113 §8.2.2). */
const OF_CONNECTION: ReadonlySet<string> = new Set(["connection", "proxy-connection", "keep-alive", "transfer-encoding", "upgrade"]);
const OF_REQUESTS: ReadonlySet<string> = new Set([":method", ":scheme", ":path", ":authority", ":protocol"]);
const OF_ANSWERS: ReadonlySet<string> = new Set([":status"]);
const NONE: ReadonlySet<string> = new Set();

export type Pseudo = ReadonlyMap<string, string>;

/** Names that have passed: most come again. */
const passed = new Set<string>();
const MOST_PASSED = 1000;

function isPlainName(name: string): boolean {
  if (passed.has(name)) return true;
  if (!PLAIN_NAME.test(name) || OF_CONNECTION.has(name)) return false;
  if (passed.size >= MOST_PASSED) passed.clear();
  passed.add(name);
  return true;
}

/** The pseudo fields; undefined when the list is malformed (RFC 9113 §8.2, §8.3), which ends its stream. */
function read(list: FieldList, allowed: ReadonlySet<string>): Pseudo | undefined {
  const pseudo = new Map<string, string>();
  const { pairs } = list;
  let isPlain = false;
  for (let at = 0; at < pairs.length; at += 2) {
    const name = pairs[at] ?? "";
    const value = pairs[at + 1] ?? "";
    if (name.startsWith(":")) {
      if (isPlain || !allowed.has(name) || pseudo.has(name)) return undefined;
      pseudo.set(name, value);
      continue;
    }
    isPlain = true;
    if (!isPlainName(name) || (name === "te" && value !== "trailers") || /^[ \t]|[ \t]$/.test(value)) return undefined;
  }
  return pseudo;
}

export function requestPseudo(list: FieldList): Pseudo | undefined {
  const pseudo = read(list, OF_REQUESTS);
  if (!pseudo?.get(":method")) return undefined;
  const isConnect = pseudo.get(":method") === "CONNECT";
  const isExtended = pseudo.has(":protocol");
  if (isExtended && !isConnect) return undefined;
  const hasTarget = pseudo.get(":scheme") !== undefined && (pseudo.get(":path") ?? "") !== "";
  // A plain CONNECT has neither; all others have both (§8.3.1, §8.5, RFC 8441 §4).
  if (isConnect && !isExtended) return pseudo.has(":scheme") || pseudo.has(":path") ? undefined : pseudo;
  return hasTarget ? pseudo : undefined;
}

/** The status of an answer; undefined when it is malformed. */
export function answerStatus(list: FieldList): number | undefined {
  const status = read(list, OF_ANSWERS)?.get(":status") ?? "";
  return /^[1-9][0-9]{2}$/.test(status) ? Number(status) : undefined;
}

export function areTrailers(list: FieldList): boolean {
  return read(list, NONE) !== undefined;
}
