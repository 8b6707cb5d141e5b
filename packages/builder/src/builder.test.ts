import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, readdir, readFile, readlink, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { silentLogger, systemClock, systemRandom, type Clock, type Said } from "@ebb/base";
import { eventually, tempDir, VirtualClock } from "@ebb/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { createBuilder, type BuilderOptions } from "./builder.ts";

const run = promisify(execFile);

/** A dead process that its parent has not noticed yet does not count. */
async function isRunning(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "0 (x) Z ");
  return !/\) [ZX] /.test(status);
}

async function workshop(options: Partial<BuilderOptions> = {}) {
  const folder = await tempDir("ebb-builder-");
  onTestFinished(folder.remove);
  const bundles = join(folder.path, "bundles");
  const builder = createBuilder({
    bundlesRoot: bundles,
    workRoot: join(folder.path, "work"),
    toolchain: { node: process.execPath },
    clock: systemClock,
    random: systemRandom,
    log: silentLogger,
    env: process.env,
    ...options,
  });
  let sources = 0;
  const lines: string[] = [];
  const phases: string[] = [];
  const progress = {
    phase: (name: string, message: string | Said) => void phases.push(`${name}: ${typeof message === "string" ? message : message.words}`),
    log: (line: string) => void lines.push(line),
  };
  /** Contents by path; a function of the folder makes what is no plain file. */
  const build = async (
    files: Record<string, string>,
    extra: { signal?: AbortSignal; name?: string; also?: (at: string) => Promise<void> } = {},
  ) => {
    const at = join(folder.path, `source-${sources++}`);
    await mkdir(at);
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(at, path)), { recursive: true });
      await writeFile(join(at, path), text, { mode: text.startsWith("#!") ? 0o755 : 0o644 });
    }
    await extra.also?.(at);
    await run("tar", ["-czf", `${at}.tgz`, "-C", at, "."]);
    const name = extra.name === undefined ? {} : { name: extra.name };
    return builder.build({
      archive: `${at}.tgz`,
      defaultName: "My App",
      ...name,
      progress,
      signal: extra.signal ?? new AbortController().signal,
    });
  };
  const bundle = async (files: Record<string, string>, extra?: Parameters<typeof build>[1]) => {
    const { plan, output } = await build(files, extra);
    if (output.kind !== "bundle") throw new Error("expected a bundle");
    return { plan, digest: output.digest, image: output.image, path: join(bundles, "sha256", output.digest) };
  };
  return { builder, build, bundle, lines, phases, bundles, work: join(folder.path, "work"), folder: folder.path };
}

describe("builder", () => {
  it("makes a bundle that anyone can read and nobody else can write", async () => {
    const umask = process.umask(0o077);
    onTestFinished(() => void process.umask(umask));
    const { bundle, bundles, work, phases } = await workshop();
    const files = { "package.json": '{"main":"a.js"}', "a.js": "", "bin/run": "#!/bin/sh\n", ".git/config": "x" };
    const made = await bundle(files, { also: (at) => symlink("../a.js", join(at, "bin/link")) });
    expect(made.image).toBe(`bundle.ebb.local/my-app@sha256:${made.digest}`);
    expect(made.plan).toMatchObject({ name: "my-app", language: "node", command: ["node", "a.js"] });
    expect(JSON.parse(await readFile(join(made.path, "bundle.json"), "utf8"))).toEqual({
      schema: 1,
      name: "my-app",
      command: ["node", "a.js"],
      env: { NODE_ENV: "production" },
    });
    expect((await readdir(join(made.path, "app"))).toSorted()).toEqual(["a.js", "bin", "package.json"]);
    expect(await readlink(join(made.path, "app/bin/link"))).toBe("../a.js");
    const mode = async (path: string) => ((await stat(join(made.path, path))).mode & 0o777).toString(8);
    expect(await Promise.all(["", "app", "app/bin", "app/bin/run", "app/a.js", "bundle.json"].map(mode))).toEqual([
      "755",
      "755",
      "755",
      "755",
      "644",
      "644",
    ]);
    expect(await readdir(join(bundles, "new"))).toEqual([]);
    expect(await readdir(join(work, "work"))).toEqual([]);
    expect(phases.map((phase) => phase.split(":")[0])).toEqual(["unpack", "detect", "detect", "package"]);
  });

  it("gives the same source the same digest, whenever and in whatever order it was packed", async () => {
    const { bundle } = await workshop();
    const one = await bundle({ "package.json": '{"main":"a.js"}', "a.js": "1", "b/c": "x" });
    const two = await bundle(
      { "b/c": "x", "a.js": "1", "package.json": '{"main":"a.js"}' },
      { also: async (at) => utimes(join(at, "a.js"), new Date(0), new Date(0)) },
    );
    const other = await bundle({ "package.json": '{"main":"a.js"}', "a.js": "2", "b/c": "x" });
    expect(two.digest).toBe(one.digest);
    expect(other.digest).not.toBe(one.digest);
  });

  it("runs the build's commands in a place and with an environment of their own", async () => {
    process.env["EBB_TEST_SECRET"] = "s3cret";
    onTestFinished(() => void delete process.env["EBB_TEST_SECRET"]);
    const { bundle, lines, work } = await workshop();
    const commands = [
      "id -u > uid; pwd > folder; env > env.txt; node -p process.version > version",
      "mkdir -p dist && echo built > dist/out",
    ];
    const made = await bundle({ "ebb.yaml": `command: ./run\nbuild: ${JSON.stringify(commands)}`, run: "#!/bin/sh\n" });
    const text = async (path: string) => (await readFile(join(made.path, "app", path), "utf8")).trim();
    expect(await text("dist/out")).toBe("built");
    expect(await text("version")).toBe(process.version);
    expect(await text("folder")).toContain(`${work}/work/`);
    const env = await text("env.txt");
    expect(env).not.toContain("s3cret");
    expect(env).toMatch(/^HOME=.*\/home$/m);
    if (process.getuid?.() === 0) expect(Number(await text("uid"))).toBeGreaterThanOrEqual(60_600);
    if (process.getuid?.() === 0) expect((await stat(join(made.path, "app/dist/out"))).uid).toBe(0);
    expect(lines).toContain(`$ ${commands[1]}`);
  });

  it.skipIf(process.getuid?.() !== 0)("does not let a build write outside of its place", async () => {
    const { bundle, bundles } = await workshop();
    const inside = await bundle({ "ebb.yaml": "command: ./run", run: "#!/bin/sh\n" });
    const targets = [join(inside.path, "app/run"), join(bundles, "x"), "/etc/ebb-was-here"];
    const build = targets.map((target) => `echo x >> ${target} && echo WROTE; true`);
    const tried = await bundle({
      "ebb.yaml": `command: ./run\nbuild: ${JSON.stringify([...build, "sh -c 'cat /proc/1/environ' && echo READ; true"])}`,
      run: "#!/bin/sh\n",
    });
    expect(tried.plan.buildCommands).toHaveLength(4);
    expect(await readFile(join(inside.path, "app/run"), "utf8")).toBe("#!/bin/sh\n");
    await expect(stat("/etc/ebb-was-here")).rejects.toThrow("ENOENT");
  });

  it("shows why a build fails, and leaves nothing", async () => {
    const { bundle, bundles, work, lines } = await workshop();
    const package_ = JSON.stringify({ scripts: { build: "node build.js", start: "node a.js" } });
    const failed = bundle({ "package.json": package_, "build.js": "console.log('compiling'); require('left-pad')" });
    await expect(failed).rejects.toMatchObject({
      kind: "user",
      code: "build_failed",
      message: "`npm run build` exited with code 1",
      hint: expect.stringContaining("The module left-pad is missing"),
      details: { log: expect.arrayContaining([expect.stringContaining("Cannot find module 'left-pad'")]) },
    });
    expect(lines).toContain("compiling");
    expect(await readdir(join(work, "work"))).toEqual([]);
    expect(await readdir(join(bundles, "sha256"))).toEqual([]);
  });

  it("ends everything that a build started, when it is aborted", async () => {
    const { bundle, work, lines } = await workshop();
    const stop = new AbortController();
    const deep = "setsid sh -c 'trap \"\" TERM INT HUP; echo pid $$; while :; do sleep 1000; done' & echo pid $$; sleep 1000";
    const building = bundle({ "ebb.yaml": `command: ./run\nbuild: ${JSON.stringify(deep)}`, run: "" }, { signal: stop.signal });
    building.catch(() => {});
    const pids = await eventually(() => {
      const found = lines.filter((line) => /^pid \d+$/.test(line)).map((line) => Number(line.slice(4)));
      return found.length === 2 ? found : undefined;
    });
    stop.abort(new Error("cancelled by its owner"));
    await expect(building).rejects.toThrow("cancelled by its owner");
    for (const pid of pids) expect(await isRunning(pid)).toBe(false);
    expect(await readdir(join(work, "work"))).toEqual([]);
  });

  it("ends a daemon that a successful build left behind", async () => {
    const { bundle } = await workshop();
    const made = await bundle({ "ebb.yaml": "command: ./run\nbuild: setsid sleep 1000 & echo $! > pid", run: "#!/bin/sh\n" });
    expect(await isRunning(Number(await readFile(join(made.path, "app/pid"), "utf8")))).toBe(false);
  });

  it("stops a build that takes too long", async () => {
    const clock = new VirtualClock();
    const { bundle, lines } = await workshop({ clock });
    const building = bundle({ "ebb.yaml": "command: ./run\nbuild: echo started; sleep 1000", run: "" });
    building.catch(() => {});
    await eventually(() => lines.includes("started"));
    await clock.advance(15 * 60_000);
    await expect(building).rejects.toMatchObject({ code: "build_timeout", message: expect.stringContaining("15 minutes") });
  });

  it("bounds what a build says and what it leaves", async () => {
    const { bundle, lines } = await workshop({ limits: { outputBytes: 1024 ** 2 } });
    const chatty = bundle({
      "ebb.yaml": `command: ./run\nbuild: yes "$(printf %03000d 0)" | head -n 30000; head -c 2M /dev/zero > big`,
      run: "#!/bin/sh\n",
    });
    await expect(chatty).rejects.toMatchObject({ code: "build_output_too_large" });
    expect(lines.length).toBeLessThan(20_010);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(2100);
  });

  it.each([
    ["a link out", "ln -s /etc/shadow x", "build_output_unsafe"],
    ["a link up and out", "ln -s ../../../../etc/shadow x", "build_output_unsafe"],
    ["no program", "rm run", "entry_missing"],
  ])("refuses what a build left: %s", async (_what, command, code) => {
    const { bundle } = await workshop();
    await expect(bundle({ "ebb.yaml": `command: ./run\nbuild: ${command}`, run: "#!/bin/sh\n" })).rejects.toMatchObject({ code });
  });

  it("builds the same application twice at once, and waits for a free place", async () => {
    const { bundle } = await workshop({ limits: { concurrentBuilds: 2 } });
    const files = { "ebb.yaml": "command: ./run\nbuild: date > /dev/null; sleep 0.2; echo done > out", run: "#!/bin/sh\n" };
    const made = await Promise.all([1, 2, 3, 4].map(() => bundle(files)));
    expect(new Set(made.map((one) => one.digest)).size).toBe(1);
  });

  it("says which tool is missing and what to do", async () => {
    const { bundle } = await workshop({ env: { PATH: "/nowhere" } });
    const package_ = JSON.stringify({ main: "a.js", dependencies: { x: "1" } });
    await expect(bundle({ "package.json": package_, "a.js": "", "bun.lock": "" })).rejects.toMatchObject({
      code: "tool_missing",
      message: "the build needs bun, which is not on this machine",
      hint: expect.stringContaining("npm install"),
    });
  });

  it("clears away what a killed Ebb has left", async () => {
    const { bundle, work, bundles } = await workshop();
    await mkdir(join(work, "work/abandoned/source"), { recursive: true });
    await mkdir(join(bundles, "new/half"), { recursive: true });
    await bundle({ "index.html": "hello" });
    expect(await readdir(join(work, "work"))).toEqual([]);
    expect(await readdir(join(bundles, "new"))).toEqual([]);
  });

  it("collects bundles that nobody needs, but never a young one", async () => {
    let now = systemClock.now();
    const clock: Clock = { ...systemClock, now: () => now };
    const { bundle, builder, bundles } = await workshop({ clock });
    const [kept, young, old] = [
      await bundle({ "index.html": "1" }),
      await bundle({ "index.html": "2" }),
      await bundle({ "index.html": "3" }),
    ];
    now += 2 * 3_600_000;
    await bundle({ "index.html": "2" });
    await builder.collect(new Set([kept.digest]));
    expect((await readdir(join(bundles, "sha256"))).toSorted()).toEqual([kept.digest, young.digest].toSorted());
    expect(old.digest).not.toBe(kept.digest);
  });

  it("makes a virtual environment that works from the bundle, the same each time", { timeout: 120_000 }, async () => {
    const { bundle, folder } = await workshop({ limits: { concurrentBuilds: 2 } });
    // A wheel with a program, made here: no package index is asked.
    const make = `import zipfile
with zipfile.ZipFile("greet-1.0-py3-none-any.whl", "w") as wheel:
    wheel.writestr("greet.py", "import sys\\ndef main(): print('hello from', sys.prefix)\\n")
    wheel.writestr("greet-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: greet\\nVersion: 1.0\\n")
    wheel.writestr("greet-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    wheel.writestr("greet-1.0.dist-info/entry_points.txt", "[console_scripts]\\ngreet = greet:main\\n")
    wheel.writestr("greet-1.0.dist-info/RECORD", "")
`;
    await run("python3", ["-c", make], { cwd: folder });
    const files = { "requirements.txt": "--no-index\n./greet-1.0-py3-none-any.whl\n", "main.py": "import greet\n" };
    const also = (at: string) => copyFile(join(folder, "greet-1.0-py3-none-any.whl"), join(at, "greet-1.0-py3-none-any.whl"));
    // At once: they are built in different places.
    const [one, two] = await Promise.all([bundle(files, { also }), bundle(files, { also })]);
    expect(one.plan.command).toEqual([".venv/bin/python", "main.py"]);
    expect(two.digest).toBe(one.digest);
    const { stdout } = await run(join(one.path, "app/.venv/bin/greet"), [], { cwd: "/" });
    expect(stdout).toBe(`hello from ${one.path}/app/.venv\n`);
  });

  it("leaves out what ebb.yaml ignores", async () => {
    const { bundle } = await workshop();
    const made = await bundle({
      "ebb.yaml": 'ignore: ["*.psd", "docs/"]\ncommand: ./run',
      run: "#!/bin/sh\n",
      "a.psd": "x",
      "docs/x": "x",
      "src/docs.txt": "x",
    });
    expect((await readdir(join(made.path, "app"), { recursive: true })).toSorted()).toEqual([
      "docs",
      "ebb.yaml",
      "run",
      "src",
      "src/docs.txt",
    ]);
  });

  it("bundles a site with a server that runs by itself", async () => {
    const { bundle } = await workshop();
    const made = await bundle({ "ebb.yaml": "kind: site\nspa: true", "index.html": "<h1>hello</h1>" });
    expect(made.plan).toMatchObject({ kind: "site", language: "static", command: ["node", "ebb-site/main.mjs"] });
    const child = spawn(process.execPath, ["ebb-site/main.mjs"], {
      cwd: join(made.path, "app"),
      env: { PORT: "0" },
      stdio: ["ignore", "pipe", "inherit"],
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    const [first] = (await once(child.stdout, "data")) as [Buffer];
    const port = /(\d+)\s*$/.exec(first.toString())?.[1];
    const answer = await fetch(`http://127.0.0.1:${port}/deep/link`, { headers: { accept: "text/html" } });
    expect([answer.status, await answer.text()]).toEqual([200, "<h1>hello</h1>"]);
    expect((await fetch(`http://127.0.0.1:${port}/ebb.yaml`)).status).toBe(404);
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([0, null]);
  });
});
