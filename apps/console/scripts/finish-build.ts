/**
 * After `vite build`: refuses a build whose first page loads more than the budget, and puts compressed copies beside the assets, which the
 * platform serves as they are.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";

/** Gzip bytes of the entry script and all that it imports; sized so that the first page shows within a second over a slow VPN (3 Mbit/s). */
const INITIAL_SCRIPT_BUDGET = 300 * 1024;

type Chunk = { file: string; isEntry?: boolean; imports?: string[] };

const dist = join(import.meta.dirname, "..", "dist");
const manifest = JSON.parse(readFileSync(join(dist, ".vite", "manifest.json"), "utf8")) as Record<string, Chunk>;

function collect(key: string, files: Set<string>): Set<string> {
  const chunk = manifest[key];
  if (chunk === undefined || files.has(chunk.file)) return files;
  files.add(chunk.file);
  for (const next of chunk.imports ?? []) collect(next, files);
  return files;
}

const initial = new Set<string>();
for (const [key, chunk] of Object.entries(manifest)) if (chunk.isEntry === true) collect(key, initial);
if (initial.size === 0) throw new Error("The manifest names no entry: was the console built?");

let initialBytes = 0;
for (const name of readdirSync(join(dist, "assets"))) {
  const path = join(dist, "assets", name);
  const content = readFileSync(path);
  const gzip = gzipSync(content, { level: 9 });
  if (initial.has(`assets/${name}`)) initialBytes += gzip.length;
  writeFileSync(`${path}.gz`, gzip);
  writeFileSync(`${path}.br`, brotliCompressSync(content));
}
rmSync(join(dist, ".vite"), { recursive: true });

// Silent when all is well: this runs in every `npm ci`.
if (initialBytes > INITIAL_SCRIPT_BUDGET) {
  process.stderr.write(
    `The console's initial script is ${(initialBytes / 1024).toFixed(0)} KB gzip; ${INITIAL_SCRIPT_BUDGET / 1024} KB are allowed.\n` +
      "Split a route or import less: npx vite build --manifest, then see what dist/.vite/manifest.json's entry imports.\n",
  );
  process.exitCode = 1;
}
