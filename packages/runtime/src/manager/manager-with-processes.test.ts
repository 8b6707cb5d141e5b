import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { join } from "node:path";
import { silentLogger, systemClock, systemRandom } from "@ebb/base";
import { eventually, tempDir } from "@ebb/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Address, InstanceManager, InstanceStatus, Workload } from "../port.ts";
import { createProcessDriver, type ProcessDriver } from "../process/process-driver.ts";
import { createInstanceManager } from "./instance-manager.ts";

const SERVER = `require("node:http").createServer((request, response) => {
  if (request.url === "/crash") process.exit(7);
  response.end("hello from " + process.env.NAME);
}).listen(process.env.PORT, process.env.HOST, () => console.log("listening"));`;

interface Platform {
  driver: ProcessDriver;
  manager: InstanceManager;
  workload(name: string, command: string[], changes?: Partial<Workload["template"]>): Workload;
  /** A new driver and manager on the same folder, as after a restart. */
  restart(): Promise<Platform>;
}

async function platform(): Promise<Platform> {
  const folder = await tempDir("ebb-manager-");
  const bundle = join(folder.path, "bundle");
  mkdirSync(join(bundle, "app"), { recursive: true });
  writeFileSync(join(bundle, "app", "server.js"), SERVER);
  writeFileSync(join(bundle, "bundle.json"), JSON.stringify({ schema: 1, name: "x", command: ["node", "server.js"], env: {} }));
  execFileSync("chmod", ["-R", "a+rX", bundle]);
  const closers: (() => Promise<void>)[] = [];
  onTestFinished(async () => {
    for (const close of closers.slice(-1)) await close();
    await folder.remove();
  });
  const open = async (): Promise<Platform> => {
    const driver = createProcessDriver({
      root: join(folder.path, "instances"),
      toolchain: { node: process.execPath },
      clock: systemClock,
      random: systemRandom,
      log: silentLogger,
    });
    const manager = createInstanceManager({
      drivers: { process: driver },
      clock: systemClock,
      random: systemRandom,
      log: silentLogger,
      drain: () => Promise.resolve(0),
    });
    closers.push(async () => {
      await manager.stop({ stopInstances: true });
      await driver.close();
    });
    await manager.start();
    return {
      driver,
      manager,
      workload: (name, command, changes = {}) => ({
        key: `default/${name}`,
        template: {
          workload: `default/${name}`,
          labels: { app: name },
          artifact: { kind: "bundle", digest: "0", path: bundle },
          ...(command.length > 0 && { command }),
          env: { NAME: name },
          port: 8080,
          protocol: "http1",
          resources: {},
          readiness: { tcp: {}, initialDelaySeconds: 0, periodSeconds: 0, timeoutSeconds: 1, successThreshold: 1, failureThreshold: 3 },
          terminationGraceSeconds: 2,
          ...changes,
        },
      }),
      restart: async () => {
        await manager.stop({ stopInstances: false });
        await driver.close();
        return open();
      },
    };
  };
  return open();
}

const first = (manager: InstanceManager, key: string): InstanceStatus | undefined =>
  manager.instances(key).find(({ phase }) => phase !== "ended");
const ready = (manager: InstanceManager, key: string) => eventually(() => manager.instances(key).find(({ phase }) => phase === "ready"));

function fetchText({ host, port }: Address, path = "/"): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = get({ host, port, path, agent: false }, (response) => {
      let text = "";
      response
        .on("data", (chunk: Buffer) => (text += chunk.toString()))
        .once("end", () => resolve(text))
        .once("error", reject);
    });
    request.once("error", reject);
  });
}
function addressOf(status: InstanceStatus): Address {
  if (!status.address) throw new Error(`${status.id} has no address`);
  return status.address;
}

describe("instance manager with real processes", () => {
  it("wakes, serves, sleeps, and leaves the log", async () => {
    const { driver, manager, workload } = await platform();
    manager.setWorkloads([workload("app", [])]);
    manager.scale("default/app", 1);
    const status = await ready(manager, "default/app");
    expect(await fetchText(addressOf(status))).toBe("hello from app");
    manager.scale("default/app", 0);
    await eventually(() => first(manager, "default/app") === undefined);
    expect(await driver.list()).toEqual([]);
    expect((await Array.fromAsync(manager.logs(status.id, {}))).map(({ text }) => text)).toEqual(["listening"]);
  });

  it("wakes many at once, none waiting for a slow one", async () => {
    const { manager, workload } = await platform();
    const names = Array.from({ length: 12 }, (_, at) => `app-${at}`);
    manager.setWorkloads([workload("slow", ["sleep", "60"]), ...names.map((name) => workload(name, []))]);
    manager.scale("default/slow", 3);
    for (const name of names) manager.scale(`default/${name}`, 1);
    const statuses = await Promise.all(names.map((name) => ready(manager, `default/${name}`)));
    expect(await Promise.all(statuses.map((status) => fetchText(addressOf(status))))).toEqual(names.map((name) => `hello from ${name}`));
    expect(manager.instances("default/slow").map(({ phase }) => phase)).toEqual(["starting", "starting", "starting"]);
  });

  it("restarts a crash under the same name", async () => {
    const { manager, workload } = await platform();
    manager.setWorkloads([workload("app", [])]);
    manager.scale("default/app", 1);
    const before = await ready(manager, "default/app");
    await expect(fetchText(addressOf(before), "/crash")).rejects.toThrow();
    const after = await eventually(() =>
      manager.instances("default/app").find(({ phase, restarts }) => phase === "ready" && restarts === 1),
    );
    expect(after).toMatchObject({ id: before.id, lastExit: { exitCode: 7, reason: "Error" } });
    expect(await fetchText(addressOf(after))).toBe("hello from app");
  });

  it("explains a crash at start, a wrong port and a missing command", async () => {
    const { manager, workload } = await platform();
    manager.setWorkloads([
      workload("crash", ["node", "-e", "console.error('no DATABASE_URL'); process.exit(1)"]),
      workload("port", ["node", "-e", "require('net').createServer().listen(23999, '127.0.0.1')"]),
      workload("missing", ["gunicornx", "app:app"]),
    ]);
    for (const name of ["crash", "port", "missing"]) manager.scale(`default/${name}`, 1);
    const crash = await eventually(() => manager.instances("default/crash").find(({ message }) => message?.includes("no DATABASE_URL")));
    expect(crash).toMatchObject({ phase: "backoff", reason: "CrashLoopBackOff" });
    const port = await eventually(() => manager.instances("default/port").find(({ message }) => message?.includes("listens on 23999")));
    expect(port).toMatchObject({ phase: "starting", reason: "ProbeFailed" });
    expect(port.message).toMatch(/requests come to \$PORT \(\d+\)/);
    expect(first(manager, "default/missing")).toMatchObject({ phase: "backoff", reason: "CommandNotFound" });
  });

  it("adopts what runs after a restart, ready at once, and stops what nobody declares", async () => {
    const before = await platform();
    before.manager.setWorkloads([before.workload("app", []), before.workload("old", [])]);
    before.manager.scale("default/app", 2);
    before.manager.scale("default/old", 1);
    for (const key of ["default/app", "default/old"]) await ready(before.manager, key);
    await eventually(() => before.manager.instances("default/app").every(({ phase }) => phase === "ready"));
    const ids = before.manager.instances("default/app").map(({ id }) => id);
    const { manager, workload, driver } = await before.restart();
    expect(
      manager
        .instances("default/app")
        .map(({ id, phase }) => `${id} ${phase}`)
        .sort(),
    ).toEqual(ids.map((id) => `${id} ready`).sort());
    manager.setWorkloads([workload("app", [])]);
    await eventually(async () => (await driver.list()).length === 2);
    expect(manager.desired("default/app")).toBe(2);
    const [status] = manager.instances("default/app");
    if (status) expect(await fetchText(addressOf(status))).toBe("hello from app");
  });

  it("restarts an instance that no longer answers its liveness probe", async () => {
    const { manager, workload } = await platform();
    const command = ["sh", "-c", 'test ! -e "$HOME/sick"'];
    const liveness = {
      exec: { command },
      initialDelaySeconds: 0,
      periodSeconds: 1,
      timeoutSeconds: 1,
      successThreshold: 1,
      failureThreshold: 1,
    };
    manager.setWorkloads([workload("app", ["sh", "-c", '(sleep 0.5; touch "$HOME/sick") & exec node server.js'], { liveness })]);
    manager.scale("default/app", 1);
    const status = await eventually(() => manager.instances("default/app").find(({ restarts }) => restarts > 0), 15_000);
    expect(status.message ?? "").toContain("liveness");
  });
});
