import { fault } from "../errors.ts";
import type { Detected, SourceTree, Tool } from "./detected.ts";

/** Where compiled programs are put: a folder of ours, so that no file of the source is in the way. */
export const PROGRAM = ".ebb-build/app";
const GO: Tool = { name: "go", remedy: "`apt install golang` on this machine, or deploy with a Dockerfile that builds it." };
const CARGO: Tool = { name: "cargo", remedy: "`apt install cargo` on this machine, or deploy with a Dockerfile that builds it." };

/** go.mod: the one main package, in the root or under cmd/. The program is static and has no path or time of the build in it. */
export async function detectGo(tree: SourceTree): Promise<Detected | undefined> {
  if (!tree.files.has("go.mod")) return undefined;
  const main = await mainPackage(tree);
  return {
    from: "go.mod",
    kind: "application",
    language: "go",
    build: main === undefined ? [] : [`CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags="-s -w -buildid=" -o ${PROGRAM} ${main}`],
    tools: [GO],
    ...(main === undefined ? { wanted: "a file of `package main` in the root or in cmd/NAME/" } : { command: [`./${PROGRAM}`] }),
    env: {},
  };
}

async function mainPackage(tree: SourceTree): Promise<string | undefined> {
  const found = new Set<string>();
  for (const path of tree.files) {
    const folder = /^(?:(cmd\/[^/]+|cmd)\/)?[^/]+(?<!_test)\.go$/.exec(path);
    if (folder === null || found.has(`./${folder[1] ?? ""}`)) continue;
    const source = (await tree.read(path)) ?? "";
    if (/^package main\s*(\/\/.*)?$/m.test(source) && !/^\/\/go:build (ignore|tools)\b/m.test(source))
      found.add(folder[1] === undefined ? "." : `./${folder[1]}`);
  }
  if (found.has(".")) return ".";
  if (found.size > 1) {
    throw fault("source_invalid", `there are several programs to choose from: ${[...found].toSorted().join(", ")}`, {
      hint: "State one in ebb.yaml, for example: build: go build -o app ./cmd/NAME, and command: ./app",
    });
  }
  return [...found][0];
}

/** Cargo.toml with a package of one program. */
export async function detectRust(tree: SourceTree): Promise<Detected | undefined> {
  const manifest = await tree.read("Cargo.toml");
  if (manifest === undefined) return undefined;
  const section = (name: string) => new RegExp(`^\\s*\\[{1,2}${name}\\]{1,2}([^[]*)`, "m").exec(manifest)?.[1] ?? "";
  const name = [section("bin"), section("package")]
    .map((text) => /^\s*name\s*=\s*"([\w-]+)"/m.exec(text)?.[1])
    .find((one) => one !== undefined);
  const locked = tree.files.has("Cargo.lock") ? " --locked" : "";
  return {
    from: "Cargo.toml",
    kind: "application",
    language: "custom",
    build:
      name === undefined
        ? []
        : [`cargo build --release${locked}`, `mkdir -p .ebb-build && cp "target/release/${name}" ${PROGRAM} && rm -rf target`],
    tools: [CARGO],
    ...(name === undefined ? { wanted: "a [package] or [[bin]] with a name" } : { command: [`./${PROGRAM}`] }),
    env: {},
  };
}
