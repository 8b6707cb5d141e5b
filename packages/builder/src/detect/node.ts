import { fault } from "../errors.ts";
import { commandLine } from "./command-line.ts";
import type { Detected, SourceTree, Tool } from "./detected.ts";

interface PackageJson {
  name?: string;
  version?: string;
  main?: string;
  bin?: string | Record<string, string>;
  scripts: Record<string, string>;
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
  optionalDependencies: Record<string, string>;
}

/** Development servers: what they serve is a site, which a build makes for good. */
const DEV_SERVERS =
  /^(?:npx\s+)?(?:react-scripts start|vite(?:\s+(?:dev|serve|preview))?(?:\s|$)|vue-cli-service serve|ng serve|astro dev|parcel(?:\s|$)|webpack(?:-dev-server|\s+serve)|gatsby develop|eleventy --serve|snowpack dev)/;
const PUBLISH = ["dist", "build", "out", "_site", "public"];
const ENTRIES = [
  "server.js",
  "index.js",
  "app.js",
  "server.mjs",
  "index.mjs",
  "app.mjs",
  "server.ts",
  "index.ts",
  "app.ts",
  "main.js",
  "main.ts",
];

/** package.json: `scripts.start`, `main`, a file named as servers are, `bin`; with only a build script it is a site. */
export async function detectNode(tree: SourceTree): Promise<Detected | undefined> {
  const text = await tree.read("package.json");
  if (text === undefined) return undefined;
  const manifest = parseManifest(text);
  const start = startLine(manifest);
  const site =
    start === undefined ? entryOf(manifest, tree) === undefined && manifest.scripts["build"] !== undefined : DEV_SERVERS.test(start);
  const common = { from: "package.json", ...installation(manifest, tree) };
  if (site) {
    if (manifest.scripts["build"] === undefined) {
      throw fault("source_invalid", `scripts.start in package.json is a development server (${start}), and there is no build script`, {
        hint: "Add a script `build` that writes the site into dist/, or a start script that runs a production server.",
      });
    }
    return { ...common, kind: "site", language: "static", publish: PUBLISH, spa: "auto", env: {} };
  }
  const command = start === undefined ? entryOf(manifest, tree) : commandLine(start);
  return {
    ...common,
    kind: "application",
    language: "node",
    ...(command === undefined ? { wanted: `scripts.start, main, bin or ${ENTRIES.slice(0, 3).join(", ")}` } : { command }),
    env: { NODE_ENV: "production", ...packageVariables(manifest) },
  };
}

/** A file named as servers are, without a package.json; beside an index.html only `server.*`: scripts of a site have the other names, too. */
export function detectNodeFile(tree: SourceTree, site: boolean): Detected | undefined {
  const entry = ENTRIES.find((path) => tree.files.has(path) && (!site || path.startsWith("server.")));
  if (entry === undefined) return undefined;
  return {
    from: entry,
    kind: "application",
    language: "node",
    build: [],
    tools: [],
    command: ["node", entry],
    env: { NODE_ENV: "production" },
  };
}

function parseManifest(text: string): PackageJson {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (error) {
    throw fault("source_invalid", `package.json is not valid JSON: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw fault("source_invalid", "package.json is not a JSON object");
  const fields = value as Record<string, unknown>;
  const name = textOf(fields["name"]);
  const version = textOf(fields["version"]);
  const main = textOf(fields["main"]);
  const bin = typeof fields["bin"] === "string" ? fields["bin"] : texts(fields["bin"]);
  return {
    ...(name === undefined ? {} : { name }),
    ...(version === undefined ? {} : { version }),
    ...(main === undefined ? {} : { main }),
    bin,
    scripts: texts(fields["scripts"]),
    dependencies: texts(fields["dependencies"]),
    devDependencies: texts(fields["devDependencies"]),
    optionalDependencies: texts(fields["optionalDependencies"]),
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value.trim() !== "" ? value : undefined;
}

function texts(value: unknown): Record<string, string> {
  if (typeof value !== "object" || value === null) return {};
  return Object.fromEntries(Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === "string"));
}

/** `npm run X` is followed to X, as starting npm costs more than most applications do. */
function startLine(manifest: PackageJson): string | undefined {
  let line = textOf(manifest.scripts["start"]);
  for (let hops = 0; line !== undefined && hops < 5; hops++) {
    const next = /^(?:npm run|npm run-script|pnpm run|pnpm|yarn run|yarn)\s+([\w:.-]+)$/.exec(line.trim())?.[1];
    const target = next === undefined ? undefined : textOf(manifest.scripts[next]);
    if (target === undefined) break;
    line = target;
  }
  return line;
}

function entryOf(manifest: PackageJson, tree: SourceTree): string[] | undefined {
  const bins = typeof manifest.bin === "string" ? [manifest.bin] : Object.values(manifest.bin ?? {});
  const main = manifest.main === undefined ? [] : [manifest.main, `${manifest.main}.js`, `${manifest.main}/index.js`];
  const candidates = [...main, ...ENTRIES, ...(bins.length === 1 ? bins : [])].map((path) => path.replace(/^\.\//, ""));
  const entry = candidates.find((path) => tree.files.has(path));
  return entry === undefined ? undefined : ["node", entry];
}

/** What programs started by npm find about their package, as many read it. */
function packageVariables(manifest: PackageJson): Record<string, string> {
  return {
    ...(manifest.name === undefined ? {} : { npm_package_name: manifest.name }),
    ...(manifest.version === undefined ? {} : { npm_package_version: manifest.version }),
  };
}

interface PackageManager {
  lock: string;
  tool: Tool;
  install: string;
  run: string;
  prune: string;
}
const tool = (name: string, remedy: string): Tool => ({ name, remedy });
const MANAGERS: PackageManager[] = [
  {
    lock: "pnpm-lock.yaml",
    tool: tool(
      "pnpm",
      "pnpm-lock.yaml asks for it: `npm install -g pnpm` on this machine, or replace the lockfile with npm's (`npm install`).",
    ),
    install: "pnpm install --frozen-lockfile",
    run: "pnpm run",
    prune: "CI=true pnpm prune --prod --ignore-scripts",
  },
  {
    lock: "yarn.lock",
    tool: tool("yarn", "yarn.lock asks for it: `npm install -g yarn` on this machine, or replace the lockfile with npm's (`npm install`)."),
    install: "yarn install --frozen-lockfile",
    run: "yarn run",
    prune: "yarn install --frozen-lockfile --production --ignore-scripts --prefer-offline",
  },
  {
    lock: "bun.lock",
    tool: tool("bun", "bun.lock asks for it: `npm install -g bun` on this machine, or replace the lockfile with npm's (`npm install`)."),
    install: "bun install --frozen-lockfile",
    run: "bun run",
    prune: "rm -rf node_modules && bun install --frozen-lockfile --production",
  },
];
const NPM_TOOL = tool("npm", "It comes with Node.js: `apt install npm`, or Node's own package.");

function installation(manifest: PackageJson, tree: SourceTree): { build: string[]; tools: Tool[] } {
  const locked = ["package-lock.json", "npm-shrinkwrap.json"].some((name) => tree.files.has(name));
  const manager = locked ? undefined : MANAGERS.find((one) => tree.files.has(one.lock));
  const steps = ["prestart", "build"].filter((name) => manifest.scripts[name] !== undefined).toReversed();
  // `npm run build` as prestart would be run twice.
  const scripts = steps.filter(
    (name) => !(name === "prestart" && steps.includes("build") && /^(npm|yarn|pnpm) run build$/.test(manifest.scripts[name] ?? "")),
  );
  const needsDev = scripts.length > 0 || manifest.scripts["prepare"] !== undefined;
  const dependencies = [manifest.dependencies, manifest.optionalDependencies, ...(needsDev ? [manifest.devDependencies] : [])];
  const hasDependencies = dependencies.some((group) => Object.keys(group).length > 0);
  const run = (name: string) => (manager === undefined ? `npm run ${name}` : `${manager.run} ${name}`);
  if (!hasDependencies) return { build: scripts.map(run), tools: scripts.length > 0 ? [manager?.tool ?? NPM_TOOL] : [] };
  const pruned = needsDev && Object.keys(manifest.devDependencies).length > 0;
  if (manager !== undefined) {
    return { build: [manager.install, ...scripts.map(run), ...(pruned ? [manager.prune] : [])], tools: [manager.tool] };
  }
  const install = `npm ${locked ? "ci" : "install"} --no-audit --no-fund${needsDev ? "" : " --omit=dev"}`;
  return {
    build: [install, ...scripts.map(run), ...(pruned ? ["npm prune --omit=dev --ignore-scripts --no-audit --no-fund"] : [])],
    tools: [NPM_TOOL],
  };
}
