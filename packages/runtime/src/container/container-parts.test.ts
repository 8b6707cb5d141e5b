/* oxlint-disable max-lines-per-function -- a suite over one engine */
import { silentLogger, systemClock, systemRandom } from "@ebb/base";
import { eventually } from "@ebb/testkit";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { INSTANCE_VALUES } from "../instance-values.ts";
import type { Driver, InstanceExit, InstanceSpec, PartSpec } from "../port.ts";
import { busyboxEngine, type BusyboxEngine } from "./busybox.fixture.ts";
import { createContainerDriver } from "./container-driver.ts";
import { pauseProgram } from "./pause-program.ts";
import { tarOf } from "./tar.ts";

const busybox = await busyboxEngine();

if (busybox) describe("several containers", { timeout: 60_000 }, () => describeParts(busybox));
else describe("several containers", () => test.skip("needs Podman or Docker, and busybox-static", () => {}));

function describeParts(box: BusyboxEngine): void {
  const { engine, options, image } = box;
  const artifact = { kind: "image", reference: image } as const;
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
    const left = await engine.docker.listContainers({ all: true, filters: { label: [`dev.ebb.owner=${options.owner}`] } });
    expect(left.map(({ Names }) => Names)).toEqual([]);
    await driver.close();
  });

  function reopen(): void {
    driver = createContainerDriver({ ...options, engine, clock: systemClock, log: silentLogger });
    exits = [];
    driver.onExit((exit) => exits.push(exit));
  }
  const part = (name: string, script: string, more: Partial<PartSpec> = {}): PartSpec => ({
    name,
    role: "sidecar",
    artifact,
    command: ["sh", "-c", script],
    env: {},
    resources: {},
    mounts: [{ volume: "shared", path: "/shared" }],
    ...more,
  });
  function spec(script: string, parts: PartSpec[]): InstanceSpec {
    const id = `parts-${systemRandom.suffix(8)}`;
    ids.add(id);
    return {
      id,
      workload: "default/parts",
      labels: {},
      artifact,
      command: ["sh", "-c", script],
      env: {},
      port: 8080,
      protocol: "http1",
      resources: {},
      readiness: { tcp: {}, initialDelaySeconds: 0, periodSeconds: 0, timeoutSeconds: 1, successThreshold: 1, failureThreshold: 3 },
      terminationGraceSeconds: 1,
      volumes: [{ name: "shared", kind: "empty" }],
      mounts: [{ volume: "shared", path: "/shared" }],
      parts,
    };
  }
  async function sandboxesOf(id: string): Promise<string[]> {
    const found = await engine.docker.listContainers({ all: true, filters: { name: [`ebb-${id}.sandbox`] } });
    return found.flatMap(({ Names }) => Names);
  }
  const statusOf = (id: string, name: string) => driver.parts?.(id)?.find((status) => status.name === name);
  const ready = (id: string, name: string) => eventually(() => statusOf(id, name)?.ready);
  async function texts(id: string): Promise<string[]> {
    const lines: string[] = [];
    for await (const { text } of driver.logs(id, {})) lines.push(text);
    return lines;
  }

  test("one that asks for its address is told it before it starts, as are its parts", async () => {
    const script = `echo "$IP" $(ip -4 addr show eth0 | sed -n 's/.*inet \\([0-9.]*\\).*/\\1/p'); exec sleep 1000`;
    const ask = { IP: INSTANCE_VALUES.address };
    const wanted = { ...spec(script, [part("side", script, { env: ask })]), env: ask };
    const { address } = await driver.start(wanted);
    const alone = { ...spec(script, []), env: ask };
    const other = await driver.start(alone);
    await eventually(async () => (await texts(wanted.id)).length > 0 && (await texts(`${wanted.id}.side`)).length > 0, 20_000);
    expect(await texts(wanted.id)).toEqual([`${address.host} ${address.host}`]);
    expect(await texts(`${wanted.id}.side`)).toEqual([`${address.host} ${address.host}`]);
    await eventually(async () => (await texts(alone.id)).length > 0, 20_000);
    expect(await texts(alone.id)).toEqual([`${other.address.host} ${other.address.host}`]);
    await driver.close();
    reopen();
    expect((await driver.list()).find(({ spec: { id } }) => id === alone.id)).toMatchObject({ spec: alone, address: other.address });
    await driver.stop(alone.id, 0);
    await driver.forget(alone.id);
    expect(await sandboxesOf(alone.id)).toEqual([]);
  });

  test("those that run first end one after the other before the others start; all share a network, a hostname and volumes", async () => {
    const main = spec("echo app >> /shared/order; hostname >> /shared/order; exec httpd -f -p $PORT -h /shared", [
      part("one", "sleep 0.1; echo one > /shared/order", { role: "init" }),
      part("two", "echo two >> /shared/order", { role: "init" }),
      part("side", "until wget -qO- http://127.0.0.1:8080/order; do sleep 0.1; done; echo $(hostname) $HOSTNAME port=$PORT; exec sleep 60"),
    ]);
    await driver.start(main);
    await ready(main.id, "side");
    await eventually(async () => (await texts(`${main.id}.side`)).length >= 5);
    const { id } = main;
    expect((await texts(`${id}.side`)).slice(-5)).toEqual(["one", "two", "app", id, `${id} ${id} port=`]);
    expect(driver.parts?.(main.id)?.map(({ name, phase, lastExit }) => [name, phase, lastExit?.exitCode])).toEqual([
      ["one", "ended", 0],
      ["two", "ended", 0],
      ["side", "running", undefined],
    ]);
  });

  test("what each says of its own end is told with it, by whatever user it is, and is its last end's", async () => {
    const say = "echo gone >> /dev/termination-log; exit 3";
    const main = {
      ...spec(say, [part("side", "echo bye > /m; exit 4", { terminationMessage: { path: "/m" } })]),
      security: { user: 1000 },
    };
    for (const runs of [1, 2]) {
      await driver.start(main);
      await eventually(() => exits.length === runs && (statusOf(main.id, "side")?.restarts ?? 0) >= 1);
    }
    expect(exits).toMatchObject([
      { exitCode: 3, message: "gone\n" },
      { exitCode: 3, message: "gone\n" },
    ]);
    expect(statusOf(main.id, "side")?.lastExit).toMatchObject({ exitCode: 4, message: "bye\n" });
    await driver.close();
    reopen();
    await driver.list();
    expect((await driver.ended()).find(({ spec: { id } }) => id === main.id)?.exit).toMatchObject({ message: "gone\n" });
  });

  test("what one writes as its last words counts as its own memory", async () => {
    const main = {
      ...spec("exec dd if=/dev/zero of=/dev/termination-log bs=1M count=200", []),
      resources: { memoryBytes: 48 * 1024 * 1024 },
    };
    await driver.start(main);
    await eventually(() => exits.length > 0);
    expect(exits[0]).toMatchObject({ id: main.id, reason: "OOMKilled" });
  });

  test("they share what is in memory between processes; their processes if that is asked for, with one beside them that leaves no dead ones behind", async () => {
    const links = "echo $(readlink /proc/self/ns/ipc) $(readlink /proc/self/ns/pid)";
    const shared = (script: string) => ({
      ...spec(script, [part("side", "exec sleep 1000")]),
      namespaces: { processes: "shared" } as const,
    });
    const [apart, together] = [
      spec("exec sleep 1000", [part("side", "exec sleep 1000")]),
      shared("sleep 2000 & exec httpd -f -p $PORT -h /tmp"),
    ];
    for (const each of [apart, together]) {
      await driver.start(each);
      await ready(each.id, "side");
    }
    const say = async (id: string, script: string) => (await driver.exec(id, ["sh", "-c", script], 5)).output.trim();
    const [main, side] = await Promise.all([say(apart.id, links), say(`${apart.id}.side`, links)]);
    expect([main.split(" ")[0], main === side]).toEqual([side.split(" ")[0], false]);
    expect(await say(together.id, links)).toBe(await say(`${together.id}.side`, links));
    expect(await say(`${together.id}.side`, "ps -o args")).toMatch(/^\/pause$[^]*httpd/m);
    await say(`${together.id}.side`, "(sleep 0.01 &)");
    await eventually(async () => !/Z|sleep 0.01/.test(await say(`${together.id}.side`, "ps -o stat,args")));
    // What one has left running goes with it, and the others stay.
    await driver.stop(together.id, 1, "program");
    const left = await say(`${together.id}.side`, "ps -o args");
    expect([left.includes("sleep 1000"), left.includes("sleep 2000"), left.includes("httpd")]).toEqual([true, false, false]);
  });

  test("one that fails before the others keeps them from starting, with its code and last words, and is run again", async () => {
    const main = spec("exec sleep 60", [
      part("setup", "[ -e /shared/again ] && exit 0; touch /shared/again; echo no database; exit 3", { role: "init" }),
    ]);
    await expect(driver.start(main)).rejects.toMatchObject({
      code: "Init:CrashLoopBackOff",
      message: expect.stringMatching(/setup.*code 3[^]*no database/),
    });
    expect(statusOf(main.id, "setup")).toMatchObject({ phase: "waiting", ready: false, restarts: 1, lastExit: { exitCode: 3 } });
    expect(await driver.list()).toEqual([]);
    await driver.start(main);
    expect(statusOf(main.id, "setup")).toMatchObject({ phase: "ended", ready: true });
  });

  test("waiting for one that runs first ends when it is told to", async () => {
    const main = spec("exec sleep 60", [part("setup", "exec sleep 60", { role: "init" })]);
    const gone = new AbortController();
    const ends = expect(driver.start(main, undefined, { signal: gone.signal })).rejects.toThrow("stopped before");
    await eventually(() => statusOf(main.id, "setup")?.phase === "running");
    gone.abort();
    await ends;
  });

  test("a sidecar that ends is started again, with the network and the volumes as they were, and the others go on", async () => {
    const main = spec("exec httpd -f -p $PORT -h /shared", [
      part("side", "echo run >> /shared/runs; sleep 0.3; [ $(wc -l < /shared/runs) = 2 ] && exec sleep 60; exit 5"),
    ]);
    const { address } = await driver.start(main);
    await eventually(() => statusOf(main.id, "side")?.restarts === 1 && statusOf(main.id, "side")?.ready);
    expect(statusOf(main.id, "side")?.lastExit).toMatchObject({ exitCode: 5, reason: "Error" });
    expect(exits).toEqual([]);
    const [again] = await driver.list();
    expect(again?.address).toEqual(address);
  });

  test("a sidecar is ready by its own probe, after its startup probe, and is restarted by its liveness probe", async () => {
    const probe = { initialDelaySeconds: 0, periodSeconds: 1, timeoutSeconds: 1, successThreshold: 1, failureThreshold: 1 };
    const check = (file: string) => ({ ...probe, exec: { command: ["test", "-e", `/shared/${file}`] } });
    const main = spec("exec sleep 60", [
      part("side", "touch /shared/alive; exec sleep 60", {
        readiness: check("ready"),
        startup: { ...check("up"), failureThreshold: 9 },
        liveness: check("alive"),
      }),
    ]);
    await driver.start(main);
    const sh = (command: string) => driver.exec(main.id, ["sh", "-c", command], 5);
    await sh("touch /shared/ready");
    expect(statusOf(main.id, "side")?.ready).toBe(false);
    await sh("touch /shared/up");
    await ready(main.id, "side");
    await sh("rm /shared/alive");
    await eventually(() => (statusOf(main.id, "side")?.restarts ?? 0) >= 1);
  });

  test("the one that serves is started again beside its sidecars, also in a network that was lost, and all outlive Ebb", async () => {
    const main = spec(
      "echo $(( $(cat /shared/n 2>/dev/null) + 1 )) > /shared/n; [ $(cat /shared/n) = 1 ] && exit 4; exec httpd -f -p $PORT -h /shared",
      [part("side", "exec sleep 60"), part("setup", "echo set >> /shared/setup", { role: "init" })],
    );
    await driver.start(main);
    await eventually(() => exits.some(({ id, exitCode }) => id === main.id && exitCode === 4));
    await driver.start(main);
    expect((await driver.exec(main.id, ["cat", "/shared/n", "/shared/setup"], 5)).output).toBe("2\nset\n");
    await driver.close();
    reopen();
    expect((await driver.list()).map((found) => found.spec)).toEqual([main]);
    expect(driver.parts?.(main.id)?.map(({ name, ready: is }) => [name, is])).toEqual([
      ["side", true],
      ["setup", true],
    ]);
    await engine.docker.getContainer(`ebb-${main.id}.sandbox`).kill();
    await driver.stop(main.id, 0, "program");
    await driver.start(main);
    expect((await driver.exec(main.id, ["cat", "/shared/n"], 5)).output).toBe("3\n");
  });

  test("what Ebb left half-started is removed", async () => {
    const main = spec("exec sleep 60", [part("setup", "exec sleep 60", { role: "init" })]);
    const lost = driver.start(main).catch(() => undefined);
    await eventually(() => statusOf(main.id, "setup")?.phase === "running");
    await driver.close();
    await lost;
    ids.clear();
    reopen();
    expect(await driver.list()).toEqual([]);
  });
}

test("the program that holds a network is an executable of a few bytes, for the processors that there are", () => {
  expect(pauseProgram("x64")?.subarray(0, 4).toString("latin1")).toBe("\x7fELF");
  expect(pauseProgram("arm64")?.length).toBe(120 + 52 + 32);
  expect(pauseProgram("mips")).toBeUndefined();
  expect(tarOf({ name: "pause", mode: 0o755, content: Buffer.alloc(513) }).length).toBe(512 + 1024 + 1024);
});
