/* oxlint-disable max-lines-per-function, no-restricted-globals -- a suite of tests, shared by the drivers' test files: real time and real processes */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { appendFileSync } from "node:fs";
import { connect } from "node:net";
import { eventually } from "@ebb/testkit";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { systemRandom, UserError } from "@ebb/base";
import { describeFrozen } from "./driver-frozen.conformance.ts";
import { describeSessions } from "./driver-sessions.conformance.ts";
import type { Driver, InstanceExit, InstanceSpec, LogLine, LogOptions } from "./port.ts";

/** What a driver's test file gives to the suite that all drivers pass. */
export interface Subject {
  name: Driver["name"];
  /** A new driver over the same state: a restart of Ebb. */
  open(): Driver | Promise<Driver>;
  /** The body of a module that ends in a `driver` made as `open` does, run by a child Node.js process that is then killed. */
  openInChild: string;
  artifact: InstanceSpec["artifact"];
  /** Listens on $PORT and answers any connection. */
  server: string[];
  maxLogBytes: number;
  /** Why cases do not apply, by their name. */
  skipped: Record<string, string>;
  close?(): Promise<void>;
}

const PROBE: InstanceSpec["readiness"] = {
  tcp: {},
  initialDelaySeconds: 0,
  periodSeconds: 0,
  timeoutSeconds: 1,
  successThreshold: 1,
  failureThreshold: 3,
};

export function describeDriver(name: string, prepare: () => Promise<Subject>, caseTimeout = 30_000): void {
  describe(name, { timeout: caseTimeout }, () => {
    let subject: Subject;
    let driver: Driver;
    let exits: InstanceExit[] = [];
    const ids = new Set<string>();

    beforeAll(async () => {
      subject = await prepare();
    }, 120_000);
    afterAll(async () => subject?.close?.());
    beforeEach(async () => reopen());
    afterEach(async () => {
      for (const id of ids) {
        await driver.stop(id, 0);
        await driver.forget(id);
      }
      ids.clear();
      expect(await driver.list()).toEqual([]);
      await driver.close();
    });

    /** The driver as after a restart of Ebb; the one before must have been closed. */
    async function reopen(): Promise<void> {
      driver = await subject.open();
      exits = [];
      driver.onExit((exit) => exits.push(exit));
    }

    function spec(command: string[], changes: Partial<InstanceSpec> = {}): InstanceSpec {
      const id = `conformance-${systemRandom.suffix(8)}`;
      ids.add(id);
      return {
        id,
        workload: "default/conformance",
        labels: { app: "conformance" },
        artifact: subject.artifact,
        command,
        env: { GREETING: "hällo wörld $HOME 'quoted' \"x\"" },
        port: 8080,
        protocol: "http1",
        resources: { memoryBytes: 256 * 1024 * 1024, cpuMillis: 1000 },
        readiness: PROBE,
        terminationGraceSeconds: 5,
        ...changes,
      };
    }
    const shell = (script: string, changes?: Partial<InstanceSpec>) => spec(["sh", "-c", script], changes);

    function check(title: string, run: () => Promise<void>): void {
      it(title, async (context) => {
        const reason = subject.skipped[title];
        if (reason !== undefined) context.skip(reason);
        await run();
      });
    }

    async function read(id: string, options: LogOptions = {}): Promise<LogLine[]> {
      const lines: LogLine[] = [];
      for await (const line of driver.logs(id, options)) lines.push(line);
      return lines;
    }
    const texts = async (id: string) => (await read(id)).map((line) => line.text);
    const exitOf = (id: string) => eventually(() => exits.find((exit) => exit.id === id));

    check("starts a program that can be reached at its address, and lists it", async () => {
      const server = spec(subject.server);
      const running = await driver.start(server);
      expect(running.spec).toEqual(server);
      await eventually(() => connects(running.address));
      expect((await driver.list()).map((instance) => instance.spec)).toEqual([server]);
      expect(await driver.diagnose(server.id)).toBeUndefined();
    });

    check("gives the environment of the spec and PORT, and nothing of Ebb's own", async () => {
      process.env["EBB_TEST_SECRET"] = "of-the-parent";
      onTestFinished(() => void delete process.env["EBB_TEST_SECRET"]);
      const instance = shell('echo "greeting=$GREETING"; echo "port=$PORT"; echo "secret=$EBB_TEST_SECRET"; echo "home=${HOME:+set}"');
      const { address } = await driver.start(instance);
      await exitOf(instance.id);
      const port = subject.name === "process" ? address.port : instance.port;
      expect(await texts(instance.id)).toEqual([`greeting=${instance.env["GREETING"]}`, `port=${port}`, "secret=", "home=set"]);
    });

    check("has the files of an identity there before the program starts, and replaces them in one step", async () => {
      const folder = "${EBB_SERVICE_ACCOUNT:-/var/run/secrets/kubernetes.io/serviceaccount}";
      const instance = shell(`cat ${folder}/token; echo; while :; do sleep 1; done`, {
        identity: { namespace: "default", account: "default" },
      });
      const show = async () => (await driver.exec(instance.id, ["sh", "-c", `cat ${folder}/token; ls ${folder}`], 5)).output.split("\n");
      await driver.start(instance, { identity: { token: "first", namespace: "default" } });
      await eventually(async () => (await texts(instance.id)).includes("first"));
      await driver.renewFiles(instance.id, { identity: { token: "second", namespace: "default" } });
      expect((await show())[0]).toMatch(/^second/);
      await driver.close();
      await reopen();
      await driver.list();
      await driver.renewFiles(instance.id, { identity: { token: "third", namespace: "default" } });
      expect((await show())[0]).toMatch(/^third/);
      expect((await show()).filter((name) => name.includes("new"))).toEqual([]);
    });

    check("tells once how a program ended, and keeps its output until it is forgotten", async () => {
      const good = shell("echo out; echo err >&2");
      const bad = shell("printf unfinished; exit 3");
      // A shell below, because the first process of a container cannot be killed from inside.
      const killed = shell("sh -c 'kill -9 $$'; exit $?");
      for (const instance of [good, bad, killed]) await driver.start(instance);
      expect(await exitOf(good.id)).toMatchObject({ exitCode: 0, reason: "Completed" });
      expect(await exitOf(bad.id)).toMatchObject({ exitCode: 3, reason: "Error" });
      expect(await exitOf(killed.id)).toMatchObject({ reason: "Error" });
      const lines = await read(good.id);
      expect(lines.map(({ stream, text }) => `${stream} ${text}`).sort()).toEqual(["stderr err", "stdout out"]);
      expect(await texts(bad.id)).toEqual(["unfinished"]);
      expect((await driver.ended()).map(({ spec }) => spec.id).sort()).toEqual([good.id, bad.id, killed.id].sort());
      await driver.forget(good.id);
      expect(() => driver.logs(good.id, {})[Symbol.asyncIterator]()).toThrow(UserError);
      expect(exits).toHaveLength(3);
    });

    check("refuses what can never start, and leaves nothing behind", async () => {
      const missing = spec(["/no/such/program"]);
      await expect(driver.start(missing)).rejects.toThrow(UserError);
      ids.delete(missing.id);
      expect(await driver.list()).toEqual([]);
      expect(await driver.ended()).toEqual([]);
      expect(exits).toEqual([]);
    });

    check("appends args to the entry point and lets command replace it", async () => {
      const instance = spec(["sh", "-c", 'echo "$0 $1"'], { args: ["zero", "one two"] });
      await driver.start(instance);
      await exitOf(instance.id);
      expect(await texts(instance.id)).toEqual(["zero one two"]);
    });

    check("starts an ended instance again under its id, with its log", async () => {
      const instance = shell("echo run; exit 1");
      for (const runs of [1, 2]) {
        await driver.start(instance);
        await eventually(() => exits.length === runs);
      }
      expect(await texts(instance.id)).toEqual(["run", "run"]);
    });

    check("stops with SIGTERM to the whole instance, and does not call it an exit", async () => {
      // A container engine signals the first process only, and ends the others with it.
      const child = subject.name === "process" ? `(trap 'echo child got it; exit' TERM; while :; do sleep 0.05; done) &` : "sleep 60 &";
      const own = subject.name === "process" ? "wait; " : "";
      const instance = shell(`${child} trap '${own}echo main got it; exit 0' TERM; echo ready; wait; wait`);
      await driver.start(instance);
      await eventually(async () => (await texts(instance.id)).includes("ready"));
      await driver.stop(instance.id, 10);
      const lines = await texts(instance.id);
      expect(lines).toContain("main got it");
      if (subject.name === "process") expect(lines).toContain("child got it");
      expect(await driver.list()).toEqual([]);
      expect(exits).toEqual([]);
      await driver.stop(instance.id, 10);
      await driver.stop("never-started", 10);
    });

    check("kills what ignores SIGTERM when the grace is over, with everything it started", async () => {
      const instance = shell(
        `trap '' TERM; (trap '' TERM; while :; do sleep 0.1; echo child; done) & echo ready; while :; do sleep 0.1; done`,
      );
      const { pid } = await driver.start(instance);
      await eventually(async () => (await texts(instance.id)).includes("ready"));
      const began = performance.now();
      await driver.stop(instance.id, 1);
      expect(performance.now() - began).toBeGreaterThan(900);
      expect(pid === undefined || !exists(pid)).toBe(true);
      const { length } = await read(instance.id);
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(await read(instance.id)).toHaveLength(length);
    });

    check("leaves nothing of an instance running when its main process ends", async () => {
      const instance = shell(`(while :; do echo orphan; sleep 0.05; done) & sleep 0.2; exit 0`);
      await driver.start(instance);
      await exitOf(instance.id);
      const { length } = await read(instance.id);
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(await read(instance.id)).toHaveLength(length);
    });

    check("follows the output until the end, or until told to stop", async () => {
      const instance = shell("i=0; while [ $i -lt 20 ]; do echo line $i; i=$((i+1)); sleep 0.02; done");
      await driver.start(instance);
      const seen = (await read(instance.id, { follow: true })).map((line) => line.text);
      expect(seen).toEqual(Array.from({ length: 20 }, (_, at) => `line ${at}`));
      const endless = shell("while :; do echo x; sleep 0.05; done");
      await driver.start(endless);
      const stop = new AbortController();
      for await (const line of driver.logs(endless.id, { follow: true, signal: stop.signal })) {
        expect(line.text).toBe("x");
        stop.abort();
      }
    });

    check("gives the last lines, and those since a time", async () => {
      const instance = shell("for i in 1 2 3 4 5; do echo $i; done; sleep 0.3; echo 6");
      await driver.start(instance);
      await exitOf(instance.id);
      const all = await read(instance.id);
      expect(all.map((line) => line.text)).toEqual(["1", "2", "3", "4", "5", "6"]);
      expect((await read(instance.id, { tail: 2 })).map((line) => line.text)).toEqual(["5", "6"]);
      expect(await read(instance.id, { tail: 0 })).toEqual([]);
      const last = all.at(-1)?.time ?? 0;
      expect((await read(instance.id, { since: last })).map((line) => line.text)).toEqual(["6"]);
    });

    check("splits endless lines and replaces what is not UTF-8", async () => {
      const instance = shell(`head -c 150000 /dev/zero | tr '\\0' a; echo; printf 'b\\377c\\n'`);
      await driver.start(instance);
      await exitOf(instance.id);
      const lines = await texts(instance.id);
      expect(lines.every((line) => line.length <= 64 * 1024)).toBe(true);
      expect(lines.slice(0, -1).join("")).toBe("a".repeat(150_000));
      expect(lines.at(-1)).toBe("b\uFFFDc");
    });

    check("keeps a bounded part of what a chatty instance prints, and stays responsive", async () => {
      const instance = shell("yes abcdefghijklmnopqrstuvwxyz0123456789");
      await driver.start(instance);
      let longest = 0;
      for (let rounds = 0; rounds < 40; rounds++) {
        const began = performance.now();
        await new Promise((resolve) => setTimeout(resolve, 25));
        longest = Math.max(longest, performance.now() - began);
      }
      expect(longest).toBeLessThan(1000);
      await driver.stop(instance.id, 0);
      const kept = (await read(instance.id)).reduce((sum, line) => sum + line.text.length + 1, 0);
      expect(kept).toBeGreaterThan(0);
      expect(kept).toBeLessThan(1.1 * subject.maxLogBytes);
    });

    check("bounds how many processes an instance can have", async () => {
      const instance = shell("i=0; while [ $i -lt 1500 ]; do sleep 60 & i=$((i+1)); done; echo no bound");
      await driver.start(instance);
      await eventually(async () => exits.length > 0 || (await read(instance.id)).length > 0, 25_000);
      await driver.stop(instance.id, 0);
      expect(await texts(instance.id)).not.toContain("no bound");
    });

    check("says that an instance was killed for want of memory", async () => {
      // tail keeps the last line, which never ends.
      const instance = spec(["tail", "/dev/zero"], { resources: { memoryBytes: 32 * 1024 * 1024 } });
      await driver.start(instance);
      expect(await exitOf(instance.id)).toMatchObject({ reason: "OOMKilled" });
    });

    check("runs a command inside an instance", async () => {
      const instance = shell("while :; do sleep 0.1; done");
      await driver.start(instance);
      expect(await driver.exec(instance.id, ["sh", "-c", 'echo "$GREETING"; exit 4'], 5)).toEqual({
        exitCode: 4,
        output: `${instance.env["GREETING"]}\n`,
      });
      expect(await driver.exec(instance.id, ["sleep", "30"], 1)).toMatchObject({ exitCode: 124 });
    });

    describeSessions({ check, shell, server: () => spec(subject.server), driver: () => driver });

    describeFrozen({ check, shell, driver: () => driver, reopen });

    check("prepares an instance, starts its program on demand, and undoes one that is not wanted", async () => {
      const [instance, other] = [spec(subject.server), spec(subject.server)];
      const made = await driver.initialise?.(instance);
      await driver.initialise?.(other);
      expect(await connects(made?.address ?? { host: "127.0.0.1", port: 1 })).toBe(false);
      expect(driver.usage(instance.id)?.memoryBytes).toBeGreaterThan(0);
      expect(await driver.list()).toMatchObject([{ prepared: true }, { prepared: true }]);
      await driver.stop(other.id, 5);
      const gate = driver.gateFile?.(instance.id);
      if (gate !== undefined) {
        // Whoever has a request for it lets it go so; the driver hears of it afterwards.
        appendFileSync(gate, "go\n");
        await eventually(() => connects(made?.address ?? { host: "127.0.0.1", port: 1 }));
      }
      const running = await driver.start(instance);
      expect(running.address).toEqual(made?.address);
      expect(driver.gateFile?.(instance.id)).toBeUndefined();
      await eventually(() => connects(running.address));
      await driver.close();
      await reopen();
      expect((await driver.list()).map((each) => [each.spec.id, each.prepared])).toEqual([[instance.id, undefined]]);
    });

    check("after a restart of Ebb, a prepared instance is still prepared, or nothing is left of it", async () => {
      const instance = spec(subject.server);
      await driver.initialise?.(instance);
      await driver.close();
      await reopen();
      const [listed, ...rest] = await driver.list();
      expect([listed?.prepared ?? true, rest, await driver.ended()]).toEqual([true, [], []]);
      await driver.start(instance);
    });

    check("leaves nothing of an instance that can never be prepared", async () => {
      const instance = spec(["/no/such/program"]);
      await expect(driver.initialise?.(instance)).rejects.toBeInstanceOf(UserError);
      expect(await driver.list()).toEqual([]);
    });

    check("tells what an instance uses while it runs", async () => {
      const instance = shell("while :; do :; done");
      await driver.start(instance);
      await eventually(() => (driver.usage(instance.id)?.cpuMs ?? 0) >= 100);
      expect(driver.usage(instance.id)?.memoryBytes).toBeGreaterThan(0);
      await driver.stop(instance.id, 0);
      expect(driver.usage(instance.id)).toBeUndefined();
    });

    check("says when an instance listens on another port", async () => {
      const instance = spec(subject.server.map((word) => word.replaceAll("$PORT", "18099")));
      await driver.start(instance);
      await eventually(async () => /listens on 18099.*PORT/.test((await driver.diagnose(instance.id)) ?? ""));
    });

    check("lets go of instances that go on, and adopts them", async () => {
      const instance = shell("i=0; while :; do echo $i; i=$((i+1)); sleep 0.05; done");
      const { sandboxMs, ...running } = await driver.start(instance);
      expect(sandboxMs).toBeGreaterThanOrEqual(0);
      await eventually(async () => (await read(instance.id)).length > 2);
      await driver.close();
      await reopen();
      // To half a second: an engine has its own idea of when it was.
      expect(await driver.list()).toEqual([{ ...running, startedAt: expect.closeTo(running.startedAt, -3) }]);
      const { length } = await read(instance.id);
      await eventually(async () => (await read(instance.id)).length > length + 2);
      const lines = await texts(instance.id);
      const numbers = lines.map(Number);
      // What was read from its pipe and not written yet when Ebb was killed is lost: one place at most, and nothing comes twice.
      const gaps = numbers.map((number, at) => number - (numbers[at - 1] ?? -1) - 1);
      expect(Math.min(...gaps)).toBe(0);
      expect(gaps.filter((gap) => gap > 0).length).toBeLessThanOrEqual(1);
      expect(Math.max(...gaps)).toBeLessThan(20);
      await driver.stop(instance.id, 0);
      expect(exits).toEqual([]);
    });

    check("keeps what ended or was stopped before a restart, with its log", async () => {
      const ended = shell("echo bye; exit 2");
      const stopped = shell("echo hi; while :; do sleep 0.05; done");
      await driver.start(ended);
      await driver.start(stopped);
      await exitOf(ended.id);
      await eventually(async () => (await read(stopped.id)).length > 0);
      await driver.stop(stopped.id, 1);
      await driver.close();
      await reopen();
      expect(await driver.list()).toEqual([]);
      expect((await driver.ended()).map(({ spec }) => spec.id).sort()).toEqual([ended.id, stopped.id].sort());
      expect([await texts(ended.id), await texts(stopped.id)]).toEqual([["bye"], ["hi"]]);
    });

    check("does not tell again, after a restart, of what had ended before", async () => {
      const ended = shell("exit 2");
      await driver.start(ended);
      await exitOf(ended.id);
      await driver.close();
      await reopen();
      await driver.list();
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(exits).toEqual([]);
    });

    check(
      "keeps instances over a kill -9 of Ebb, tells of those that ended meanwhile, and goes on with the output of the others",
      async () => {
        const lasting = shell("i=0; while :; do echo $i; i=$((i+1)); sleep 0.01; done");
        const ending = shell("echo first; while :; do sleep 1; done");
        await driver.close();
        const { child, pids } = await startInChild(subject, [lasting, ending]);
        child.kill("SIGKILL");
        await once(child, "exit");
        const { [ending.id]: pid = Number.NaN } = pids;
        process.kill(pid, "SIGKILL");
        await eventually(() => !exists(pid));
        await reopen();
        expect((await driver.list()).map(({ spec }) => spec)).toEqual([lasting]);
        await exitOf(ending.id);
        expect(exits.map(({ id }) => id)).toEqual([ending.id]);
        expect(await texts(ending.id)).toContain("first");
        await eventually(async () => (await read(lasting.id)).length > 200);
        const lines = await texts(lasting.id);
        expect(lines).toEqual(lines.map((_, at) => String(at)));
        // Adopted ones are watched too.
        process.kill(pids[lasting.id] ?? Number.NaN, "SIGKILL");
        await exitOf(lasting.id);
        expect(await driver.list()).toEqual([]);
      },
    );

    check("is killed at random moments of starting without leaving a half state", async () => {
      await driver.close();
      for (let round = 0; round < 4; round++) {
        const specs = Array.from({ length: 5 }, () => shell("while :; do sleep 1; done"));
        const child = spawnChild(subject, specs);
        await once(child.stdout ?? child, "data");
        await new Promise((resolve) => setTimeout(resolve, round * 12));
        child.kill("SIGKILL");
        await once(child, "exit");
      }
      await reopen();
      const listed = await driver.list();
      for (const instance of listed) expect(instance.pid === undefined || exists(instance.pid)).toBe(true);
      for (const { spec } of listed) await driver.stop(spec.id, 0);
      for (const id of ids) await driver.stop(id, 0);
      await eventually(() => driver.list().then((left) => left.length === 0));
      for (const { spec } of await driver.ended()) await driver.forget(spec.id);
      ids.clear();
    });
  });
}

/** Starts the instances in a process that can be killed. With `heard`, it tells their pids only when it has read a line of each. */
function spawnChild(subject: Subject, specs: InstanceSpec[], heard = false): ChildProcess {
  const program = `${subject.openInChild}
    console.log("open");
    const specs = JSON.parse(process.argv[1]);
    for (const spec of specs) await driver.start(spec);
    if (${heard}) for (const { id } of specs) for await (const line of driver.logs(id, { follow: true })) break;
    console.log(JSON.stringify(Object.fromEntries((await driver.list()).map(({ spec, pid }) => [spec.id, pid]))));
    setInterval(() => {}, 1000);`;
  return spawn(process.execPath, ["--input-type=module-typescript", "-e", program, JSON.stringify(specs)], {
    stdio: ["ignore", "pipe", "inherit"],
    cwd: import.meta.dirname,
  });
}

async function startInChild(subject: Subject, specs: InstanceSpec[]): Promise<{ child: ChildProcess; pids: Record<string, number> }> {
  const child = spawnChild(subject, specs, true);
  let output = "";
  child.stdout?.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const [told] = await eventually(() => /^\{.*\}$/m.exec(output) ?? undefined, 20_000);
  return { child, pids: JSON.parse(told) };
}

function connects(address: { host: string; port: number }): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(address);
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
