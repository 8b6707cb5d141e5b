import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@ebb/base";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ExecFifo } from "./exec-fifo.ts";
import { StandIn } from "./stand-in.ts";

let folder: string;
let fifo: ExecFifo;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ebb-fifo-"));
  mkdirSync(join(folder, "c1"));
  fifo = new ExecFifo("c1", folder);
  execFileSync("mkfifo", [fifo.path]);
});
afterEach(() => rmSync(folder, { recursive: true }));

/** As runc's first process: it holds the pipe open (here for reading, too), and waits at another opening of it to write. */
function waiter() {
  return spawn("/bin/sh", ["-c", `exec 3<>"$1"; printf ready; printf 0 >"$1.gone"; exec 3>&-; sleep 60`, "sh", fifo.path]);
}

test("a process is seen to wait at the pipe while it holds it, and nobody else is", async () => {
  execFileSync("mkfifo", [`${fifo.path}.gone`]);
  const child = waiter();
  try {
    await once(child.stdout, "data");
    const pid = child.pid ?? 0;
    expect([fifo.isAwaitedBy(pid), fifo.isAwaitedBy(process.pid), new ExecFifo("c2", folder).isAwaitedBy(pid)]).toEqual([
      true,
      false,
      false,
    ]);
    execFileSync("cat", [`${fifo.path}.gone`]);
    await expect.poll(() => fifo.isAwaitedBy(pid)).toBe(false);
  } finally {
    child.kill("SIGKILL");
  }
});

test("letting go takes the byte that is written", async () => {
  const child = spawn("/bin/sh", ["-c", `printf 0 >"$1" && echo went`, "sh", fifo.path]);
  const said = once(child.stdout, "data");
  // The shell holds no descriptor of it before it opens it; what waits at the pipe is only known by its name here.
  const went = new (class extends ExecFifo {
    override isAwaitedBy(): boolean {
      return true;
    }
  })("c1", folder);
  await went.letGo(child.pid ?? 0, systemClock);
  expect(String((await said)[0])).toBe("went\n");
});

test("a byte is given to a reader that waits, and to nobody before", async () => {
  expect(fifo.meet()).toBe(false);
  const child = spawn("/bin/cat", [fifo.path]);
  const said = once(child.stdout, "data");
  await expect.poll(() => fifo.meet()).toBe(true);
  expect(String((await said)[0])).toBe("0");
  expect(new ExecFifo("c2", folder).meet()).toBe(false);
});

test("a stand-in gives it in our place, also when it is let go of in between", async () => {
  const standIn = new StandIn();
  expect(standIn.send(fifo.path)).toBe(false);
  standIn.ensure();
  expect(standIn.send(fifo.path)).toBe(true);
  standIn.close();
  const child = spawn("/bin/cat", [fifo.path]);
  const [said] = await once(child.stdout, "data");
  expect(String(said)).toBe("0");
  expect(standIn.send(fifo.path)).toBe(false);
});
