import type { LogRecord } from "@ebb/api";
import { describe, expect, test } from "vitest";
import { ResumePoint } from "./resume-point.ts";

const record = (time: string, text: string): LogRecord => ({ time, text, version: "v1", instance: "i-1", stream: "stdout" });
const shown = (point: ResumePoint, records: LogRecord[]) => records.flatMap((each) => point.take(each)?.text ?? []);

describe("a log stream that breaks", () => {
  test("goes on from the last time and shows each line once", () => {
    const point = new ResumePoint();
    expect(point.reconnect()).toBeUndefined();
    expect(shown(point, [record("t1", "a"), record("t2", "b"), record("t2", "b"), record("t2", "c")])).toEqual(["a", "b", "b", "c"]);
    expect(point.reconnect()).toBe("t2");
    // All of t2 comes again, with one more line of that time and a third "b".
    const again = ["b", "b", "c", "d", "b"].map((text) => record("t2", text));
    expect(shown(point, [...again, record("t3", "b")])).toEqual(["d", "b", "b"]);
  });

  test("twice leaves out what came in either connection", () => {
    const point = new ResumePoint();
    shown(point, [record("t1", "a")]);
    point.reconnect();
    expect(shown(point, [record("t1", "a"), record("t1", "b")])).toEqual(["b"]);
    expect(point.reconnect()).toBe("t1");
    expect(shown(point, [record("t1", "a"), record("t1", "b"), record("t1", "c")])).toEqual(["c"]);
  });

  test("of several instances, one behind the other, goes on from the latest time", () => {
    const point = new ResumePoint();
    expect(shown(point, [record("t5", "a"), record("t1", "old"), record("t5", "a")])).toEqual(["a", "old", "a"]);
    expect(point.reconnect()).toBe("t5");
    expect(shown(point, [record("t5", "a"), record("t5", "a"), record("t6", "b")])).toEqual(["b"]);
  });

  test("numbers lines without repeats, as list rows are known by them", () => {
    const point = new ResumePoint();
    const ids = [record("t1", "a"), record("t1", "a"), record("t2", "a")].map((each) => point.take(each)?.id);
    expect(ids).toEqual([0, 1, 2]);
  });
});
