import { chmod, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:net";
import { join } from "node:path";
import { tempDir } from "@ebb/testkit";
import { expect, onTestFinished, test } from "vitest";
import { EXIT } from "../exit-codes.ts";
import { run } from "../testing/run.ts";
import { cgroupLayout } from "./checks/cgroups.ts";
import { hardLimit } from "./checks/limits.ts";
import type { Finding } from "./finding.ts";

async function folder(): Promise<string> {
  const { path, remove } = await tempDir();
  onTestFinished(remove);
  return path;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function doctor(argv: readonly string[], env: Record<string, string> = {}) {
  const ports = [];
  for (const name of ["gateway", "platform", "api", "internal"])
    if (!argv.includes(`--${name}-port`)) ports.push(`--${name}-port`, String(await freePort()));
  const result = await run(["doctor", "-o", "json", ...ports, ...argv], { env });
  const { findings } = JSON.parse(result.stdout) as { findings: Finding[] };
  return { ...result, findings, finding: (id: string) => findings.find((finding) => finding.id === id) };
}

test("on this machine nothing stops `up`, and every finding that is not ok says what it means and what to do", async () => {
  const { code, findings } = await doctor(["--data", join(await folder(), "new/ebb")]);
  expect(code, JSON.stringify(findings, null, 1)).toBe(EXIT.ok);
  expect(new Set(findings.map((finding) => finding.id)).size).toBe(findings.length);
  for (const finding of findings) {
    if (finding.level === "ok") continue;
    expect(finding.meaning, finding.id).toBeTruthy();
    expect(finding.remedy, finding.id).toBeTruthy();
  }
});

test("a port in use is a problem that names who holds it", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as { port: number };
  const result = await doctor(["--data", await folder(), "--gateway-port", String(port)]);
  expect(result).toMatchObject({ code: EXIT.failed, stderr: expect.stringContaining("one problem would stop") });
  expect(result.finding("port-gateway")).toMatchObject({ level: "problem", found: expect.stringContaining(`(process ${process.pid})`) });
  expect(result.finding("port-gateway")?.remedy).toContain("ebb up --gateway-port");
});

test("of an Ebb that runs its own ports are looked at, unless others are named", async () => {
  const path = await folder();
  const [gateway, platform, api, internal] = [await freePort(), await freePort(), await freePort(), await freePort()];
  const at = (port: number) => `http://127.0.0.1:${port}`;
  const record = {
    pid: process.pid,
    platform: at(platform),
    gateway: at(gateway),
    api: `https://127.0.0.1:${api}`,
    internal: at(internal),
  };
  const stat = await readFile("/proc/self/stat", "utf8");
  const startTime = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  await mkdir(join(path, "run"));
  await writeFile(join(path, "run/server.json"), JSON.stringify(record));
  const seen = async (...argv: string[]) => {
    const { stdout } = await run(["doctor", "-o", "json", "--data", path, ...argv]);
    const { findings } = JSON.parse(stdout) as { findings: Finding[] };
    return findings.filter(({ id }) => id.startsWith("port-")).map(({ title }) => Number(title.replace("Port ", "")));
  };
  // What a dead one has left says nothing of the next.
  expect(await seen()).toEqual([8080, 8090, 8091, 8092]);
  await writeFile(join(path, "run/supervisor.json"), JSON.stringify({ pid: process.pid, startTime }));
  expect(await seen()).toEqual([gateway, platform, api, internal]);
  expect(await seen("--api-port", "31234")).toEqual([gateway, platform, 31234, internal]);
  await writeFile(join(path, "run/server.json"), JSON.stringify({ ...record, gateway: at(80), api: "https://127.0.0.1:443" }));
  expect(await seen()).toEqual([80, platform, 443, internal]);
});

test("a data folder that is a file is a problem; one that others cannot reach is a warning for root", async () => {
  const path = await folder();
  await writeFile(join(path, "file"), "");
  const result = await doctor(["--data", join(path, "file")]);
  expect(result.finding("data-folder")).toMatchObject({ level: "problem", found: expect.stringContaining("not a folder") });
  await chmod(path, 0o700);
  const closed = await doctor(["--data", join(path, "ebb")]);
  if (process.getuid?.() === 0)
    expect(closed.finding("data-folder-path")).toMatchObject({ level: "warning", remedy: expect.stringContaining(`chmod o+x ${path}`) });
});

test("what is not installed is a warning with the way to get it", async () => {
  const { finding, code } = await doctor(["--data", await folder()], { PATH: "/nonexistent" });
  expect(code).toBe(EXIT.ok);
  expect(finding("tool-go")).toMatchObject({ level: "warning", remedy: expect.stringContaining("apt-get install golang") });
  expect(finding("tool-python3")).toMatchObject({ level: "warning" });
});

test.runIf(process.getuid?.() === 0)("Podman that can make no network is a warning with the way to it", async () => {
  const path = await folder();
  await mkdir(join(path, "run"));
  const engine = createHttpServer((_, answer) => answer.end(JSON.stringify({ Version: "4.3.1", Components: [{ Name: "Podman Engine" }] })));
  engine.listen(join(path, "run/podman.sock"));
  onTestFinished(() => void engine.close());
  const found = async () => (await doctor(["--data", path], { PATH: path })).finding("container-network");
  const install = (name: string, script = "") => writeFile(join(path, name), script, { mode: 0o755 });
  const remedy = (what: string) => ({ level: "warning", remedy: `Install it: apt-get install ${what}` });
  // As Debian 12's, which knows iptables alone, and as one that was built for nftables.
  await install("netavark", `#!/bin/sh\necho '{"version": "1.4.0"}'`);
  await install("nft");
  expect(await found()).toMatchObject(remedy("iptables"));
  await install("iptables");
  expect(await found()).toBeUndefined();
  await install("netavark", `#!/bin/sh\necho '{"version": "1.14.0", "default_fw_driver": "nftables"}'`);
  expect(await found()).toBeUndefined();
  await rm(join(path, "nft"));
  expect(await found()).toMatchObject(remedy("nftables"));
});

test("the kernel's tables are read as proc(5) writes them", () => {
  const mount = (type: string) => `29 28 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - ${type} cgroup rw`;
  expect(cgroupLayout(mount("cgroup2"))).toBe("v2");
  expect(cgroupLayout(`${mount("cgroup")}\n${mount("cgroup2")}`)).toBe("hybrid");
  expect(cgroupLayout(mount("cgroup"))).toBe("v1");
  expect(cgroupLayout(mount("tmpfs"))).toBe("none");
  const limits =
    "Limit                     Soft Limit           Hard Limit           Units     \nMax processes             10                   unlimited            processes \nMax open files            1024                 4096                 files     \n";
  expect(hardLimit(limits, "Max open files")).toBe(4096);
  expect(hardLimit(limits, "Max processes")).toBe(Infinity);
});

test("the platform's database: where it is, whether it listens, and what stands in its way; never its password", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as { port: number };
  const url = (at: number) => `postgres://ebb:s3cret@127.0.0.1:${at}/ebb`;
  const path = await folder();
  const found = async (env: Record<string, string>) => {
    const result = await doctor(["--data", path], env);
    expect(result.stdout + result.stderr).not.toContain("s3cret");
    const { level, found: seen, remedy = "" } = result.finding("database") ?? { level: "none", found: "" };
    return `${level}: ${seen}. ${remedy}`;
  };
  expect(await found({})).toContain("ok: SQLite");
  expect(await found({ EBB_DATABASE_URL: url(port) })).toContain(`ok: something listens at 127.0.0.1:${port}`);
  expect(await found({ EBB_DATABASE_URL: url(await freePort()) })).toMatch(/^problem: nothing answers .*ECONNREFUSED/);
  expect(await found({ EBB_DATABASE_URL: "mysql://ebb:s3cret@db/ebb" })).toMatch(/^problem: its URL cannot be used/);
  expect(await found({ EBB_DATABASE_URL_FILE: join(path, "url") })).toMatch(/^problem: .*url cannot be read/);
  await writeFile(join(path, "url"), `${url(port)}\n`);
  expect(await found({ EBB_DATABASE_URL_FILE: join(path, "url") })).toMatch(/^ok/);
  await mkdir(join(path, "platform"));
  await writeFile(join(path, "platform/platform.db"), "");
  expect(await found({ EBB_DATABASE_URL: url(port) })).toMatch(/^problem: is SQLite.*ebb database copy/);
  await writeFile(join(path, "platform/kept-in.json"), JSON.stringify({ kind: "postgres", at: "PostgreSQL, ebb on db:5432" }));
  expect(await found({})).toMatch(/^problem: is in PostgreSQL, ebb on db:5432, and no URL/);
});
