import { readdir } from "node:fs/promises";
import { join, relative } from "node:path";
import createDockerIgnore from "@balena/dockerignore";
import { systemCode, type Random } from "@ebb/base";
import type Docker from "dockerode";
import { create } from "tar";
import { fault } from "../errors.ts";
import { BuildOutputLines } from "../run/output.ts";
import { endGroup } from "../run/processes.ts";
import { readText } from "../run/toolchain.ts";

export interface ImageSource {
  folder: string;
  /** Inside the folder. */
  dockerfile: string;
  name: string;
}

export interface ImageOptions {
  socketPath: string;
  random: Random;
  log: (line: string) => void;
  signal: AbortSignal;
}

export interface BuiltImage {
  /** With its digest where the engine knows one (Podman, Docker with containerd), else with a tag made from the image's id. */
  reference: string;
  /** The only port of EXPOSE. */
  port?: number;
}

/** One message of the engine's build stream. */
interface Message {
  stream?: string;
  status?: string;
  error?: string;
}

/**
 * Builds an image with a Docker-compatible engine. It is tagged `localhost/ebb/NAME:ID` (12 digits), which keeps the engine from removing it.
 * Throws UserError `engine_missing`, `image_build_failed` (with `details.log`), or the signal's reason.
 */
export async function buildImage(source: ImageSource, options: ImageOptions): Promise<BuiltImage> {
  // Loaded by who builds an image: it is some two hundred modules.
  const { default: Docker } = await import("dockerode");
  const docker = new Docker({ socketPath: options.socketPath });
  const repository = `localhost/ebb/${source.name}`;
  // Two builds of one application must not take each other's result.
  const id = options.random.suffix(12);
  const unfinished = `${repository}:building-${id}`;
  const group = await buildGroup(docker, id).catch((error: unknown) => {
    throw explain(error, []);
  });
  const lines = new BuildOutputLines(options.log);
  try {
    const context = create({ cwd: source.folder, gzip: true, portable: true, noDirRecurse: true }, await contextFiles(source));
    const stream = await docker.buildImage(context as unknown as NodeJS.ReadableStream, {
      t: unfinished,
      dockerfile: source.dockerfile,
      rm: true,
      forcerm: true,
      labels: { "local.ebb.app": source.name },
      abortSignal: options.signal,
      ...(group === undefined ? {} : { cgroupparent: group }),
    });
    await follow(stream, lines);
    options.signal.throwIfAborted();
    return await publish(docker, unfinished, repository);
  } catch (error) {
    if (options.signal.aborted && group !== undefined) await endGroup(group);
    options.signal.throwIfAborted();
    throw explain(error, lines.last);
  }
}

/**
 * The control group that the build's steps run in, so that they can be ended: Podman lets a step run on for ever when its client leaves.
 * Only root's engine puts them into the same tree of groups as ours.
 */
async function buildGroup(docker: Docker, id: string): Promise<string | undefined> {
  const { CgroupDriver } = (await docker.info()) as { CgroupDriver?: string };
  if (process.getuid?.() !== 0) return undefined;
  return CgroupDriver === "systemd" ? `ebb-build-${id}.slice` : `/ebb-build-${id}`;
}

async function publish(docker: Docker, unfinished: string, repository: string): Promise<BuiltImage> {
  const image = docker.getImage(unfinished);
  const { Id, RepoDigests, Config } = await image.inspect();
  await image.tag({ repo: repository, tag: Id.replace(/^sha256:/, "").slice(0, 12) });
  await image.remove({ noprune: true });
  const ports = Object.keys(Config.ExposedPorts ?? {}).filter((port) => port.endsWith("/tcp"));
  const reference = RepoDigests?.find((digest) => digest.startsWith(`${repository}@sha256:`));
  return {
    reference: reference ?? `${repository}:${Id.replace(/^sha256:/, "").slice(0, 12)}`,
    ...(ports.length === 1 ? { port: Number.parseInt(ports[0] ?? "", 10) } : {}),
  };
}

/** All files but those that .dockerignore names; the Dockerfile always goes along (as `docker build` does). */
async function contextFiles(source: ImageSource): Promise<string[]> {
  const text = await readText(join(source.folder, ".dockerignore"));
  const rules = createDockerIgnore.default({ ignorecase: false }).add(text ?? "");
  const entries = await readdir(source.folder, { recursive: true, withFileTypes: true });
  const files = entries.map((entry) => relative(source.folder, join(entry.parentPath, entry.name)));
  // With `./`, as tar takes a name that starts with @ for an archive.
  return files
    .filter((path) => path === source.dockerfile || !rules.ignores(path))
    .toSorted()
    .map((path) => `./${path}`);
}

async function follow(stream: NodeJS.ReadableStream, lines: BuildOutputLines): Promise<void> {
  let rest = "";
  const message = (line: string) => {
    if (line.trim() === "") return;
    const { stream: text, status, error } = JSON.parse(line) as Message;
    if (text !== undefined) lines.write(Buffer.from(text));
    if (status !== undefined) lines.line(status);
    if (error === undefined) return;
    lines.end();
    lines.line(error);
    throw fault("image_build_failed", error.trim().split("\n").at(-1) ?? "the image could not be built");
  };
  for await (const chunk of stream) {
    const parts = (rest + chunk.toString()).split("\n");
    rest = parts.pop() ?? "";
    for (const part of parts) message(part);
  }
  message(rest);
  lines.end();
}

function explain(error: unknown, log: string[]): unknown {
  if (
    ["ENOENT", "ECONNREFUSED", "EACCES"].includes(systemCode(error) ?? "") &&
    error instanceof Error &&
    "syscall" in error &&
    error.syscall === "connect"
  ) {
    return fault("engine_missing", "the container engine does not answer", { cause: error });
  }
  const status = error instanceof Error && "statusCode" in error ? Number(error.statusCode) : 0;
  const failed = error instanceof Error && "code" in error && error.code === "image_build_failed";
  if (status === 0 && !failed) return error;
  const message = error instanceof Error ? error.message : String(error);
  const hint = imageHint([message, ...log].join("\n"));
  return fault("image_build_failed", `the image could not be built: ${message}`, {
    ...(hint === undefined ? {} : { hint }),
    details: { log },
  });
}

function imageHint(text: string): string | undefined {
  if (/no such file or directory|not found in build context|copier: stat/i.test(text)) {
    return "A file that COPY names is not in the context: check its path, .dockerignore and .ebbignore.";
  }
  if (/pinging container registry|dial tcp|no such host|i\/o timeout|unable to resolve|short-name/i.test(text)) {
    return "The base image cannot be pulled: write its full name (docker.io/library/…), and check this machine's network.";
  }
  return undefined;
}
