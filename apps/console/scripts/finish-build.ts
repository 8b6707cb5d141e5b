/**
 * After `vite build`: refuses a build of which a page loads more than the budget, and puts compressed copies beside the assets, which the
 * platform serves as they are.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";

/**
 * Bytes as they are sent (brotli) of all scripts and styles that any page loads before it can be used; sized so that it shows within a second over a
 * slow VPN (3 Mbit/s), with what it asks the platform.
 */
const PAGE_BUDGET = 290 * 1024;

interface Chunk {
  file: string;
  isEntry?: boolean;
  imports?: string[];
  css?: string[];
}

const dist = join(import.meta.dirname, "..", "dist");
const manifest = JSON.parse(readFileSync(join(dist, ".vite", "manifest.json"), "utf8")) as Record<string, Chunk>;

function collect(key: string, files: Set<string>): Set<string> {
  const chunk = manifest[key];
  if (chunk === undefined || files.has(chunk.file)) return files;
  files.add(chunk.file);
  for (const style of chunk.css ?? []) files.add(style);
  for (const next of chunk.imports ?? []) collect(next, files);
  return files;
}

const sent = new Map<string, number>();
for (const name of readdirSync(join(dist, "assets"))) {
  const path = join(dist, "assets", name);
  const content = readFileSync(path);
  const brotli = brotliCompressSync(content);
  sent.set(`assets/${name}`, brotli.length);
  writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }));
  writeFileSync(`${path}.br`, brotli);
}
rmSync(join(dist, ".vite"), { recursive: true });

const entry = Object.keys(manifest).filter((key) => manifest[key]?.isEntry === true);
const pages = Object.keys(manifest).filter((key) => /^src\/pages\/.*-(page|pages|tab|environment)\.tsx$/.test(key));
const preloaded = /href="\/(assets\/[^"]+)"/g;
const html = readFileSync(join(dist, "index.html"), "utf8");
const shared = new Set([...html.matchAll(preloaded)].map(([, file = ""]) => file).filter((file) => sent.has(file)));
for (const key of entry) collect(key, shared);
const words = Math.max(...[...sent].filter(([file]) => file.startsWith("assets/words-")).map(([, bytes]) => bytes));
if (entry.length === 0 || pages.length < 20 || !Number.isFinite(words))
  throw new Error("The manifest names no pages: was the console built?");

const weights = pages.map((page) => {
  const files = collect(page, new Set(shared));
  return { page, bytes: [...files].reduce((sum, file) => sum + (sent.get(file) ?? 0), words) };
});
const [heaviest] = weights.toSorted((a, b) => b.bytes - a.bytes);

// Silent when all is well: this runs in every `npm ci`.
if (heaviest && heaviest.bytes > PAGE_BUDGET) {
  process.stderr.write(
    `The console's ${heaviest.page} takes ${(heaviest.bytes / 1024).toFixed(0)} KB of scripts and styles; ${PAGE_BUDGET / 1024} KB are allowed.\n` +
      "Split a page or import less: npx vite build --manifest, then see what it and the entry import in dist/.vite/manifest.json.\n",
  );
  process.exitCode = 1;
}
