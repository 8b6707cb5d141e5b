import { describe, expect, it } from "vitest";
import { commandLine } from "./command-line.ts";
import { detect, unknownSource } from "./detect.ts";
import type { SourceTree } from "./detected.ts";

const source = (files: Record<string, string>): SourceTree => ({
  files: new Set(Object.keys(files)),
  read: async (path) => files[path],
});
const json = (value: unknown) => JSON.stringify(value);
const shell = (line: string) => ["/bin/sh", "-c", `PATH="$PWD/node_modules/.bin:$PWD/.venv/bin:$PATH"; export PATH; ${line}`];
const found = (files: Record<string, string>) => detect(source(files), {});

describe("detect", () => {
  it.each<[string, Record<string, string>, object]>([
    [
      "Dockerfile before all else",
      { Dockerfile: "FROM x", "package.json": "{}" },
      { from: "Dockerfile", language: "image", dockerfile: "Dockerfile" },
    ],
    ["Containerfile", { Containerfile: "FROM x" }, { from: "Containerfile", language: "image" }],
    [
      "Procfile for the command, package.json for the packages",
      {
        Procfile: "release: x\nweb: node web.js --port $PORT\n",
        "package.json": json({ dependencies: { a: "1" }, scripts: { start: "other" } }),
      },
      {
        from: "Procfile",
        language: "node",
        command: ["node", "web.js", "--port", "$PORT"],
        build: ["npm install --no-audit --no-fund --omit=dev"],
      },
    ],
    ["Procfile alone", { Procfile: "web: ./serve.sh" }, { language: "procfile", build: [], command: ["./serve.sh"] }],
    [
      "scripts.start through another script",
      { "package.json": json({ version: "1.2.3", scripts: { start: "npm run serve", serve: "next start -p $PORT" } }) },
      { command: shell("exec next start -p $PORT"), env: { NODE_ENV: "production", npm_package_version: "1.2.3" }, build: [], tools: [] },
    ],
    ["main", { "package.json": json({ main: "./lib/web" }), "lib/web.js": "" }, { command: ["node", "lib/web.js"] }],
    [
      "server.js when main is not there",
      { "package.json": json({ main: "gone.js" }), "server.js": "" },
      { command: ["node", "server.js"] },
    ],
    ["bin", { "package.json": json({ bin: { x: "cli.js" } }), "cli.js": "" }, { command: ["node", "cli.js"] }],
    ["package.json that does not say", { "package.json": "{}" }, { language: "node", wanted: expect.stringContaining("scripts.start") }],
    [
      "a build script: development packages are there for it, and gone after it",
      { "package.json": json({ scripts: { build: "tsc", start: "node a" }, devDependencies: { b: "1" } }), "package-lock.json": "{}" },
      { build: ["npm ci --no-audit --no-fund", "npm run build", "npm prune --omit=dev --ignore-scripts --no-audit --no-fund"] },
    ],
    [
      "no packages: nothing to install",
      { "package.json": json({ scripts: { start: "node a" } }), "package-lock.json": "{}" },
      { build: [] },
    ],
    [
      "pnpm",
      { "package.json": json({ main: "a.js", dependencies: { b: "1" } }), "a.js": "", "pnpm-lock.yaml": "" },
      { build: ["pnpm install --frozen-lockfile"], tools: [expect.objectContaining({ name: "pnpm" })] },
    ],
    [
      "a development server: a site",
      { "package.json": json({ scripts: { start: "vite --host", build: "vite build" } }), "index.html": "" },
      { kind: "site", language: "static", build: ["npm run build"], publish: expect.arrayContaining(["dist"]), spa: "auto" },
    ],
    [
      "only a build script: a site",
      { "package.json": json({ scripts: { build: "eleventy" } }) },
      { kind: "site", build: ["npm run build"] },
    ],
    [
      "a server in one file",
      { "server.js": "", "README.md": "" },
      { from: "server.js", kind: "application", language: "node", command: ["node", "server.js"], build: [] },
    ],
    ["a server beside its pages", { "server.js": "", "index.html": "" }, { language: "node", command: ["node", "server.js"] }],
    ["a script beside a page: a site", { "app.js": "", "index.html": "" }, { kind: "site", language: "static" }],
    ["a script beside Python's entry: Python's", { "index.js": "", "app.py": "" }, { language: "python" }],
    [
      "requirements.txt",
      { "requirements.txt": "bottle==0.13\n", "main.py": "" },
      {
        language: "python",
        command: [".venv/bin/python", "main.py"],
        build: ["python3 -m venv .venv", expect.stringContaining("pip install"), expect.stringContaining("compileall")],
      },
    ],
    [
      "empty requirements.txt: no pip",
      { "requirements.txt": "# none\n\n", "app.py": "" },
      { command: ["python3", "app.py"], build: [expect.stringContaining("compileall")] },
    ],
    [
      "gunicorn",
      { "requirements.txt": "Flask\ngunicorn", "app.py": "app = Flask(__name__)" },
      { command: [".venv/bin/python", "-m", "gunicorn", "--bind", "127.0.0.1:$PORT", "app:app"] },
    ],
    [
      "FastAPI",
      { "pyproject.toml": '[project]\ndependencies = ["fastapi", "uvicorn"]', "main.py": "app: FastAPI = FastAPI()" },
      { command: [".venv/bin/python", "-m", "uvicorn", "main:app", "--host", "127.0.0.1", "--port", "$PORT"] },
    ],
    [
      "Django",
      { "requirements.txt": "django\ngunicorn", "manage.py": "", "shop/wsgi.py": "" },
      { command: [".venv/bin/python", "-m", "gunicorn", "--bind", "127.0.0.1:$PORT", "shop.wsgi"] },
    ],
    ["a lone main.py", { "main.py": "" }, { from: "main.py", command: ["python3", "main.py"] }],
    ["pyproject.toml for tools only", { "pyproject.toml": "[tool.black]", "main.py": "" }, { command: ["python3", "main.py"] }],
    [
      "go.mod",
      { "go.mod": "module x", "main.go": "package main\n" },
      { language: "go", build: [expect.stringMatching(/-o \.ebb-build\/app \.$/)], command: ["./.ebb-build/app"] },
    ],
    [
      "go.mod with cmd/",
      { "go.mod": "module x", "lib.go": "package x\n", "cmd/web/main.go": "package main\n" },
      { build: [expect.stringMatching(/ \.\/cmd\/web$/)] },
    ],
    ["go.mod of a library", { "go.mod": "module x", "lib.go": "package x\n" }, { wanted: expect.stringContaining("package main") }],
    [
      "Cargo.toml",
      { "Cargo.toml": '[package]\nname = "web"\n' },
      { language: "custom", build: ["cargo build --release", expect.stringContaining("release/web")] },
    ],
    ["a site in the root", { "index.html": "", "public/index.html": "" }, { kind: "site", publish: ["."] }],
    ["a site in _site", { "_site/index.html": "" }, { kind: "site", from: "_site/index.html", publish: ["_site"] }],
  ])("%s", async (_what, files, expected) => {
    expect(await found(files)).toMatchObject(expected);
  });

  it.each<[string, Record<string, string>, RegExp]>([
    ["a Procfile without web", { Procfile: "worker: x" }, /no `web` process; it has only worker/],
    ["a package.json that is not JSON", { "package.json": "{" }, /not valid JSON/],
    ["a development server without a build", { "package.json": json({ scripts: { start: "react-scripts start" } }) }, /development server/],
    ["several Go programs", { "go.mod": "", "cmd/a/a.go": "package main", "cmd/b/b.go": "package main" }, /\.\/cmd\/a, \.\/cmd\/b/],
  ])("refuses %s", async (_what, files, message) => {
    await expect(found(files)).rejects.toMatchObject({ kind: "user", message: expect.stringMatching(message), hint: expect.any(String) });
  });

  it("does what ebb.yaml states", async () => {
    const both = source({ Dockerfile: "", "package.json": json({ main: "a.js" }), "a.js": "", "go.mod": "", "main.go": "package main" });
    expect(await detect(both, { language: "go" })).toMatchObject({ language: "go" });
    expect(await detect(both, { language: "custom" })).toBeUndefined();
    expect(await detect(both, { command: true })).toMatchObject({ language: "node" });
    await expect(detect(both, { dockerfile: "x/Dockerfile" })).rejects.toMatchObject({ code: "entry_missing" });
  });

  it("says what it looked for and what is there", () => {
    const error = unknownSource(source({ "a.txt": "", "src/b": "" }));
    expect(error.message).toMatch(/Looked for: ebb.yaml, Dockerfile.*The source has: a\.txt, src\//);
    expect(error).toMatchObject({ code: "source_unknown", hint: expect.stringContaining("command:") });
  });
});

describe("commandLine", () => {
  it.each([
    ["node server.js --port ${PORT}", ["node", "server.js", "--port", "$PORT"]],
    ["./run --flag=a,b", ["./run", "--flag=a,b"]],
    ["node a.js $PORTAL", shell("exec node a.js $PORTAL")],
    ["gunicorn app:app", shell("exec gunicorn app:app")],
    ["FOO=1 node a.js", shell("FOO=1 node a.js")],
    ["cd web && node a.js", shell("cd web && node a.js")],
    ['serve --config "$HOME/x"', shell('exec serve --config "$HOME/x"')],
  ])("%s", (line, words) => {
    expect(commandLine(line)).toEqual(words);
  });
});
