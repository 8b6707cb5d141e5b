import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";
import { answering } from "./by-hand.ts";
import { freePort, Missing, program } from "./processes.ts";

const run = promisify(execFile);
const BUSYBOX = "/bin/busybox";
/** The first process of a container ends on SIGTERM only if it asks to. */
const COMMAND = "trap 'exit 0' TERM; mkdir -p /www; echo hello > /www/index.html; httpd -f -p $PORT -h /www & wait";

interface Spec {
  process: { terminal: boolean; args: string[]; env: string[] };
  root: { readonly: boolean };
  linux: { namespaces: { type: string }[] };
}

/** Builds an image of a small web server under that name, and the same as a bundle for runc(8). Throws Missing. */
export async function buildWebServer(folder: string, image: string): Promise<{ bundle: string; remove(): Promise<void> }> {
  if (process.getuid?.() !== 0) throw new Missing("containers by hand need root");
  for (const name of ["podman", "runc"]) program(name, name);
  if (!existsSync(BUSYBOX)) throw new Missing("busybox is not there: apt-get install busybox-static");
  await mkdir(folder, { recursive: true });
  await copyFile(BUSYBOX, join(folder, "busybox"));
  const command = JSON.stringify(["/bin/sh", "-c", COMMAND]);
  await writeFile(join(folder, "Containerfile"), `FROM scratch\nCOPY busybox /bin/sh\nCMD ${command}\n`);
  await run("podman", ["build", "-q", "-t", image, folder]);
  const bundle = join(folder, "bundle");
  await mkdir(join(bundle, "rootfs/bin"), { recursive: true });
  await copyFile(BUSYBOX, join(bundle, "rootfs/bin/sh"));
  await run("runc", ["spec", "--bundle", bundle]);
  return { bundle, remove: async () => void (await run("podman", ["image", "rm", "--force", image])) };
}

/** Resolves when no container of the Ebb with that data folder has come, gone or changed for that long: what an engine makes ahead or clears up takes the machine. */
export async function containersAtRest(dataDir: string, forMs: number, patienceMs = 60_000): Promise<void> {
  const until = performance.now() + patienceMs;
  let seen = "";
  for (let since = performance.now(); performance.now() - since < forMs && performance.now() < until; await setTimeout(100)) {
    const { stdout } = await run("podman", [
      "ps",
      "--all",
      "--no-trunc",
      "--filter",
      `label=dev.ebb.owner=${dataDir}`,
      "--format",
      "{{.ID}} {{.Exited}}",
    ]);
    if (stdout !== seen) since = performance.now();
    seen = stdout;
  }
}

/** `runc run` in the machine's network and poll: milliseconds to the first byte; it is ended. */
export async function startByRunc(bundle: string): Promise<number> {
  const port = await freePort();
  const path = join(bundle, "config.json");
  const spec = JSON.parse(await readFile(path, "utf8")) as Spec;
  spec.process.terminal = false;
  spec.process.args = ["/bin/sh", "-c", COMMAND];
  spec.process.env = ["PATH=/bin", `PORT=${port}`];
  spec.root.readonly = false;
  spec.linux.namespaces = spec.linux.namespaces.filter(({ type }) => type !== "network");
  await writeFile(path, JSON.stringify(spec));
  const name = `ebb-bench-${port}`;
  const began = performance.now();
  const child = spawn("runc", ["run", "--bundle", bundle, name], { stdio: ["ignore", "ignore", "inherit"] });
  try {
    await answering(port, child);
    return performance.now() - began;
  } finally {
    await run("runc", ["kill", name, "KILL"]);
    if (child.exitCode === null) await once(child, "exit");
  }
}

/** The same program without any container: milliseconds to the first byte; it is ended. */
export async function startBare(): Promise<number> {
  const port = await freePort();
  const began = performance.now();
  const command = COMMAND.replaceAll("/www", "/tmp/ebb-bench-www");
  const child = spawn(BUSYBOX, ["sh", "-c", command], { env: { PATH: "/bin", PORT: String(port) }, stdio: "ignore", detached: true });
  try {
    await answering(port, child);
    return performance.now() - began;
  } finally {
    // With the server that the shell has started.
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  }
}
