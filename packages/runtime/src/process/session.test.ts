import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { eventually, tempDir } from "@ebb/testkit";
import { expect, onTestFinished, test } from "vitest";

test("a command on a terminal does not start when the process that was to tell it the size has died", async () => {
  const folder = await tempDir("ebb-session-");
  onTestFinished(() => folder.remove());
  const mark = join(folder.path, "started");
  const program = `
    import { systemClock } from "@ebb/base";
    import { openProcessSession } from ${JSON.stringify(join(import.meta.dirname, "session.ts"))};
    const launch = { command: ["touch", ${JSON.stringify(mark)}], cwd: "/", env: { PATH: process.env.PATH } };
    const entrance = { launch, uid: undefined, setpriv: undefined, limits: { processes: 4096 }, join: async () => {}, clock: systemClock };
    await openProcessSession({ ...entrance, stdin: true, terminal: true });
    console.log("waits");
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
    cwd: import.meta.dirname,
  });
  await once(child.stdout, "data");
  child.kill("SIGKILL");
  await once(child, "exit");
  await eventually(() => !commandLines().some((line) => line.includes(mark)));
  expect(existsSync(mark)).toBe(false);
});

function commandLines(): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8");
      } catch {
        // It has ended meanwhile.
        return "";
      }
    });
}
