import { execFileSync, spawn } from "node:child_process";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { freePorts, tempDir } from "@ebb/testkit";
import { expect, onTestFinished, test } from "vitest";
import { startTime } from "./process-identity.ts";

/** The supervisor's last word and its exit code, when it refuses to start. */
async function refusal(
  args: string[],
): Promise<{ code: number | null; event: { event: string; code: string; message: string; hint: string } }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "main.ts"), ...args], { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  for await (const chunk of child.stdout) output += String(chunk);
  const code = child.exitCode ?? (await new Promise<number | null>((resolve) => child.once("exit", resolve)));
  return { code, event: JSON.parse(output.trim().split("\n").at(-1) ?? "{}") };
}

async function folder(): Promise<string> {
  const { path, remove } = await tempDir();
  onTestFinished(remove);
  return path;
}

async function ports(): Promise<{ args: string[]; gateway: number }> {
  const [gateway = 0, platform = 0, api = 0, internal = 0] = await freePorts(4);
  return { gateway, args: Object.entries({ gateway, platform, api, internal }).flatMap(([name, port]) => [`--${name}-port`, `${port}`]) };
}

test("a port in use: who holds it and which option chooses another", async () => {
  const { args, gateway } = await ports();
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(gateway, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const { code, event } = await refusal(["--data", await folder(), ...args]);
  expect(event).toMatchObject({ code: "port_in_use", event: "error" });
  expect(event.message).toContain(`port ${gateway} is in use by`);
  expect(event.message).toContain(`process ${process.pid}`);
  expect(event.hint).toContain("--gateway-port");
  expect(code).toBe(1);
});

test("a data folder of a newer version: nothing in it is changed", async () => {
  const path = await folder();
  await writeFile(join(path, "format.json"), `{"format": 999}`);
  const { code, event } = await refusal(["--data", path, ...(await ports()).args]);
  expect(event).toMatchObject({ code: "data_folder_newer" });
  expect(event.hint).toContain("--data");
  expect(code).toBe(1);
  expect(await readdir(join(path, "run"))).toEqual([]);
});

test("a data folder in use by another Ebb", async () => {
  const path = await folder();
  await mkdir(join(path, "run"));
  await writeFile(join(path, "run/supervisor.json"), JSON.stringify({ pid: process.pid, startTime: await startTime(process.pid) }));
  expect((await refusal(["--data", path, ...(await ports()).args])).event).toMatchObject({ code: "already_running" });
});

test("a lock left by a process that is gone is taken over: the folder itself is not the trouble", async () => {
  const path = await folder();
  await mkdir(join(path, "run"));
  await writeFile(join(path, "run/supervisor.json"), JSON.stringify({ pid: process.pid, startTime: "1" }));
  const { args, gateway } = await ports();
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(gateway, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  expect((await refusal(["--data", path, ...args])).event).toMatchObject({ code: "port_in_use" });
});

test("a data folder that cannot be written to", async () => {
  const path = await folder();
  await writeFile(join(path, "file"), "");
  expect((await refusal(["--data", join(path, "file/below"), ...(await ports()).args])).event).toMatchObject({
    code: "data_folder_unusable",
  });
});

test.skipIf(process.getuid?.() !== 0)("a full disk (needs root, to mount a small one)", async () => {
  const path = await folder();
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=16m", "tmpfs", path]);
  onTestFinished(() => void execFileSync("umount", [path]));
  const { event } = await refusal(["--data", path, ...(await ports()).args]);
  expect(event).toMatchObject({ code: "disk_full" });
  expect(event.hint).toContain("--data");
});

test("an option that does not exist, or a port that is none", async () => {
  expect((await refusal(["--nonsense"])).event).toMatchObject({ code: "bad_option" });
  expect((await refusal(["--gateway-port", "99999"])).event.message).toContain("--gateway-port 99999");
});
