import { commandLine } from "./command-line.ts";
import type { Detected, SourceTree, Tool } from "./detected.ts";

const ENTRIES = ["main.py", "app.py", "server.py", "wsgi.py", "asgi.py", "run.py"];
const MARKERS = ["requirements.txt", "pyproject.toml", "Pipfile"];
const PYTHON: Tool = { name: "python3", remedy: "`apt install python3 python3-venv` on this machine, or deploy with a Dockerfile." };
const PIPENV: Tool = {
  name: "pipenv",
  remedy: "Pipfile asks for it: `apt install pipenv` on this machine, or write the same packages to requirements.txt.",
};
/**
 * Byte code is made at build time, as the bundle is read-only: a start without it compiles every module anew. It is not checked against
 * the source (PEP 552), and holds no path or time of the build, so that the same source gives the same bundle. A file that does not
 * compile is none of our business: many packages ship some for other versions.
 */
const COMPILE = "python3 -m compileall -q --invalidation-mode unchecked-hash . || true";

/** requirements.txt, pyproject.toml or Pipfile; packages go into a `.venv` of the bundle. */
export async function detectPython(tree: SourceTree): Promise<Detected | undefined> {
  const from = MARKERS.find((name) => tree.files.has(name)) ?? ENTRIES.find((name) => tree.files.has(name));
  if (from === undefined) return undefined;
  const install = await installation(tree);
  const packages = `${(await tree.read("requirements.txt")) ?? ""}\n${(await tree.read("pyproject.toml")) ?? ""}\n${(await tree.read("Pipfile")) ?? ""}`;
  const python = install.venv ? ".venv/bin/python" : "python3";
  const command = await startCommand(tree, python, packages.toLowerCase());
  return {
    from,
    kind: "application",
    language: "python",
    build: [...install.commands, COMPILE],
    tools: install.tools,
    ...(command === undefined ? { wanted: `${ENTRIES.slice(0, 4).join(", ")} or manage.py` } : { command }),
    env: { PYTHONUNBUFFERED: "1" },
  };
}

interface Installation {
  venv: boolean;
  commands: string[];
  tools: Tool[];
}

async function installation(tree: SourceTree): Promise<Installation> {
  const requirements = await tree.read("requirements.txt");
  const pip = ".venv/bin/python -m pip install --no-compile --no-input --disable-pip-version-check";
  if (requirements !== undefined) {
    const empty = requirements.split("\n").every((line) => line.trim() === "" || line.trim().startsWith("#"));
    if (empty) return { venv: false, commands: [], tools: [PYTHON] };
    return { venv: true, commands: ["python3 -m venv .venv", `${pip} -r requirements.txt`], tools: [PYTHON] };
  }
  const project = await tree.read("pyproject.toml");
  if (project !== undefined && /^\s*\[(build-system|project|tool\.poetry)\]/m.test(project)) {
    return { venv: true, commands: ["python3 -m venv .venv", `${pip} .`], tools: [PYTHON] };
  }
  if (tree.files.has("Pipfile")) {
    const deploy = tree.files.has("Pipfile.lock")
      ? "PIPENV_VENV_IN_PROJECT=1 pipenv sync"
      : "PIPENV_VENV_IN_PROJECT=1 pipenv install --skip-lock";
    return { venv: true, commands: [deploy], tools: [PYTHON, PIPENV] };
  }
  return { venv: false, commands: [], tools: [PYTHON] };
}

/** A production server that the application asks for itself, else the entry file as a program. */
async function startCommand(tree: SourceTree, python: string, packages: string): Promise<string[] | undefined> {
  const has = (name: string) => new RegExp(`(^|[^a-z0-9_-])${name}([^a-z0-9_-]|$)`).test(packages);
  if (tree.files.has("manage.py") && has("gunicorn")) {
    const project = [...tree.files].find((path) => /^[^/]+\/wsgi\.py$/.test(path));
    if (project !== undefined) return words(python, `-m gunicorn --bind 127.0.0.1:$PORT ${project.replace("/wsgi.py", ".wsgi")}`);
  }
  const entry = ENTRIES.find((name) => tree.files.has(name));
  if (entry === undefined) return undefined;
  const source = (await tree.read(entry)) ?? "";
  const module = entry.replace(/\.py$/, "");
  const name = /^(app|application|server)\s*(?::[^=]+)?=/m.exec(source)?.[1];
  if (name !== undefined) {
    if (has("uvicorn") && /\b(FastAPI|Starlette|Litestar|Quart)\(/.test(source)) {
      return words(python, `-m uvicorn ${module}:${name} --host 127.0.0.1 --port $PORT`);
    }
    if (has("gunicorn")) return words(python, `-m gunicorn --bind 127.0.0.1:$PORT ${module}:${name}`);
    if (has("waitress")) return words(python, `-m waitress --listen=127.0.0.1:$PORT ${module}:${name}`);
    if (/\bFlask\(/.test(source) && !source.includes("__main__"))
      return words(python, `-m flask --app ${module} run --host 127.0.0.1 --port $PORT`);
  }
  return [python, entry];
}

function words(python: string, rest: string): string[] {
  return commandLine(`${python} ${rest}`);
}
