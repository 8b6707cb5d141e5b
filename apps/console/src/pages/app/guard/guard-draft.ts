import type { AccessEntry, PatchTrafficPolicy, RateLimit, TrafficPolicy } from "@ebb/api";

export type Operator = "present" | "exact" | "prefix" | "regex";

/** An entry of an access list as it is typed: an address, or a header and how it must look. */
export interface DraftEntry {
  /** Of the draft alone: rows keep their fields. */
  key: number;
  kind: "address" | "header";
  address: string;
  header: string;
  is: Operator;
  value: string;
  /** RFC 3339; empty: for good. */
  until: string;
  note: string;
}

export interface DraftLimit {
  key: number;
  requests: number;
  perSeconds: number;
  /** As many as `requests` when null. */
  burst: number | null;
  by: "app" | "client" | "header";
  header: string;
}

export interface GuardDraft {
  deny: readonly DraftEntry[];
  allow: readonly DraftEntry[];
  rateLimits: readonly DraftLimit[];
  affinity: TrafficPolicy["affinity"];
  ejection: TrafficPolicy["ejection"];
  retries: TrafficPolicy["retries"];
}

/** What a part begins with that is switched on; as `ebb guard` has it. */
export const USUAL: Required<{ [Part in "affinity" | "ejection" | "retries"]: NonNullable<TrafficPolicy[Part]> }> = {
  affinity: { cookie: "ebb-affinity", seconds: 3600 },
  ejection: { errors: 5, seconds: 30, maxPercent: 50 },
  retries: { attempts: 2, perTrySeconds: 0, on: ["5xx", "reset"], budgetPercent: 20 },
};

/** All that an attempt may be repeated after. */
export const RETRY_ON = [
  "5xx",
  "gateway-error",
  "reset",
  "reset-before-request",
  "retriable-4xx",
  "unavailable",
  "resource-exhausted",
  "429",
  "500",
  "502",
  "503",
  "504",
];
export const MOST_ENTRIES = 256;
export const MOST_LIMITS = 16;

const keyAfter = (rows: readonly { key: number }[]): number => 1 + Math.max(0, ...rows.map(({ key }) => key));

export const newEntry = (rows: readonly DraftEntry[]): DraftEntry => ({
  key: keyAfter(rows),
  kind: "address",
  address: "",
  header: "",
  is: "present",
  value: "",
  until: "",
  note: "",
});
export const newLimit = (rows: readonly DraftLimit[]): DraftLimit => ({
  key: keyAfter(rows),
  requests: 100,
  perSeconds: 60,
  burst: null,
  by: "client",
  header: "",
});

export function draftOf({ deny, allow, rateLimits, affinity, ejection, retries }: TrafficPolicy): GuardDraft {
  const entries = (list: readonly AccessEntry[]) => list.map(draftEntry);
  return {
    deny: entries(deny),
    allow: entries(allow),
    rateLimits: rateLimits.map(({ requests, perSeconds, burst = null, by }, key) => {
      const header = typeof by === "object" ? by.header : "";
      return { key, requests, perSeconds, burst, by: typeof by === "object" ? "header" : by, header };
    }),
    affinity,
    ejection,
    retries,
  };
}

function draftEntry({ address, header = "", match, until = "", note = "" }: AccessEntry, key: number): DraftEntry {
  const [is, value] = Object.entries(match ?? { present: true })[0] ?? ["present", true];
  return {
    key,
    kind: address === undefined ? "header" : "address",
    address: address ?? "",
    header,
    is: is as Operator,
    value: typeof value === "string" ? value : "",
    until,
    note,
  };
}

/** The policy that a draft without faults stands for. */
export function policyOf({ deny, allow, rateLimits, ...rest }: GuardDraft): TrafficPolicy {
  return {
    deny: deny.map(entryOf),
    allow: allow.map(entryOf),
    rateLimits: rateLimits.map(({ requests, perSeconds, burst, by, header }): RateLimit => ({
      requests,
      perSeconds,
      ...(burst === null ? {} : { burst }),
      by: by === "header" ? { header } : by,
    })),
    ...rest,
  };
}

function entryOf({ kind, address, header, is, value, until, note }: DraftEntry): AccessEntry {
  // A computed key loses which one it is.
  const match = is === "present" ? {} : { match: { [is]: value } as NonNullable<AccessEntry["match"]> };
  return {
    ...(kind === "address" ? { address } : { header, ...match }),
    ...(until === "" ? {} : { until }),
    ...(note === "" ? {} : { note }),
  };
}

/** The parts that differ: what somebody else changes in the others stays. */
export function patchOf(from: TrafficPolicy, to: TrafficPolicy): PatchTrafficPolicy {
  // As the form would write it, so that what may be left out makes no difference.
  const was = policyOf(draftOf(from));
  const parts = ["deny", "allow", "rateLimits", "affinity", "ejection", "retries"] as const;
  return Object.fromEntries(parts.filter((part) => JSON.stringify(was[part]) !== JSON.stringify(to[part])).map((part) => [part, to[part]]));
}

const HEADER = /^[!#$%&'*+.^_`|~0-9a-z-]{1,128}$/;
const COOKIE = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/;

export type EntryFault = "address" | "header" | "value";

/** What is wrong with an entry, as the platform judges it; expressions are for the platform to judge. Null: nothing. */
export function entryFault({ kind, address, header, is, value }: DraftEntry): EntryFault | null {
  if (kind === "address") return isBlock(address) ? null : "address";
  if (!HEADER.test(header)) return "header";
  return is !== "present" && (value === "" || value.length > 1024) ? "value" : null;
}

export const limitFault = ({ by, header }: DraftLimit): boolean => by === "header" && !HEADER.test(header);

export const isSound = ({ deny, allow, rateLimits, affinity, retries }: GuardDraft): boolean =>
  [...deny, ...allow].every((entry) => entryFault(entry) === null) &&
  !rateLimits.some(limitFault) &&
  (affinity === null || COOKIE.test(affinity.cookie)) &&
  (retries === null || retries.on.length > 0);

const OCTET = "(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)";
const IPV4 = new RegExp(`^${OCTET}(?:\\.${OCTET}){3}$`);

/** An address, or one with a prefix length; the URL parser knows all of version 6. */
function isBlock(text: string): boolean {
  const [base = "", length, ...rest] = text.split("/");
  if (rest.length > 0) return false;
  const six = /^[0-9a-fA-F:.]+$/.test(base) && base.includes(":") && URL.canParse(`http://[${base}]/`);
  const bits = IPV4.test(base) ? 32 : six ? 128 : -1;
  return bits > 0 && (length === undefined || (/^\d{1,3}$/.test(length) && Number(length) <= bits));
}
