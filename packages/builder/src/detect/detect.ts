import { fault } from "../errors.ts";
import { commandLine } from "./command-line.ts";
import { detectGo, detectRust } from "./compiled.ts";
import type { Detected, Language, SourceTree } from "./detected.ts";
import { detectNode, detectNodeFile } from "./node.ts";
import { detectPython } from "./python.ts";

/** What ebb.yaml settles beforehand. */
export interface Stated {
  language?: Language | undefined;
  dockerfile?: string | undefined;
  site?: boolean | undefined;
  /** A command makes a Dockerfile in the source just another file. */
  command?: boolean | undefined;
}

const DOCKERFILES = ["Dockerfile", "Containerfile"];
const SITE_FOLDERS = ["", "public", "dist", "build", "_site", "site"];
const BY_LANGUAGE = { node: detectAnyNode, python: detectPython, go: detectGo, rust: detectRust, static: detectStatic } as const;

/**
 * Finds out what the source is. The order is part of the contract (docs/guide/deploy.md): a Dockerfile, a Procfile's command, package.json,
 * Python's files, go.mod, Cargo.toml, a server of Node.js in one file, a static site. Undefined when it is none of them.
 */
export async function detect(tree: SourceTree, stated: Stated): Promise<Detected | undefined> {
  if (stated.dockerfile !== undefined) {
    if (!tree.files.has(stated.dockerfile)) throw fault("entry_missing", `there is no ${stated.dockerfile} in the source`);
    return image(stated.dockerfile);
  }
  if (stated.language === "custom") return undefined;
  if (stated.language !== undefined) return withProcfile(tree, await BY_LANGUAGE[stated.language](tree));
  if (stated.site === true) return (await detectNode(tree)) ?? detectStatic(tree);
  const dockerfile = stated.command === true ? undefined : DOCKERFILES.find((name) => tree.files.has(name));
  if (dockerfile !== undefined) return image(dockerfile);
  const found = (await detectNode(tree)) ?? (await detectPython(tree)) ?? (await detectGo(tree)) ?? (await detectRust(tree));
  const site = await detectStatic(tree);
  return (await withProcfile(tree, found ?? detectNodeFile(tree, site !== undefined))) ?? site;
}

async function detectAnyNode(tree: SourceTree): Promise<Detected | undefined> {
  return (await detectNode(tree)) ?? detectNodeFile(tree, false);
}

function image(dockerfile: string): Detected {
  return { from: dockerfile, kind: "application", language: "image", build: [], tools: [], env: {}, dockerfile };
}

/** A Procfile says how to start; what must be installed is still found in the language's own files. */
async function withProcfile(tree: SourceTree, found: Detected | undefined): Promise<Detected | undefined> {
  const text = await tree.read("Procfile");
  if (text === undefined) return found;
  const processes = new Map([...text.matchAll(/^([A-Za-z0-9_-]+):[ \t]*(\S.*?)\s*$/gm)].map((match) => [match[1] ?? "", match[2] ?? ""]));
  const web = processes.get("web");
  if (web === undefined) {
    const others = processes.size === 0 ? "it has no `NAME: COMMAND` lines" : `it has only ${[...processes.keys()].join(", ")}`;
    throw fault("source_invalid", `the Procfile has no \`web\` process; ${others}`, {
      hint: "Add a line `web: COMMAND`; other process types are not started.",
    });
  }
  const base = found ?? { kind: "application" as const, language: "procfile" as const, build: [], tools: [], env: {} };
  const language = base.language === "static" ? "node" : base.language;
  return { ...base, from: "Procfile", kind: "application", language, command: commandLine(web) };
}

async function detectStatic(tree: SourceTree): Promise<Detected | undefined> {
  const folder = SITE_FOLDERS.find((name) => tree.files.has(name === "" ? "index.html" : `${name}/index.html`));
  if (folder === undefined) return undefined;
  const publish = [folder === "" ? "." : folder];
  return {
    from: folder === "" ? "index.html" : `${folder}/index.html`,
    kind: "site",
    language: "static",
    build: [],
    tools: [],
    env: {},
    publish,
  };
}

/** The error for a source that nothing fits, with the shortest ebb.yaml that would do. */
export function unknownSource(tree: SourceTree): Error {
  const top = [...new Set([...tree.files].map((path) => (path.includes("/") ? `${path.slice(0, path.indexOf("/"))}/` : path)))].toSorted();
  const shown = `${top.slice(0, 12).join(", ")}${top.length > 12 ? ", …" : ""}`;
  const looked =
    "ebb.yaml, Dockerfile, Containerfile, Procfile, package.json, requirements.txt, pyproject.toml, Pipfile, main.py or app.py, go.mod, Cargo.toml, " +
    "server.js or index.js, index.html (also in public/, dist/, build/, _site/, site/)";
  return fault("source_unknown", `cannot tell how to run this source. Looked for: ${looked}. The source has: ${shown}`, {
    hint: "Add an ebb.yaml with one line, such as `command: ./start.sh`, or for a folder of files `publish: FOLDER` and `kind: site`.",
  });
}
