import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { nodeApp } from "@ebb/testkit";

const EXAMPLES = join(import.meta.dirname, "../../../../examples");

/** An example as people copy it. */
export async function example(name: string): Promise<Record<string, string>> {
  const root = join(EXAMPLES, name);
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .toSorted();
  return Object.fromEntries(await Promise.all(files.map(async (path) => [path, await readFile(join(root, path), "utf8")])));
}

/** A shop that takes about as long as one with a database behind it, writes a line a request, and cannot take every order. */
export function shop(edition: string, { slower = 0 }: { slower?: number } = {}): Record<string, string> {
  return nodeApp({
    before: `
const edition = ${JSON.stringify(edition)};
console.log("edition " + edition + " is connected to the catalogue");`,
    handler: `
  const began = performance.now();
  const path = request.url.split("?")[0];
  const fails = path === "/orders" && Math.random() < 0.02;
  return setTimeout(() => {
    if (fails) console.error(JSON.stringify({ level: "error", path, message: "the card was declined by the bank" }));
    else console.log(JSON.stringify({ level: "info", method: request.method, path, ms: Math.round(performance.now() - began) }));
    response.statusCode = fails ? 502 : 200;
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ edition, path, version: process.env.K_REVISION }));
  }, ${slower} + 8 + Math.random() * (path === "/search" ? 120 : 30));`,
  });
}

/** Cannot start: what it needs is not there. */
export function billing(): Record<string, string> {
  return nodeApp({
    before: `
console.log("billing 2.4.0 starts");
console.error("Error: connect ECONNREFUSED db.internal:5432");
console.error("    at ledger (/app/src/ledger.js:41:11)");
console.error("the ledger's database does not answer: giving up");
process.exit(3);`,
  });
}
