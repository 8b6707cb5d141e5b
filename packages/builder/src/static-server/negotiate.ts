/** The decisions of RFC 9110 that a server of files has to take. Pure. Part of each site's bundle: it imports nothing. */

export type Encoding = "br" | "gzip";

/** The encodings that the client takes, best first (RFC 9110 §12.5.3); Brotli wins a tie, as it is smaller. */
export function acceptedEncodings(header: string | undefined): Encoding[] {
  const weights = new Map<string, number>();
  for (const part of (header ?? "").split(",")) {
    const [name = "", ...parameters] = part.split(";").map((text) => text.trim().toLowerCase());
    const weight = parameters.find((text) => text.startsWith("q="));
    if (name !== "") weights.set(name === "x-gzip" ? "gzip" : name, weight === undefined ? 1 : Number(weight.slice(2)) || 0);
  }
  const weightOf = (name: Encoding) => weights.get(name) ?? weights.get("*") ?? 0;
  return (["br", "gzip"] as const).filter((name) => weightOf(name) > 0).toSorted((a, b) => weightOf(b) - weightOf(a));
}

export interface Conditions {
  ifNoneMatch: string | undefined;
  ifModifiedSince: string | undefined;
}

/** Whether the client's copy is still good (RFC 9110 §13.2.2): If-None-Match decides when it is there, compared weakly. */
export function notModified(conditions: Conditions, etag: string, modified: number): boolean {
  if (conditions.ifNoneMatch !== undefined) {
    const tags = conditions.ifNoneMatch.split(",").map((tag) => tag.trim().replace(/^W\//, ""));
    return tags.includes("*") || tags.includes(etag.replace(/^W\//, ""));
  }
  const since = Date.parse(conditions.ifModifiedSince ?? "");
  return !Number.isNaN(since) && Math.floor(modified / 1000) * 1000 <= since;
}

/** Whether a range may be answered: without If-Range, or when that names exactly this representation. */
export function rangeApplies(ifRange: string | undefined, etag: string, modified: number): boolean {
  if (ifRange === undefined) return true;
  if (ifRange.startsWith('"')) return ifRange === etag;
  return Date.parse(ifRange) === Math.floor(modified / 1000) * 1000;
}

/** First and last byte, both included; "unsatisfiable" is a 416; undefined means the whole (no range, several, or not understood). */
export function byteRange(header: string | undefined, size: number): { first: number; last: number } | "unsatisfiable" | undefined {
  const match = /^bytes=\s*(\d{0,15})-(\d{0,15})\s*$/.exec(header ?? "");
  const [, from = "", to = ""] = match ?? [];
  if (!match || (from === "" && to === "")) return undefined;
  if (from === "") return Number(to) === 0 || size === 0 ? "unsatisfiable" : { first: Math.max(0, size - Number(to)), last: size - 1 };
  if (to !== "" && Number(to) < Number(from)) return undefined;
  return Number(from) >= size ? "unsatisfiable" : { first: Number(from), last: to === "" ? size - 1 : Math.min(Number(to), size - 1) };
}

/** Folders in which build tools name files by their contents. */
const HASHED_FOLDERS = /\/(?:assets|static|_astro|_next\/static|_app\/immutable|_nuxt|build)\//;
const STEM_AND_HASH =
  /[.-](?=[A-Za-z0-9_-]*[0-9])(?=[A-Za-z0-9_-]*[A-Za-z])([A-Za-z0-9_-]{8,64})(?:\.(?:chunk|min|module|bundle))?\.[a-z0-9]{2,5}(?:\.map)?$/;
const HEX = /^[0-9a-f]{8,64}$/;

/** For ever when the name changes with the contents; otherwise the client asks each time, which costs a 304. */
export function cacheControl(path: string): string {
  const hash = /\.html?$/.test(path) ? undefined : STEM_AND_HASH.exec(path)?.[1];
  const hashed = hash !== undefined && (HEX.test(hash) || HASHED_FOLDERS.test(path));
  return hashed ? "public, max-age=31536000, immutable" : "public, max-age=0, must-revalidate";
}
