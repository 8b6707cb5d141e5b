import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { access } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { silentLogger, systemClock, systemRandom } from "@ebb/base";
import { eventually, tempDir } from "@ebb/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { createBuilder } from "./builder.ts";

const EXAMPLES = join(import.meta.dirname, "../../../examples");
const hasGo = await promisify(execFile)("go", ["version"]).then(
  () => true,
  () => false,
);
if (!hasGo) process.stderr.write("skipped: examples/hello-go (Go is not installed)\n");

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/** Builds the example and runs its bundle as the process driver does: in `app`, read-only, with $PORT and a home of its own. */
async function start(example: string) {
  const folder = await tempDir("ebb-example-");
  onTestFinished(folder.remove);
  const archive = join(folder.path, "source.tgz");
  await promisify(execFile)("tar", ["-czf", archive, "-C", join(EXAMPLES, example), "."]);
  const bundles = join(folder.path, "bundles");
  const options = { bundlesRoot: bundles, workRoot: join(folder.path, "work"), toolchain: { node: process.execPath } };
  const builder = createBuilder({ ...options, clock: systemClock, random: systemRandom, log: silentLogger, env: process.env });
  const progress = { phase: () => {}, log: () => {} };
  const { plan, output } = await builder.build({ archive, defaultName: example, progress, signal: new AbortController().signal });
  if (output.kind !== "bundle") throw new Error("expected a bundle");
  const port = await freePort();
  const [program = "", ...args] = (plan.command ?? []).map((word) => word.replaceAll("$PORT", String(port)));
  const child = spawn(program === "node" ? process.execPath : program, args, {
    cwd: join(bundles, "sha256", output.digest, "app"),
    env: { PORT: String(port), HOST: "127.0.0.1", HOME: folder.path, PATH: "/usr/local/bin:/usr/bin:/bin", K_REVISION: "example-00001" },
    stdio: "ignore",
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const url = `http://127.0.0.1:${port}`;
  await eventually(() => fetch(url).then((answer) => answer.ok));
  return { plan, url, child };
}

describe("examples", () => {
  it.each([
    ["hello-node", "node", "from Node.js"],
    ["hello-python", "python", "from Python"],
    ...(hasGo ? [["hello-go", "go", "from Go"]] : []),
    ["static-site", "static", "At ebb tide"],
  ])("%s is found out, built, answers and ends in order", { timeout: 120_000 }, async (example, language, words) => {
    const { plan, url, child } = await start(example);
    expect(plan).toMatchObject({ name: example, language });
    expect(await (await fetch(url)).text()).toContain(words);
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([0, null]);
  });

  it("hello-node streams, and ends its streams when it is asked to stop", async () => {
    const { url, child } = await start("hello-node");
    const answer = await fetch(`${url}/events`);
    const reader = answer.body?.getReader();
    expect(new TextDecoder().decode((await reader?.read())?.value)).toMatch(/^data: \d{4}-/);
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([0, null]);
  });

  it("each has a README", async () => {
    for (const example of ["hello-node", "hello-python", "hello-go", "static-site", "hello-container"]) {
      await access(join(EXAMPLES, example, "README.md"));
    }
  });
});
