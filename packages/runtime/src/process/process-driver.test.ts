import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { silentLogger, systemClock, systemRandom } from "@ebb/base";
import { tempDir } from "@ebb/testkit";
import { describeDriver } from "../driver.conformance.ts";
import { detectCgroups } from "./cgroup.ts";
import { createProcessDriver } from "./process-driver.ts";

const SERVER = `require("node:net").createServer((socket) => socket.end("hello")).listen(Number(process.argv[1]), process.env.HOST)`;
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
