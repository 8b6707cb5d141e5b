import { once } from "node:events";
import { PassThrough, type Readable } from "node:stream";
import { text } from "node:stream/consumers";
import type { Socket } from "node:net";
import { VirtualClock } from "@ebb/testkit";
import { expect, test } from "vitest";
import type { Session } from "../port.ts";
import { Attendance } from "./attendance.ts";

const MINUTE = 60_000;

function command({ terminal = false } = {}) {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const { promise: ended, resolve: end } = Promise.withResolvers<number>();
  const session: Session = {
    stdin,
    stdout,
    ...(terminal ? {} : { stderr }),
    resize: () => Promise.resolve(),
    ended,
    end: () => end(137),
  };
  return { session, stdin, stdout, stderr, exit: () => (stdout.end(), stderr.end(), end(0)) };
}

test("a command counts while something goes through it, within ten minutes, and for an hour; not once it has ended, nor elsewhere", async () => {
  const clock = new VirtualClock();
  const attendance = new Attendance(clock);
  const { session, stdin, stdout, exit } = command();
  const opened = attendance.session("team/app", session, () => undefined);
  opened.stdout.resume();
  expect([attendance.has("team/app"), attendance.has("team/other")]).toEqual([true, false]);
  await clock.advance(9 * MINUTE);
  stdout.write("a line");
  await once(opened.stdout, "data");
  await clock.advance(9 * MINUTE);
  expect(attendance.has("team/app")).toBe(true);
  opened.stdin?.write("input");
  expect((await once(stdin, "data")).toString()).toBe("input");
  await clock.advance(9 * MINUTE);
  expect(attendance.has("team/app")).toBe(true);
  await clock.advance(2 * MINUTE);
  expect(attendance.has("team/app")).toBe(false);
  for (let at = 29; at < 60; at += 5) {
    stdout.write(".");
    await once(opened.stdout, "data");
    expect(attendance.has("team/app")).toBe(true);
    await clock.advance(5 * MINUTE);
  }
  stdout.write(".");
  await once(opened.stdout, "data");
  expect(attendance.has("team/app")).toBe(false);
  const other = command();
  attendance.session("team/app", other.session, () => undefined);
  expect(attendance.has("team/app")).toBe(true);
  exit();
  other.exit();
  await other.session.ended;
  expect(attendance.has("team/app")).toBe(false);
});

test("a connection counts by its bytes, until it is closed", async () => {
  const clock = new VirtualClock();
  const attendance = new Attendance(clock);
  const socket = Object.assign(new PassThrough(), { bytesRead: 0, bytesWritten: 0 });
  attendance.connection("team/app", socket as unknown as Socket);
  await clock.advance(9 * MINUTE);
  socket.bytesRead = 10;
  expect(attendance.has("team/app")).toBe(true);
  await clock.advance(9 * MINUTE);
  expect(attendance.has("team/app")).toBe(true);
  await clock.advance(2 * MINUTE);
  expect(attendance.has("team/app")).toBe(false);
  socket.bytesWritten = 1;
  expect(attendance.has("team/app")).toBe(true);
  socket.destroy();
  await once(socket, "close");
  expect(attendance.has("team/app")).toBe(false);
});

test.each([
  [true, "out\r\nebb: it sleeps\r\n", undefined],
  [false, "out", "err\r\nebb: it sleeps\r\n"],
])("who is cut off reads why: with a terminal (%s) behind its output, else beside its errors", async (terminal, output, errors) => {
  const { session, stdout, stderr, exit } = command({ terminal });
  let why: string | undefined;
  const opened = new Attendance(new VirtualClock()).session("team/app", session, () => why);
  stdout.write("out");
  stderr.write("err");
  why = "ebb: it sleeps";
  exit();
  const read = (stream: Readable | undefined) => stream && text(stream);
  expect(await Promise.all([read(opened.stdout), read(opened.stderr)])).toEqual([output, errors]);
});
