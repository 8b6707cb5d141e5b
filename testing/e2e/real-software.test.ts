import { execFile } from "node:child_process";
import { copyFile, cp, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { type EbbServer, eventually, inTest, startEbb, tempDir } from "@ebb/testkit";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";

/**
 * Software that nobody here wrote, unmodified, from where it is published: each deployed by one `ebb deploy`, asleep after idling, awake on the
 * next request. docs/guide/real-software.md is about the same.
 */
const ROOT = join(import.meta.dirname, "../..");
const FOLDERS = join(import.meta.dirname, "real-software");
const SLEEPY = "scaling: { max: 1, idle: 6s }\n";
const REFERENCE = `localhost/ebb-real-software:${process.pid}`;
const run = promisify(execFile);

let ebb: EbbServer;
beforeAll(async () => {
  ebb = await startEbb();
});
afterAll(async () => {
  await ebb?.dispose();
  const images = await run("podman", ["images", "-q", "--filter", "label=local.ebb.app=hello-container"]).catch(() => ({ stdout: "" }));
  await run("podman", ["rmi", "-f", REFERENCE, ...images.stdout.split("\n").filter(Boolean)]).catch(() => {});
});

/** Skipped with the reason when what it needs is not on the machine. */
function needs(paths: string[], what: string): boolean {
  const there = paths.every((path) => existsSync(path));
  if (!there) console.log(`skipped: ${what} (needs ${paths.join(", ")})`);
  return there;
}

/** `./ebb deploy …`, as a person does; what it printed. */
async function deploy(...args: string[]): Promise<string> {
  const failed = (error: { stdout?: string; stderr?: string }) => {
    throw new Error(`ebb deploy failed:\n${error.stdout}\n${error.stderr}`);
  };
  const options = { timeout: 300_000, maxBuffer: 16 * 1024 * 1024 };
  const { stdout } = await run(join(ROOT, "ebb"), ["deploy", ...args, "--data", ebb.dataDir], options).catch(failed);
  return stdout;
}

async function sleeps(name: string): Promise<void> {
  const asleep = async () => {
    const { state, instances } = await ebb.client.getAppEnvironment(inTest(name));
    return state === "asleep" && instances === 0;
  };
  await eventually(asleep, 150_000, 250);
}

/** Answers, falls asleep, and answers again; says how long it took to wake. */
async function answersAndSleeps(name: string, path: string, words: string): Promise<void> {
  expect(await ebb.get(name, path)).toMatchObject({ status: 200, body: expect.stringContaining(words) });
  await sleeps(name);
  const started = performance.now();
  expect(await ebb.get(name, path)).toMatchObject({ status: 200, body: expect.stringContaining(words) });
  console.log(`${name}: awake again and answered in ${Math.round(performance.now() - started)} ms`);
}

describe("real software", { timeout: 600_000 }, () => {
  const containers = needs(["/usr/bin/podman", "/bin/busybox"], "images") && process.getuid?.() === 0;
  // First, as an image has no ebb.yaml to ask for a shorter wait: it falls asleep while the others are deployed.
  test.skipIf(!containers)("an image by its reference", async () => {
    const folder = await tempDir();
    onTestFinished(folder.remove);
    await copyFile("/bin/busybox", join(folder.path, "busybox"));
    // The shell is the container's first process, which ends on SIGTERM only if it asks to.
    const program = "trap 'exit 0' TERM; mkdir -p /www; echo by reference > /www/index.html; httpd -f -p $PORT -h /www & wait";
    await writeFile(join(folder.path, "Containerfile"), `FROM scratch\nCOPY busybox /bin/sh\nCMD ["/bin/sh", "-c", "${program}"]\n`);
    await run("podman", ["build", "-q", "-t", REFERENCE, folder.path]);
    await deploy("--image", REFERENCE, "--name", "by-reference");
    expect(await ebb.get("by-reference", "/")).toMatchObject({ status: 200, body: expect.stringContaining("by reference") });
  });

  test("verdaccio, from npm", async () => {
    expect(await deploy(join(FOLDERS, "verdaccio"))).toContain("http://verdaccio-test.sls-local.localhost");
    await answersAndSleeps("verdaccio", "/", "Verdaccio");
    expect(JSON.parse((await ebb.get("verdaccio", "/-/ping")).body)).toEqual({});
  });

  test("Node-RED, from npm", async () => {
    await deploy(join(FOLDERS, "node-red"));
    await answersAndSleeps("node-red", "/settings", "editorTheme");
    expect((await ebb.get("node-red", "/")).body).toContain("<title>Node-RED</title>");
  });

  test.skipIf(!needs(["/usr/bin/radicale"], "Radicale"))("Radicale, from Debian", async () => {
    await deploy(join(FOLDERS, "radicale"));
    await answersAndSleeps("radicale", "/.web/", "Radicale");
  });

  test.skipIf(!needs(["/usr/share/doc/git-doc/index.html"], "Git's documentation"))("Git's documentation, from Debian", async () => {
    const folder = await tempDir();
    onTestFinished(folder.remove);
    const site = join(folder.path, "git-doc");
    await cp("/usr/share/doc/git-doc", site, { recursive: true, verbatimSymlinks: true });
    await writeFile(join(site, "ebb.yaml"), SLEEPY);
    await deploy(site);
    await answersAndSleeps("git-doc", "/git-rebase", "<title>git-rebase(1)</title>");
    expect((await ebb.get("git-doc", "/")).body).toContain("<title>git(1)</title>");
  });

  test.skipIf(!containers)("BusyBox's web server, in an image built from a Containerfile", async () => {
    const folder = await tempDir();
    onTestFinished(folder.remove);
    const source = join(folder.path, "hello-container");
    await cp(join(ROOT, "examples/hello-container"), source, { recursive: true });
    await copyFile("/bin/busybox", join(source, "busybox"));
    await writeFile(join(source, "ebb.yaml"), SLEEPY);
    await deploy(source);
    await answersAndSleeps("hello-container", "/", "Hello from a container");
  });

  test.skipIf(!containers)("the image by its reference, asleep meanwhile", async () => {
    await sleeps("by-reference");
    expect(await ebb.get("by-reference", "/")).toMatchObject({ status: 200, body: expect.stringContaining("by reference") });
  });
});
