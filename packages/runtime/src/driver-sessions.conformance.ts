/* oxlint-disable max-lines-per-function -- a suite of tests, shared by the drivers' test files */
import { once } from "node:events";
import { connect, createServer, type AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { sleep, systemClock } from "@ebb/base";
import { eventually } from "@ebb/testkit";
import { expect } from "vitest";
import type { Driver, InstanceSpec } from "./port.ts";

interface Suite {
  check(title: string, run: () => Promise<void>): void;
  shell(script: string): InstanceSpec;
  /** One that listens on $PORT. */
  server(): InstanceSpec;
  driver(): Driver;
}

/** The part of the drivers' suite on commands that somebody runs in an instance. */
export function describeSessions({ check, shell, server, driver }: Suite): void {
  check("runs a command whose input and outputs are streams of their own, and tells how it ended", async () => {
    const instance = shell("while :; do sleep 0.1; done");
    await driver().start(instance);
    const script = 'cat; echo "$GREETING" >&2; exit 7';
    const session = await driver().openSession(instance.id, { command: ["sh", "-c", script], stdin: true, terminal: false });
    const read = Promise.all([text(session.stdout), text(session.stderr ?? Readable.from([]))]);
    // More than all buffers between hold, so that each side waits for the other.
    const sent = "0123456789".repeat(50_000);
    session.stdin?.write(sent);
    session.stdin?.end("end\n");
    expect(await read).toEqual([`${sent}end\n`, `${instance.env["GREETING"]}\n`]);
    expect(await session.ended).toBe(7);
    const signalled = await driver().openSession(instance.id, { command: ["sh", "-c", "kill -TERM $$"], stdin: false, terminal: false });
    signalled.stdout.resume();
    signalled.stderr?.resume();
    expect(await signalled.ended).toBe(128 + 15);
  });

  check("gives a terminal that has a size, takes control characters, and ends with the command's exit code", async () => {
    const instance = shell("while :; do sleep 0.1; done");
    await driver().start(instance);
    const session = await driver().openSession(instance.id, { command: ["sh"], stdin: true, terminal: true });
    let seen = "";
    session.stdout.on("data", (chunk: Buffer) => (seen += chunk.toString()));
    await session.resize({ columns: 97, rows: 31 });
    session.stdin?.write("stty size; test -t 0 && test -t 1 && echo ter''minal\n");
    await eventually(() => /31 97/.test(seen) && seen.includes("terminal"));
    session.stdin?.write("echo wai''ting; sleep 60\n");
    await eventually(() => seen.includes("waiting"));
    session.stdin?.write("\u0003");
    session.stdin?.write("exit 5\n");
    expect(await session.ended).toBe(5);
    await session.resize({ columns: 80, rows: 24 });
  });

  check("starts a command on a terminal of the size that is told behind it, or of none after a while", async () => {
    const instance = shell("while :; do sleep 0.1; done");
    await driver().start(instance);
    const open = (...command: string[]) => driver().openSession(instance.id, { command, stdin: true, terminal: true });
    const sized = await open("stty", "size");
    await sleep(systemClock, 50);
    await sized.resize({ columns: 100, rows: 40 });
    expect(await text(sized.stdout)).toBe("40 100\r\n");
    const unsized = await open("echo", "up");
    expect(await text(unsized.stdout)).toBe("up\r\n");
    expect(await unsized.ended).toBe(0);
    const never = await open("sleep", "31235");
    never.end();
    expect(await never.ended).toBeGreaterThan(0);
  });

  check("kills a command that is ended, with what it started; stopping the instance ends it too", async () => {
    const instance = shell("while :; do sleep 0.1; done");
    await driver().start(instance);
    const before = driver().usage(instance.id);
    expect(before).toBeDefined();
    const open = (terminal: boolean) =>
      driver().openSession(instance.id, { command: ["sh", "-c", "sleep 31234 & echo up; wait"], stdin: false, terminal });
    for (const terminal of [false, true]) {
      const session = await open(terminal);
      await once(session.stdout, "data");
      session.end();
      session.end();
      expect(await session.ended).toBeGreaterThan(0);
      const left = await driver().exec(instance.id, ["sh", "-c", "for p in /proc/[0-9]*; do tr '\\0' ' ' < $p/cmdline; echo; done"], 5);
      expect(left.output).not.toContain("sleep 31234");
    }
    const last = await open(false);
    last.stdout.resume();
    last.stderr?.resume();
    await driver().stop(instance.id, 0);
    expect(await last.ended).toBeGreaterThan(0);
  });

  check("reaches the port that it serves at by the number of its spec, and no port that is not its own", async () => {
    const instance = server();
    const { address } = await driver().start(instance);
    await eventually(() => connects(address));
    expect(await driver().reach(instance.id, instance.port)).toEqual(address);
    const mine = createServer().listen(0, "127.0.0.1");
    await once(mine, "listening");
    const { port } = mine.address() as AddressInfo;
    const other = await driver()
      .reach(instance.id, port)
      .catch(() => undefined);
    expect(other && (await connects(other))).toBeFalsy();
    mine.close();
  });
}

function connects(address: { host: string; port: number }): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(address);
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}
