import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { silentLogger, systemClock, systemRandom } from "@ebb/base";
import { eventually, tempDir, VirtualClock } from "@ebb/testkit";
import { afterAll, expect, test, vi } from "vitest";
import { detectCgroups } from "./cgroup.ts";
import { workload } from "../manager/workload.fixture.ts";
import { createProcessDriver } from "./process-driver.ts";
import { findProgram } from "./programs.ts";
import { UserAllocator } from "./users.ts";
import { WaitingShells } from "./waiting-shells.ts";

const folder = await tempDir("ebb-waiting-");
afterAll(() => folder.remove());
const deps = { clock: systemClock, random: systemRandom, log: silentLogger, cgroups: detectCgroups(), setpriv: findProgram("setpriv") };
const users = () => (process.getuid?.() === 0 ? new UserAllocator() : undefined);
const isThere = (pid: number) => existsSync(`/proc/${pid}`);
/** All that a program can see of how it was started, but for what differs between any two instances. */
const LOOK = `env | sort | grep -v -e ^PORT= -e ^HOME= -e ^TMPDIR= -e ^EBB_INSTANCE=; pwd; umask; ulimit -a; ls /proc/self/fd | grep -x [0-9]; grep -e NoNewPrivs -e Groups -e CapEff /proc/self/status; cat <&0; sed s/$EBB_INSTANCE/ID/ /proc/self/cgroup; ps -o sid= -p $$ | grep -c "$$"`;

async function withDriver<T>(waiting: number, work: (start: (id: string) => Promise<{ output: string; wasThere: boolean }>) => Promise<T>) {
  const bundle = join(folder.path, "bundle");
  mkdirSync(join(bundle, "app"), { recursive: true });
  writeFileSync(join(bundle, "bundle.json"), JSON.stringify({ schema: 1, name: "test", command: ["false"], env: {} }));
  const root = join(folder.path, "instances");
  const driver = createProcessDriver({ ...deps, root, toolchain: { node: process.execPath }, waiting });
  await driver.list();
  try {
    return await work(async (id) => {
      const { template } = workload("default/waiting");
      const before = readFileSync(`/proc/self/task/${process.pid}/children`, "utf8").split(" ");
      const { pid } = await driver.start({
        ...template,
        id,
        command: ["sh", "-c", LOOK],
        env: { SECRET: "it's\nmine" },
        artifact: { kind: "bundle", digest: "0".repeat(64), path: bundle },
      });
      await eventually(async () => (await driver.ended()).some(({ spec }) => spec.id === id));
      let output = "";
      for await (const line of driver.logs(id, {})) output += `${line.text}\n`;
      return { output, wasThere: before.includes(String(pid)) };
    });
  } finally {
    await driver.close();
  }
}

test("a program sees the same whether its process was made ahead or not", async () => {
  const { output, wasThere } = await withDriver(0, (start) => start("ordinary"));
  expect(output).toContain("SECRET=it's");
  expect(wasThere).toBe(false);
  await withDriver(1, async (start) => {
    // The second before another is made.
    const [first, second] = await Promise.all([start("ahead"), start("after")]);
    expect(first).toEqual({ output, wasThere: true });
    expect(second).toEqual({ output, wasThere: false });
  });
});

test("a process is given out once, one that has died never, and those that are missing are made again", async () => {
  const shells = new WaitingShells({ ...deps, size: 2, users: users() });
  await shells.fill();
  const first = shells.take()?.become("exit 7\n");
  const second = shells.take();
  expect(second).toBeDefined();
  expect(shells.take()).toBeUndefined();
  const ended = new Promise((done) => first?.child.once("exit", done));
  first?.release();
  expect(await ended).toBe(7);
  second?.giveUp();
  await shells.fill();
  const { pid, child } = shells.take()?.become("exit 0\n") ?? expect.fail("none was made");
  expect(isThere(pid)).toBe(true);
  child.kill("SIGKILL");
  await shells.fill();
  shells.close();
  await eventually(() => !isThere(pid));
});

test("as long as there is another one, the next is made at once when nobody comes", async () => {
  const clock = new VirtualClock();
  const shells = new WaitingShells({ ...deps, clock, size: 2, users: users() });
  await shells.fill();
  const fill = vi.spyOn(shells, "fill");
  shells.take()?.giveUp();
  await clock.advance(99);
  expect(fill).not.toHaveBeenCalled();
  await clock.advance(1);
  expect(fill).toHaveBeenCalledOnce();
  await shells.fill();
  shells.close();
});

test("none is made while others still come, but for at most five seconds", async () => {
  const clock = new VirtualClock();
  const shells = new WaitingShells({ ...deps, clock, size: 1, users: users() });
  await shells.fill();
  const fill = vi.spyOn(shells, "fill");
  shells.take()?.giveUp();
  for (let time = 0; time < 4500; time += 500) {
    expect(shells.take()).toBeUndefined();
    await clock.advance(500);
  }
  expect(fill).not.toHaveBeenCalled();
  shells.take();
  await clock.advance(500);
  expect(fill).toHaveBeenCalledOnce();
  (await eventually(() => shells.take())).giveUp();
  await clock.advance(999);
  expect(fill).toHaveBeenCalledOnce();
  await clock.advance(1);
  expect(fill).toHaveBeenCalledTimes(2);
  await shells.fill();
  shells.close();
});

test("where the instance's control group is there already, it is to join that", async () => {
  const { cgroups } = deps;
  const shells = new WaitingShells({ ...deps, size: 1, users: users() });
  await shells.fill();
  const id = `waiting-${systemRandom.suffix(8)}`;
  cgroups.create(id, { pids: 10 });
  const shell = shells.take();
  expect(shell?.enter(id)).toBe(false);
  shells.close();
  shell?.giveUp();
  await eventually(() => cgroups.remove(id));
});

test("what waits ends with its owner, and its groups go too", async () => {
  const groups = () => ["pids", "memory", "freezer"].map((name) => `/sys/fs/cgroup/${name}/ebb`).filter(existsSync);
  const ahead = () => new Set(groups().flatMap((group) => readdirSync(group).filter((name) => name.startsWith(".waiting-"))));
  const before = ahead();
  const shells = new WaitingShells({ ...deps, size: 1, users: users() });
  await shells.fill();
  const mine = [...ahead()].filter((name) => !before.has(name));
  const members = groups().flatMap((group) => mine.flatMap((name) => readFileSync(join(group, name, "cgroup.procs"), "utf8").trim()));
  shells.close();
  expect(shells.take()).toBeUndefined();
  await eventually(() => mine.every((name) => !ahead().has(name)) && members.every((pid) => !isThere(Number(pid))));
});
