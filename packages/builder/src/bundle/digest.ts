import { createHash } from "node:crypto";
import type { BundleManifest } from "../port.ts";

/** A file, folder or link of a bundle. Paths are relative to `app`, `/` between parts. */
export type BundleEntry =
  | { path: string; type: "folder" }
  | { path: string; type: "link"; target: string }
  | { path: string; type: "file"; executable: boolean; /** sha256 in hex. */ content: string };

/**
 * The bundle's identity, sha256 in hex: over the manifest and the entries in the order of their paths' bytes. Each field is length-prefixed,
 * so that no two different bundles spell the same bytes. Times and owners are not part of it.
 */
export function bundleDigest(manifest: BundleManifest, entries: readonly BundleEntry[]): string {
  const hash = createHash("sha256");
  const field = (text: string) => hash.update(`${Buffer.byteLength(text)}:${text}`);
  field("ebb-bundle-1");
  field(canonicalJson(manifest));
  for (const entry of entries.toSorted((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)))) {
    field(entry.path);
    if (entry.type === "folder") field("folder");
    else if (entry.type === "link") field(`link ${entry.target}`);
    else field(`${entry.executable ? "program" : "file"} ${entry.content}`);
  }
  return hash.digest("hex");
}

/** Keys in order, so that the same manifest is the same text whoever made it. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
