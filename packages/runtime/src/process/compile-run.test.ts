import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock, systemRandom } from "@ebb/base";
import { eventually, tempDir } from "@ebb/testkit";
import { expect, onTestFinished, test } from "vitest";
import type { InstanceSpec } from "../port.ts";
import { detectCgroups, type Cgroups } from "./cgroup.ts";
import { CompileRun } from "./compile-run.ts";
import { userMembers } from "./proc.ts";
import { findProgram } from "./programs.ts";
import { prepareToolchain } from "./toolchain.ts";
import { FIRST_UID, UserAllocator } from "./users.ts";

const MEMORY = 96 * 1024 * 1024;
const [setpriv = "", unshare = ""] = [findProgram("setpriv"), findProgram("unshare")];
const cgroups = detectCgroups();
const needsGroups = test.skipIf(process.getuid?.() !== 0 || setpriv === "" || unshare === "" || !cgroups.enforced.has("memory"));

/** A run of this program, in real control groups that tell of it. */
async function place(program: string) {
  const folder = await tempDir("ebb-compile-run-");
  onTestFinished(() => folder.remove());
  const bundle = join(folder.path, "bundle");
  mkdirSync(join(bundle, "app"), { recursive: true });
  writeFileSync(join(bundle, "app", "server.js"), program);
  writeFileSync(join(bundle, "bundle.json"), JSON.stringify({ schema: 1, name: "x", command: ["node", "server.js"], env: {} }));
  execFileSync("chmod", ["-R", "a+rX", bundle]);
  const [root, to] = [join(folder.path, "instances"), join(folder.path, "to")];
  mkdirSync(root, { mode: 0o711 });
  mkdirSync(to);
  const groups: string[] = [];
  const oomKills: number[] = [];
  const told = new Proxy(cgroups, {
    get(real, name: keyof Cgroups) {
      if (name === "join") return (id: string, pid: number) => (groups.push(id), real.join(id, pid));
      if (name === "remove") return (id: string) => (oomKills.push(real.oomKills(id)), real.remove(id));
      const value = real[name];
      return typeof value === "function" ? value.bind(real) : value;
    },
  });
  const common = { root, clock: systemClock, random: systemRandom, users: new UserAllocator(), limits: { processes: 60 } };
  const run = new CompileRun({ ...common, cgroups: told, setpriv, unshare });
  const spec = {
    id: "i",
    workload: "default/web",
    artifact: { kind: "bundle", digest: "0", path: bundle },
    env: {},
    resources: { memoryBytes: MEMORY },
  } as unknown as InstanceSpec;
  const toolchain = prepareToolchain(join(root, ".toolchain"), { node: process.execPath });
  /** After its end. */
  const isClean = (uid: number) =>
    !existsSync(join(root, ".compiling")) && groups.every((name) => cgroups.members(name) === undefined) && userMembers(uid).length === 0;
  return { make: () => run.make(spec, toolchain, to), close: () => run.close(), root, groups, oomKills, isClean };
}

/** What the program has left where it may write. */
function left(root: string, name: string): string | undefined {
  const path = join(root, ".compiling", "tmp", name);
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}

needsGroups("all that a compile run starts is in its control group, and nothing of it remains", async () => {
  const { make, close, root, groups, isClean } = await place(`
    const { spawn } = require("node:child_process");
    spawn("sleep", ["60"], { detached: true, stdio: "ignore" }).once("spawn", () => {
      require("node:fs").writeFileSync(process.env.TMPDIR + "/uid", String(process.getuid()));
    });
    setInterval(() => {}, 1000);
  `);
  const made = make();
  const uid = Number(await eventually(() => left(root, "uid")));
  expect(uid).toBeGreaterThanOrEqual(FIRST_UID);
  const members = cgroups.members(groups[0] ?? "") ?? [];
  const own = userMembers(uid);
  expect(own.length).toBeGreaterThanOrEqual(2);
  expect(members).toEqual(expect.arrayContaining(own));
  close();
  await made;
  expect(isClean(uid)).toBe(true);
});

needsGroups("a compile run has its version's memory and no more, and nothing of it remains", async () => {
  const { make, root, oomKills, isClean } = await place(`
    require("node:fs").writeFileSync(process.env.TMPDIR + "/uid", String(process.getuid()));
    const all = [];
    setInterval(() => all.push(Buffer.alloc(8 * 1024 * 1024, 1)), 20);
  `);
  const made = make();
  const uid = Number(await eventually(() => left(root, "uid")));
  // Nothing was compiled that it could have written at its end.
  expect((await made)?.bytes ?? 0).toBe(0);
  expect(oomKills[0]).toBeGreaterThan(0);
  expect(isClean(uid)).toBe(true);
});
