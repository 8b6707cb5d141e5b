import { execFile, spawn } from "node:child_process";
import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { systemRandom } from "@ebb/base";
import { eventually, tempDir } from "@ebb/testkit";
import Docker from "dockerode";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { buildImage } from "./build-image.ts";

const run = promisify(execFile);

/** Why the machine cannot run these, or nothing. The program in the images is Debian's static busybox: no base image has to be pulled. */
async function obstacle(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return "needs root";
  if (
    !(await run("podman", ["--version"]).then(
      () => true,
      () => false,
    ))
  )
    return "podman is not installed";
  if (
    !(await run("ldd", ["/bin/busybox"]).then(
      () => false,
      () => true,
    ))
  )
    return "busybox-static is not installed";
  return undefined;
}
const missing = await obstacle();
if (missing !== undefined) process.stderr.write(`skipped: builds of images (${missing})\n`);

describe.skipIf(missing !== undefined)("buildImage", () => {
  let folder: Awaited<ReturnType<typeof tempDir>>;
  let socketPath: string;
  let service: ReturnType<typeof spawn>;
  let docker: Docker;

  beforeAll(async () => {
    folder = await tempDir("ebb-image-");
    socketPath = join(folder.path, "podman.sock");
    service = spawn("podman", ["system", "service", "--time=0", `unix://${socketPath}`], { stdio: "ignore" });
    docker = new Docker({ socketPath });
    await eventually(() => docker.ping());
  });

  afterAll(async () => {
    service?.kill("SIGTERM");
    await folder?.remove();
  });

  async function build(files: Record<string, string>, options: { signal?: AbortSignal; dockerfile?: string } = {}) {
    const source = join(folder.path, `source-${systemRandom.suffix(6)}`);
    await mkdir(source);
    for (const [path, text] of Object.entries(files)) await writeFile(join(source, path), text);
    await copyFile("/bin/busybox", join(source, "busybox"));
    const name = `test-${systemRandom.suffix(8)}`;
    const lines: string[] = [];
    onTestFinished(async () => {
      const images = await docker.listImages({ filters: { label: [`local.ebb.app=${name}`] } });
      for (const image of images) await docker.getImage(image.Id).remove({ force: true });
    });
    const signal = options.signal ?? new AbortController().signal;
    const dockerfile = options.dockerfile ?? "Dockerfile";
    const result = buildImage(
      { folder: source, dockerfile, name },
      { socketPath, random: systemRandom, log: (line) => lines.push(line), signal },
    );
    return { name, lines, result };
  }

  it("builds an image that can be started by what it returns, and says its port", async () => {
    const dockerfile =
      'FROM scratch\nCOPY busybox /bin/sh\nCOPY page.txt /\nEXPOSE 3000\nCMD ["/bin/sh", "-c", "read line < /page.txt; echo $line"]\n';
    const { name, lines, result } = await build({ Dockerfile: dockerfile, "page.txt": "hello\n" });
    const { reference, port } = await result;
    expect(port).toBe(3000);
    expect(reference).toMatch(new RegExp(`^localhost/ebb/${name}@sha256:[0-9a-f]{64}$`));
    expect(lines.some((line) => line.includes("COPY page.txt"))).toBe(true);
    const { RepoTags } = await docker.getImage(reference).inspect();
    expect(RepoTags).toEqual([expect.stringMatching(new RegExp(`^localhost/ebb/${name}:[0-9a-f]{12}$`))]);
  });

  it("leaves out what .dockerignore names, but never the Dockerfile", async () => {
    const dockerfile = "FROM scratch\nCOPY . /\nCOPY secret.txt /x\n";
    const { lines, result } = await build(
      { "App.Dockerfile": dockerfile, ".dockerignore": "secret.txt\n*.Dockerfile\n", "secret.txt": "x" },
      { dockerfile: "App.Dockerfile" },
    );
    await expect(result).rejects.toMatchObject({ code: "image_build_failed", hint: expect.stringContaining(".dockerignore") });
    expect(lines.some((line) => line.includes("COPY . /"))).toBe(true);
  });

  it("shows the end of the log when an instruction fails", async () => {
    const { result } = await build({
      Dockerfile: 'FROM scratch\nCOPY busybox /bin/sh\nRUN ["/bin/sh", "-c", "echo about to fail; exit 7"]\n',
    });
    await expect(result).rejects.toMatchObject({
      kind: "user",
      code: "image_build_failed",
      details: { log: expect.arrayContaining(["about to fail"]) },
    });
  });

  it("stops when it is aborted", async () => {
    const stop = new AbortController();
    const marker = `marker-${systemRandom.suffix(8)}`;
    const { lines, result } = await build(
      { Dockerfile: `FROM scratch\nCOPY busybox /bin/sh\nRUN ["/bin/sh", "-c", "echo waiting; : ${marker}; while :; do :; done"]\n` },
      { signal: stop.signal },
    );
    result.catch(() => {});
    await eventually(() => lines.includes("waiting"), 20_000);
    stop.abort(new Error("cancelled"));
    await expect(result).rejects.toThrow("cancelled");
    await expect(run("pgrep", ["-f", marker])).rejects.toMatchObject({ code: 1 });
  });

  it("says that the engine does not answer", async () => {
    const source = { folder: folder.path, dockerfile: "Dockerfile", name: "x" };
    const options = {
      socketPath: join(folder.path, "none.sock"),
      random: systemRandom,
      log: () => {},
      signal: new AbortController().signal,
    };
    await expect(buildImage(source, options)).rejects.toMatchObject({ code: "engine_missing", hint: expect.stringContaining("Podman") });
  });
});
