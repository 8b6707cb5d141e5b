import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { silentLogger, systemClock, systemRandom } from "@ebb/base";
import { eventually, tempDir } from "@ebb/testkit";
import { expect, test } from "vitest";
import type { InstanceSpec } from "../port.ts";
import { describeDriver } from "../driver.conformance.ts";
import { detectCgroups } from "./cgroup.ts";
import { createProcessDriver } from "./process-driver.ts";

/** Whoever only tries the connection resets it, as there is something unread. */
const SERVER = `require("node:net").createServer((socket) => socket.on("error", () => {}).end("hello")).listen(Number(process.argv[1]), process.env.HOST)`;
const MAX_LOG_BYTES = 1024 * 1024;

describeDriver("process driver", async () => {
  const folder = await tempDir("ebb-process-");
  const bundle = join(folder.path, "bundle");
  mkdirSync(join(bundle, "app"), { recursive: true });
  writeFileSync(join(bundle, "bundle.json"), JSON.stringify({ schema: 1, name: "test", command: ["false"], env: {} }));
  execFileSync("chmod", ["-R", "a+rX", bundle]);
  const options = { root: join(folder.path, "instances"), toolchain: { node: process.execPath }, maxLogBytes: MAX_LOG_BYTES, waiting: 2 };
  return {
    name: "process",
    open: () => createProcessDriver({ ...options, clock: systemClock, random: systemRandom, log: silentLogger }),
    openInChild: `
      import { silentLogger, systemClock, systemRandom } from "@ebb/base";
      import { createProcessDriver } from ${JSON.stringify(join(import.meta.dirname, "process-driver.ts"))};
      const driver = createProcessDriver({ ...${JSON.stringify(options)}, clock: systemClock, random: systemRandom, log: silentLogger });
      await driver.list();`,
    artifact: { kind: "bundle", digest: "0".repeat(64), path: bundle },
    server: ["node", "-e", SERVER, "$PORT"],
    maxLogBytes: MAX_LOG_BYTES,
    skipped:
      process.getuid?.() === 0 || detectCgroups().enforced.has("pids")
        ? {}
        : {
            "bounds how many processes an instance can have":
              "without root and control groups the limit counts all of the user's processes and is far above",
          },
    close: () => folder.remove(),
  };
});

/** Killed when its output says that both are prepared. */
const prepares = (options: object, specs: readonly InstanceSpec[]) => `
  import { silentLogger, systemClock, systemRandom } from "@ebb/base";
  import { createProcessDriver } from ${JSON.stringify(join(import.meta.dirname, "process-driver.ts"))};
  const driver = createProcessDriver({ ...${JSON.stringify(options)}, clock: systemClock, random: systemRandom, log: silentLogger });
  const made = [];
  for (const spec of ${JSON.stringify(specs)}) made.push((await driver.initialise(spec)).address);
  console.log(JSON.stringify(made));
  setInterval(() => {}, 1000);`;

test("what the gateway let go serves on when Ebb died before it wrote that down; what waited is gone", async () => {
  const folder = await tempDir("ebb-gate-");
  const bundle = join(folder.path, "bundle");
  mkdirSync(join(bundle, "app"), { recursive: true });
  writeFileSync(join(bundle, "bundle.json"), JSON.stringify({ schema: 1, name: "test", command: ["false"], env: {} }));
  execFileSync("chmod", ["-R", "a+rX", bundle]);
  const options = { root: join(folder.path, "instances"), toolchain: { node: process.execPath } };
  const spec = (id: string, command: string[]): InstanceSpec => ({
    id,
    workload: "default/gate",
    labels: {},
    artifact: { kind: "bundle", digest: "0".repeat(64), path: bundle },
    command,
    env: {},
    port: 8080,
    protocol: "http1",
    resources: {},
    readiness: { tcp: {}, initialDelaySeconds: 0, periodSeconds: 0, timeoutSeconds: 1, successThreshold: 1, failureThreshold: 3 },
    terminationGraceSeconds: 1,
  });
  const server = ["node", "-e", SERVER, "$PORT"];
  const specs = [spec("let-go", server), spec("waiting", server), spec("shell", ["sh", "-c", 'exec node -e "$0" $PORT', SERVER])];
  const child = spawn(process.execPath, ["--input-type=module", "-e", prepares(options, specs)], { stdio: ["ignore", "pipe", "inherit"] });
  const [told] = (await once(child.stdout, "data")) as [Buffer];
  const [address, , other] = JSON.parse(told.toString()) as { host: string; port: number }[];
  const answers = async (at = { host: "", port: 1 }) => {
    const socket = connect(at);
    const [text] = (await once(socket, "data")) as [Buffer];
    socket.destroy();
    return text.toString();
  };
  const gate = (id: string) => join(options.root, id, "gate");
  for (const id of ["let-go", "shell"]) appendFileSync(gate(id), "go\n");
  for (const at of [address, other]) await eventually(() => answers(at).catch(() => undefined));
  child.kill("SIGKILL");
  await once(child, "exit");
  const driver = createProcessDriver({ ...options, clock: systemClock, random: systemRandom, log: silentLogger });
  const found = await driver.list();
  expect(found.map(({ spec: { id }, prepared }) => [id, prepared]).sort()).toEqual([
    ["let-go", undefined],
    ["shell", undefined],
  ]);
  expect([await answers(address), existsSync(join(options.root, "waiting"))]).toEqual(["hello", false]);
  for (const { spec: each } of found) await driver.stop(each.id, 0).then(() => driver.forget(each.id));
  await driver.close();
  await folder.remove();
}, 30_000);
