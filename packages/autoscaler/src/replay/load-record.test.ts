import { expect, test } from "vitest";
import { LoadRecord } from "./load-record.ts";

const second = (at: number, requests = 1, work = 0) => ({ second: at, requests, work });

test("seconds come back in order, from a time on; empty ones are not kept", () => {
  const record = new LoadRecord();
  for (const each of [second(1), second(2, 0), second(3, 2, 0.5), second(9)]) record.add(each);
  expect(record.since(0)).toEqual([second(1), second(3, 2, 0.5), second(9)]);
  expect(record.since(3)).toEqual([second(3, 2, 0.5), second(9)]);
});

test("a second that comes twice is added up", () => {
  const record = new LoadRecord();
  for (const each of [second(5, 1, 0.25), second(5, 2, 0.5), second(4, 1)]) record.add(each);
  expect(record.since(0)).toEqual([second(5, 4, 0.75)]);
});

test("it grows to its bound, and then the oldest make room", () => {
  const record = new LoadRecord(150);
  for (let at = 1; at <= 1000; at++) record.add(second(at, at));
  expect(record.since(0)).toEqual(Array.from({ length: 150 }, (_, index) => second(851 + index, 851 + index)));
});
