/* oxlint-disable max-lines-per-function -- a suite over one engine */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { silentLogger, systemClock, systemRandom } from "@ebb/base";
import { eventually } from "@ebb/testkit";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Driver, InstanceSpec } from "../port.ts";
import { busyboxEngine, type BusyboxEngine } from "./busybox.fixture.ts";
import { createContainerDriver } from "./container-driver.ts";
import { containerName } from "./container-options.ts";
import { NetworkLinks } from "./network-links.ts";

const busybox = await busyboxEngine();

if (busybox?.engine.name === "podman" && !busybox.engine.rootless)
  describe("networks made ahead", { timeout: 60_000 }, () => describeNetworks(busybox));
else describe("networks made ahead", () => test.skip("need a Podman of root's, and busybox-static", () => {}));

function describeNetworks(box: BusyboxEngine): void {
  const { engine, options, image } = box;
  const SEEN = `ip route; cat /etc/resolv.conf /proc/sys/net/ipv4/ip_unprivileged_port_start; cat /etc/hosts; ping -c1 -w5 $(hostname) >/dev/null; echo $?`;
  const drivers: Driver[] = [];

  beforeAll(() => box.build(), 120_000);
  afterAll(() => box.close());
  afterEach(async () => {
    for (const driver of drivers.splice(0)) await driver.close();
    const left = await ours();
    for (const { Id } of left) await engine.docker.getContainer(Id).remove({ force: true });
    expect(left.map(({ Names }) => Names)).toEqual([]);
  });

  function open(size = 2): Driver {
    const readyNetworks = { size, random: systemRandom };
    const driver = createContainerDriver({ ...options, readyNetworks, dns: "169.254.20.9", engine, clock: systemClock, log: silentLogger });
    drivers.push(driver);
    return driver;
  }
  function spec(name: string): InstanceSpec {
    return {
      id: `${name}-${systemRandom.suffix(8)}`,
      workload: "space/ready",
      labels: {},
      artifact: { kind: "image", reference: image },
      command: ["sh", "-c", "echo hello > /tmp/index.html; exec httpd -f -p 80 -h /tmp"],
      env: {},
      port: 80,
      protocol: "http1",
      resources: {},
      security: { capabilities: { add: ["NET_RAW"], drop: [] } },
      readiness: { tcp: {}, initialDelaySeconds: 0, periodSeconds: 0, timeoutSeconds: 1, successThreshold: 1, failureThreshold: 3 },
      terminationGraceSeconds: 1,
    };
  }
  const ours = () => engine.docker.listContainers({ all: true, filters: { label: [`dev.ebb.owner=${options.owner}`] } });
  const sandboxes = async () => (await ours()).filter(({ Names, State }) => Names[0]?.endsWith(".sandbox") && State === "running");
  /** Of those there are: that many that no container is in. The last of them may not be known to be ready yet. */
  async function spare(count: number): Promise<string[]> {
    let names: string[] = [];
    await eventually(async () => {
      const taken = (await ours()).map(({ Names: [name = ""] }) => networkOf(idIn(name))?.group ?? "").join();
      names = (await sandboxes()).flatMap(({ Names: [name = ""] }) => (taken.includes(groupIn(name)) ? [] : [name]));
      return names.length >= count;
    }, 20_000);
    return names;
  }
  const idIn = (name: string) => name.replace(/^\/?ebb-/, "");
  const groupIn = (name: string) => name.replace(/^\/?ebb-/, "").replace(/\.sandbox$/, "");
  const links = new NetworkLinks(options.identities);
  const networkOf = (id: string) => links.read(id);
  const idOf = async (id: string) => (await engine.docker.getContainer(containerName(id)).inspect()).Id;
  const pinned = async () => (await engine.docker.getImage(image).inspect()).RepoDigests[0] ?? image;
  async function end(driver: Driver, ...ids: string[]): Promise<void> {
    for (const id of ids) await driver.stop(id, 0).then(() => driver.forget(id));
  }
  const answer = async ({ address }: { address: { host: string; port: number } }) => {
    let text = "";
    await eventually(async () => {
      text = await fetch(`http://${address.host}:${address.port}/`).then((response) => response.text());
      return true;
    }, 10_000);
    return text;
  };
  /** This machine's end of an instance's cable. */
  const cable = async (driver: Driver, id: string) => (await driver.exec(id, ["cat", "/sys/class/net/eth0/iflink"], 5)).output.trim();
  const cables = () => readdirSync("/sys/class/net").map((name) => readFileSync(join("/sys/class/net", name, "ifindex"), "utf8").trim());

  test("are to a program what the engine's are, and are reached as they are", async () => {
    const driver = open();
    const [own, ready] = [spec("own"), spec("ready")];
    const first = await driver.start(own);
    await spare(2);
    // Also when its container was made before it was decided in which.
    ready.artifact = { kind: "image", reference: await pinned() };
    await driver.foresee?.(ready);
    const made = await idOf(ready.id);
    const second = await driver.start(ready);
    expect(await idOf(ready.id)).toBe(made);
    expect([networkOf(own.id), networkOf(ready.id)?.address]).toEqual([undefined, second.address.host]);
    expect(await Promise.all([answer(first), answer(second)])).toEqual(["hello\n", "hello\n"]);
    const seen = async (id: string, address: string) => {
      const { Config } = await engine.docker.getContainer(containerName(id)).inspect();
      const { output } = await driver.exec(id, ["sh", "-c", SEEN], 20);
      const named = output.replaceAll(address, "ADDRESS").replaceAll(Config.Hostname, "HOSTNAME");
      // The engine's other name of a container is its own there.
      return named
        .split("\n")
        .filter((line) => !/^ADDRESS\s/.test(line) || line.includes("HOSTNAME"))
        .map((line) => line.replace(/\s+/g, " ").replace(/(HOSTNAME) .*/, "$1"))
        .sort();
    };
    expect(await seen(ready.id, second.address.host)).toEqual(await seen(own.id, first.address.host));
    const fetched = (from: string, { host, port }: { host: string; port: number }) =>
      driver.exec(from, ["wget", "-qO-", `http://${host}:${port}/`], 5).then(({ output }) => output);
    expect(await fetched(own.id, second.address)).toBe("hello\n");
    expect(await fetched(ready.id, first.address)).toBe("hello\n");
    await end(driver, own.id, ready.id);
  });

  test("go with their instances and with the driver, and leave nothing behind", async () => {
    const driver = open(1);
    const warm = spec("warm");
    await driver.start(warm);
    const left: { path: string; end: string }[] = [];
    for (let round = 0; round < 3; round++) {
      await spare(1);
      const each = spec("each");
      await eventually(async () => {
        await driver.start(each);
        const network = networkOf(each.id);
        if (network) left.push({ path: network.path, end: await cable(driver, each.id) });
        await end(driver, each.id);
        return network !== undefined;
      }, 20_000);
    }
    await end(driver, warm.id);
    await spare(1);
    const stopped = spec("stopped");
    await driver.start(stopped);
    await driver.stop(stopped.id, 0);
    await driver.close();
    expect((await ours()).map(({ Names }) => Names[0])).toEqual([`/${containerName(stopped.id)}`]);
    const next = open(0);
    await next.list();
    expect(await answer(await next.start(stopped))).toBe("hello\n");
    await end(next, stopped.id);
    expect(left).toHaveLength(3);
    expect(left.filter(({ path, end: index }) => existsSync(path) || cables().includes(index))).toEqual([]);
  });

  test("of an Ebb that was killed are kept for the instances that are in them; the others are removed", async () => {
    const [first, second] = [spec("first"), spec("second")];
    const script = `
      import { silentLogger, systemClock, systemRandom } from "@ebb/base";
      import { createContainerDriver } from ${JSON.stringify(join(import.meta.dirname, "container-driver.ts"))};
      import { findEngine } from ${JSON.stringify(join(import.meta.dirname, "engine.ts"))};
      const base = { clock: systemClock, log: silentLogger };
      const engine = await findEngine({ ...base, socketPath: ${JSON.stringify(engine.socketPath)} });
      const readyNetworks = { size: 2, random: systemRandom };
      const driver = createContainerDriver({ ...${JSON.stringify(options)}, ...base, readyNetworks, engine });
      await driver.start(${JSON.stringify(first)});
      process.stdin.once("data", () => driver.start(${JSON.stringify(second)}).then(() => console.log("started")));
      console.log("waits");
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
      cwd: import.meta.dirname,
      stdio: ["pipe", "pipe", "inherit"],
    });
    await once(child.stdout, "data");
    await spare(2);
    child.stdin.write("go\n");
    await once(child.stdout, "data");
    child.kill("SIGKILL");
    await once(child, "exit");
    const [unused] = await spare(1);
    const driver = open(0);
    const found = await driver.list();
    const network = networkOf(second.id);
    expect(network).toBeDefined();
    expect(found.find(({ spec: { id } }) => id === second.id)?.address).toEqual({ host: network?.address, port: 80 });
    expect((await sandboxes()).map(({ Names }) => Names[0])).toEqual([expect.stringContaining(network?.group ?? "none")]);
    expect(unused).toBeDefined();
    const running = found.find(({ spec: { id } }) => id === second.id);
    expect(running && (await answer(running))).toBe("hello\n");
    await end(driver, first.id, second.id);
    expect(existsSync(network?.path ?? "")).toBe(false);
  });

  test("a container made ahead that is of no use is done without, and one of an Ebb that died is removed", async () => {
    const driver = open(1);
    const [early, pruned, left] = [spec("early"), spec("pruned"), spec("left")];
    for (const each of [early, pruned, left]) each.artifact = { kind: "image", reference: await pinned() };
    // No network is ready when the first one starts.
    await driver.foresee?.(early);
    expect(await answer(await driver.start(early))).toBe("hello\n");
    await driver.foresee?.(pruned);
    await spare(1);
    await engine.docker.getContainer(containerName(pruned.id)).remove();
    expect(await answer(await driver.start(pruned))).toBe("hello\n");
    await driver.foresee?.(left);
    await driver.list();
    expect(await idOf(left.id)).toBeDefined();
    const next = open(0);
    expect((await next.list()).map(({ spec: { id } }) => id).sort()).toEqual([early.id, pruned.id].sort());
    await expect(idOf(left.id)).rejects.toMatchObject({ statusCode: 404 });
    await end(next, early.id, pruned.id);
  });

  test("that are gone are done without: at a start, and when a program starts again", async () => {
    const driver = open();
    const warm = spec("warm");
    await driver.start(warm);
    await spare(2);
    const made = await Promise.all((await sandboxes()).map(({ Id }) => engine.docker.getContainer(Id).inspect()));
    // The one that is taken next.
    const [oldest] = made.sort((one, other) => one.Created.localeCompare(other.Created));
    const broken = engine.docker.getContainer(oldest?.Id ?? "");
    // As after somebody cleared up below the engine: its sandbox runs on, and a file is there that is no namespace.
    execFileSync("umount", ["-l", oldest?.NetworkSettings.SandboxKey ?? ""]);
    const bare = spec("bare");
    expect(await answer(await driver.start(bare))).toBe("hello\n");
    expect(networkOf(bare.id)).toBeUndefined();
    await expect(broken.inspect()).rejects.toMatchObject({ statusCode: 404 });
    await end(driver, bare.id);
    await spare(2);
    const again = spec("again");
    await eventually(async () => {
      await driver.start(again);
      const got = networkOf(again.id);
      if (!got) await end(driver, again.id);
      return got !== undefined;
    }, 20_000);
    const before = networkOf(again.id);
    await engine.docker.getContainer(`ebb-${before?.group}.sandbox`).kill();
    await driver.stop(again.id, 0);
    expect(await answer(await driver.start(again))).toBe("hello\n");
    expect(networkOf(again.id)?.group).not.toBe(before?.group);
    await end(driver, again.id, warm.id);
  });
}
