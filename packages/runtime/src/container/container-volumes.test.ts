/* oxlint-disable max-lines-per-function -- a suite over one engine */
import { silentLogger, systemClock, systemRandom } from "@ebb/base";
import { eventually } from "@ebb/testkit";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Driver, InstanceExit, InstanceSpec } from "../port.ts";
import { busyboxEngine, type BusyboxEngine } from "./busybox.fixture.ts";
import { createContainerDriver } from "./container-driver.ts";

const busybox = await busyboxEngine();

if (busybox) describe("volumes of containers", { timeout: 60_000 }, () => describeVolumes(busybox));
else describe("volumes of containers", () => test.skip("needs Podman or Docker, and busybox-static", () => {}));

function describeVolumes(box: BusyboxEngine): void {
  const { engine, options, image } = box;
  let driver: Driver;
  let exits: InstanceExit[];
  const ids = new Set<string>();

  beforeAll(() => box.build(), 120_000);
  afterAll(() => box.close());
  beforeEach(() => reopen());
  afterEach(async () => {
    for (const id of ids) {
      await driver.stop(id, 0);
      await driver.forget(id);
    }
    ids.clear();
    expect(await driver.list()).toEqual([]);
    await driver.close();
  });

  /** As after a restart of Ebb; the one before must have been closed. */
  function reopen(): void {
    driver = createContainerDriver({ ...options, engine, clock: systemClock, log: silentLogger });
    exits = [];
    driver.onExit((exit) => exits.push(exit));
  }

  function shell(script: string, changes: Partial<InstanceSpec>): InstanceSpec {
    const id = `volumes-${systemRandom.suffix(8)}`;
    ids.add(id);
    return {
      id,
      workload: "default/volumes",
      labels: {},
      artifact: { kind: "image", reference: image },
      command: ["sh", "-c", script],
      env: {},
      port: 8080,
      protocol: "http1",
      resources: {},
      readiness: { tcp: {}, initialDelaySeconds: 0, periodSeconds: 0, timeoutSeconds: 1, successThreshold: 1, failureThreshold: 3 },
      terminationGraceSeconds: 5,
      ...changes,
    };
  }
  const exitOf = (id: string) => eventually(() => exits.find((exit) => exit.id === id));
  async function texts(id: string): Promise<string[]> {
    const lines: string[] = [];
    for await (const { text } of driver.logs(id, {})) lines.push(text);
    return lines;
  }

  test("mounts volumes: files that change in one step, parts of them, and empty folders that outlive the program", async () => {
    const text = (content: string, mode = 0o644) => ({ content: Buffer.from(content), mode });
    const files = (value: string) => ({ config: { top: text(value), "deep/key": text(`${value} key`), closed: text("x", 0o400) } });
    // The first run leaves something behind and ends; the second one stays.
    const instance = shell("cat /part; [ -e /empty/seen ] && exec sleep 60; echo disk > /empty/seen; echo memory > /memory/seen", {
      security: { user: 65_532 },
      volumes: [
        { name: "config", kind: "files" },
        { name: "empty", kind: "empty" },
        { name: "memory", kind: "empty", memory: true },
      ],
      mounts: [
        { volume: "config", path: "/etc/config", readOnly: true },
        { volume: "config", path: "/part", subPath: "deep/key", readOnly: true },
        { volume: "empty", path: "/empty" },
        { volume: "empty", path: "/sub", subPath: "sub/below" },
        { volume: "memory", path: "/memory" },
      ],
    });
    const run = async (command: string) => (await driver.exec(instance.id, ["sh", "-c", `exec 2>&1; ${command}`], 5)).output.trim();
    await driver.start(instance, { volumes: files("first") });
    expect(await exitOf(instance.id)).toMatchObject({ exitCode: 0 });
    await driver.start(instance, { volumes: files("second") });
    expect(await run("cat /part /empty/seen /memory/seen; stat -f -c %T /memory")).toBe("second keydisk\nmemory\ntmpfs");
    expect(await run("echo x > /etc/config/x; cat /etc/config/closed")).toMatch(/Read-only file system[^]*Permission denied/);
    expect(await run("echo 1 > /sub/file; cat /empty/sub/below/file")).toBe("1");
    await driver.close();
    reopen();
    await driver.list();
    await driver.renewFiles(instance.id, { volumes: files("third") });
    expect(await run("cat /etc/config/top /etc/config/deep/key /part; ls /etc/config")).toBe("thirdthird keysecond keyclosed\ndeep\ntop");
  });

  test("ends one that puts more into an empty volume than it may, and starts it again with nothing in it", async () => {
    const instance = shell(
      "ls /cache | wc -l; head -c 500000 /dev/zero > /cache/file; [ -e /keep/again ] && exec sleep 60; touch /keep/again",
      {
        volumes: [
          { name: "cache", kind: "empty", sizeBytes: 100_000 },
          { name: "keep", kind: "empty" },
        ],
        mounts: [
          { volume: "cache", path: "/cache" },
          { volume: "keep", path: "/keep" },
        ],
      },
    );
    await driver.start(instance);
    await exitOf(instance.id);
    await driver.start(instance);
    await eventually(() => exits.length === 2);
    expect(exits[1]).toMatchObject({ reason: "Evicted", message: expect.stringContaining('EmptyDir volume "cache" exceeds') });
    await driver.start(instance);
    await eventually(() => exits.length === 3);
    expect((await texts(instance.id)).at(-1)).toBe("0");
  });
}
