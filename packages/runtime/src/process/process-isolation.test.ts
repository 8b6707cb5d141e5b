import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, statfsSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { silentLogger, systemClock, systemRandom, UserError } from "@ebb/base";
import { eventually, tempDir } from "@ebb/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import type { InstanceSpec } from "../port.ts";
import { environmentMembers } from "./proc.ts";
import { createProcessDriver, type ProcessDriver } from "./process-driver.ts";
import { prepareToolchain } from "./toolchain.ts";
import { FIRST_UID, LAST_UID } from "./users.ts";

const isRoot = process.getuid?.() === 0;
const needsRoot = it.skipIf(!isRoot);

interface Place {
  root: string;
  bundle: string;
  driver: ProcessDriver;
  run(script: string, changes?: Partial<InstanceSpec>): Promise<InstanceSpec>;
  /** What a script prints until it ends. */
  output(script: string, changes?: Partial<InstanceSpec>): Promise<string[]>;
}

/** `disk`: the size of one that holds its instances and nothing else (root only). */
async function place(disk?: string): Promise<Place> {
  const folder = await tempDir("ebb-isolation-");
  const root = join(folder.path, "instances");
  const bundle = join(folder.path, "bundle");
  mkdirSync(join(bundle, "app"), { recursive: true });
  writeFileSync(join(bundle, "app", "code.js"), "1\n");
  writeFileSync(join(bundle, "bundle.json"), JSON.stringify({ schema: 1, name: "x", command: ["false"], env: {} }));
  execFileSync("chmod", ["-R", "a+rX", bundle]);
  if (disk !== undefined) {
    mkdirSync(root);
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${disk}`, "tmpfs", root]);
  }
  const driver = createProcessDriver({
    root,
    toolchain: { node: process.execPath },
    clock: systemClock,
    random: systemRandom,
    log: silentLogger,
  });
  const started: string[] = [];
  onTestFinished(async () => {
    for (const id of started) await driver.stop(id, 0);
    await driver.close();
    if (disk !== undefined) execFileSync("umount", ["-l", root]);
    await folder.remove();
  });
  const run = async (script: string, changes: Partial<InstanceSpec> = {}) => {
    const spec: InstanceSpec = {
      id: `i-${systemRandom.suffix(8)}`,
      workload: "default/x",
      labels: {},
      artifact: { kind: "bundle", digest: "0", path: bundle },
      command: ["sh", "-c", script],
      env: {},
      port: 8080,
      protocol: "http1",
      resources: {},
      readiness: { tcp: {}, initialDelaySeconds: 0, periodSeconds: 0, timeoutSeconds: 1, successThreshold: 1, failureThreshold: 3 },
      terminationGraceSeconds: 1,
      ...changes,
    };
    await driver.start(spec);
    started.push(spec.id);
    return spec;
  };
  const output = async (script: string, changes?: Partial<InstanceSpec>) => {
    const { id } = await run(script, changes);
    const lines: string[] = [];
    for await (const line of driver.logs(id, { follow: true })) lines.push(line.text);
    return lines;
  };
  return { root, bundle, driver, run, output };
}

describe("an instance as a process", () => {
  needsRoot("is an unprivileged user of its own that can gain nothing", async () => {
    const { output } = await place();
    const lines = await output("id -u; id -G; grep -E '^(NoNewPrivs|CapEff|CapPrm):' /proc/self/status");
    const uid = Number(lines[0]);
    expect(uid).toBeGreaterThanOrEqual(FIRST_UID);
    expect(uid).toBeLessThanOrEqual(LAST_UID);
    expect(lines.slice(1)).toEqual([String(uid), "CapPrm:\t0000000000000000", "CapEff:\t0000000000000000", "NoNewPrivs:\t1"]);
  });

  needsRoot("cannot read another's files, environment, output or records, nor signal it", async () => {
    const { root, output, run, driver } = await place();
    const victim = await run('echo private > "$HOME/file"; chmod 666 "$HOME/file"; echo ready; sleep 60', { env: { SECRET: "hunter2" } });
    await eventually(async () => (await Array.fromAsync(driver.logs(victim.id, {}))).length > 0);
    const pid = (await driver.list()).find(({ spec }) => spec.id === victim.id)?.pid;
    const folder = join(root, victim.id);
    const attempts = [
      `cat ${folder}/home/file`,
      `cat /proc/${pid}/environ`,
      `cat ${folder}/spec.json`,
      `cat ${folder}/log/1.log`,
      `ls ${root}`,
      `ls ${folder}`,
      `cat < ${folder}/stdout`,
      `kill -9 ${pid}`,
    ];
    const lines = await output(
      attempts.map((attempt) => `(${attempt}) >/dev/null 2>&1 && echo "could: ${attempt}"`).join("; ") + "; echo done",
    );
    expect(lines).toEqual(["done"]);
    expect(statSync(join(folder, "spec.json")).mode & 0o777).toBe(0o600);
  });

  needsRoot("cannot change its bundle, and can write its HOME and TMPDIR", async () => {
    const { bundle, output } = await place();
    const lines = await output(
      '(echo x > code.js) 2>/dev/null && echo changed; (touch new) 2>/dev/null && echo made; touch "$HOME/a" "$TMPDIR/b" && echo own; pwd',
    );
    expect(lines).toEqual(["own", join(bundle, "app")]);
    expect(readFileSync(join(bundle, "app", "code.js"), "utf8")).toBe("1\n");
  });

  needsRoot("has an environment that no privileged process ever sees", async () => {
    const { root, output } = await place();
    // ld.so writes what it loads into a file that it makes as the user that it runs as; root could write there, an instance cannot.
    const trace = join(root, "trace");
    await output("true", { env: { LD_DEBUG: "files", LD_DEBUG_OUTPUT: trace } });
    expect(readdirSync(root).filter((name) => name.startsWith("trace"))).toEqual([]);
  });

  it("shows no secret in its arguments", async () => {
    const { run, driver } = await place();
    const { id } = await run("sleep 60", { env: { SECRET: "hunter2-argv" } });
    const pid = (await driver.list()).find(({ spec }) => spec.id === id)?.pid;
    expect(readFileSync(`/proc/${pid}/cmdline`, "latin1")).not.toContain("hunter2");
  });

  it("can reopen its own output, as servers that log to /dev/stdout do", async () => {
    const { output } = await place();
    expect(await output("echo reopened > /dev/stdout; echo error > /proc/self/fd/2")).toEqual(
      expect.arrayContaining(["reopened", "error"]),
    );
  });

  it("finds the toolchain's node first", async () => {
    const { root, output } = await place();
    expect(await output("command -v node; node -p process.version")).toEqual([
      expect.stringContaining(join(root, ".toolchain")),
      process.version,
    ]);
  });

  it("loses nothing of what it prints before it ends, however much", async () => {
    const { output } = await place();
    const lines = await output(`exec node -e 'for (let i = 0; i < 20000; i++) console.log(i); process.exitCode = 1'`);
    expect(lines).toEqual(Array.from({ length: 20_000 }, (_, at) => String(at)));
  });

  it("gives its port back when it has ended, and no two have the same", async () => {
    const { driver, run } = await place();
    await Promise.all(Array.from({ length: 20 }, () => run("sleep 60")));
    const ports = (await driver.list()).map(({ address }) => address.port);
    expect(new Set(ports).size).toBe(20);
  });

  it("leaves no process, whatever sessions it made, no control group and no folder", async () => {
    const { root, driver, run } = await place();
    const { id } = await run("setsid sh -c 'while :; do echo escaped; sleep 0.05; done' & sleep 60");
    await eventually(async () => (await Array.fromAsync(driver.logs(id, {}))).length > 0);
    expect(environmentMembers(`EBB_INSTANCE=${id}`).length).toBeGreaterThan(1);
    await driver.stop(id, 1);
    expect(environmentMembers(`EBB_INSTANCE=${id}`)).toEqual([]);
    await driver.forget(id);
    expect(() => statSync(join(root, id))).toThrow("ENOENT");
  });

  it("that was half started when Ebb died is removed", async () => {
    const { root, driver } = await place();
    mkdirSync(join(root, "half", "log"), { recursive: true });
    writeFileSync(join(root, "half", "spec.json"), '{"id":');
    mkdirSync(join(root, "earlier"));
    expect(await driver.list()).toEqual([]);
    expect(() => statSync(join(root, "half"))).toThrow("ENOENT");
    expect(() => statSync(join(root, "earlier"))).toThrow("ENOENT");
  });
});

describe("the process driver", () => {
  needsRoot("says when instances could not reach its folder", async () => {
    const folder = await tempDir();
    onTestFinished(() => folder.remove());
    const closed = join(folder.path, "closed");
    mkdirSync(closed, { mode: 0o700 });
    const options = { toolchain: { node: process.execPath }, clock: systemClock, random: systemRandom, log: silentLogger };
    expect(() => createProcessDriver({ ...options, root: join(closed, "instances") })).toThrow(UserError);
  });

  it("copies a node that others cannot reach, once, and links one that they can", async () => {
    const folder = await tempDir();
    onTestFinished(() => folder.remove());
    const closed = join(folder.path, "closed");
    mkdirSync(closed, { mode: 0o700 });
    copyFileSync("/bin/true", join(closed, "node"));
    chmodSync(join(closed, "node"), 0o755);
    const hidden = prepareToolchain(join(folder.path, "tools"), { node: join(closed, "node") });
    const { ino, isFile } = { ino: statSync(join(hidden, "node")).ino, isFile: statSync(join(hidden, "node")).isFile() };
    expect(isFile).toBe(true);
    expect(prepareToolchain(join(folder.path, "tools"), { node: join(closed, "node") })).toBe(hidden);
    expect(statSync(join(hidden, "node")).ino).toBe(ino);
    execFileSync(join(hidden, "node"));
    const open = prepareToolchain(join(folder.path, "tools"), { node: "/bin/true" });
    expect(open).not.toBe(hidden);
    execFileSync(join(open, "node"));
  });

  it("tells what is enforced", async () => {
    const { driver } = await place();
    expect(driver.facts().map(({ name }) => name)).toEqual(["user", "privileges", "limits"]);
    expect(driver.facts()[0]?.ok).toBe(isRoot);
  });

  needsRoot("is stopped on a full disk too", async () => {
    const { root, run, driver } = await place("1m");
    const { id } = await run("sleep 60");
    const { bavail, bsize } = statfsSync(root);
    writeFileSync(join(root, "filling"), Buffer.alloc(bavail * bsize));
    await driver.stop(id, 0);
    expect((await driver.list()).map((instance) => instance.spec.id)).not.toContain(id);
  });
});
