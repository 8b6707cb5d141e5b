/**
 * The layer rules: which of Ebb's packages a package may import (dependencies point downwards only), and which do no I/O. Fails too when it
 * read hardly any modules, which would make every rule hold. Cycles between files are the linter's concern (import/no-cycle).
 */
import { globSync, readFileSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";

const ROOT = resolve(import.meta.dirname, "..");
/** What each may import besides itself. Tests may import anything but what `NEVER` names. */
const MAY_IMPORT: Record<string, string[]> = {
  "packages/base": [],
  "packages/kube": ["base"],
  "packages/builder": ["base"],
  "packages/gateway": ["base"],
  "packages/autoscaler": ["base", "kube"],
  "packages/runtime": ["base", "builder"],
  "packages/controllers": ["base", "kube", "builder", "runtime", "gateway", "autoscaler"],
  "packages/apiserver": ["base", "kube"],
  "packages/api": [],
  "packages/platform": ["api", "base", "kube", "builder"],
  "apps/cli": ["api", "base"],
  "apps/console": ["api", "base"],
  "apps/server": ["apiserver", "base", "builder", "controllers", "gateway", "kube", "platform", "runtime"],
};
/** The platform and its clients speak HTTP and Kubernetes, in their tests too: a real cluster must be able to take the embedded one's place. */
const NEVER = new Set(["apiserver", "controllers", "autoscaler", "gateway", "runtime"]);
const OUTSIDE_THE_CLUSTER = new Set(["packages/platform", "apps/cli", "apps/console"]);
const PURE = new Set(["packages/kube", "packages/autoscaler"]);
const INPUT_OUTPUT = /^node:(fs|net|http|https|http2|child_process|sqlite|dgram|tls|worker_threads)(\/|$)/;
const LEAST_MODULES = 300;
/** Its schemas bring their library along, as big as half a page: of them the console takes types alone. */
const SCHEMAS = /^(?:import|export) (?!type\b)[^;"]*"@ebb\/api"/m;

const IMPORT = /(?:\bfrom|\bimport)\s*\(?\s*["']([^"']+)["']/g;
const TEST = /\.(test|conformance)\.tsx?$|\/testing(\/|\.ts$)|\/test-[^/]+\.ts$/;

const problems: string[] = [];
const files = globSync("{packages,apps}/*/src/**/*.{ts,tsx}", { cwd: ROOT });
for (const file of files) {
  const folder = file.split("/").slice(0, 2).join("/");
  const allowed = MAY_IMPORT[folder];
  if (!allowed) {
    problems.push(`${file}: ${folder} has no layer; give it one in scripts/check-layers.ts`);
    continue;
  }
  const text = readFileSync(resolve(ROOT, file), "utf8");
  if (folder === "apps/console" && SCHEMAS.test(text))
    problems.push(`${file} imports values of @ebb/api: those that it may have are in @ebb/api/client`);
  for (const [, specifier = ""] of text.matchAll(IMPORT)) {
    const problem = judge({ file, folder, allowed, specifier });
    if (problem) problems.push(`${file} imports ${specifier}: ${problem}`);
  }
}
if (files.length < LEAST_MODULES) problems.push(`only ${files.length} modules were read: the check saw nothing`);
for (const problem of problems) console.error(problem);
if (problems.length === 0) console.log(`layers: ${files.length} modules, no violation`);
else process.exitCode = 1;

function judge(found: { file: string; folder: string; allowed: string[]; specifier: string }): string | undefined {
  const { file, folder, allowed, specifier } = found;
  const isTest = TEST.test(file);
  const name = /^@ebb\/([^/]+)/.exec(specifier)?.[1];
  if (name !== undefined && `packages/${name}` !== folder) {
    if (OUTSIDE_THE_CLUSTER.has(folder) && NEVER.has(name)) return "it must not know the embedded cluster";
    if (!isTest && !allowed.includes(name)) return `allowed are ${allowed.join(", ") || "none"}`;
  }
  if (specifier.startsWith(".") && relative(folder, relative(ROOT, resolve(ROOT, dirname(file), specifier))).startsWith("..") && !isTest) {
    return "other packages are imported by their names";
  }
  if (PURE.has(folder) && !isTest && INPUT_OUTPUT.test(specifier)) return `${folder} is pure`;
  return undefined;
}
