import { expect, test } from "vitest";
import { accessLines, accessText, limitText, parseAccess, parseLimit, secondsText } from "./policy-syntax.ts";

test.each([
  ["203.0.113.7", { address: "203.0.113.7" }],
  ["2001:db8::/32", { address: "2001:db8::/32" }],
  ["header.x-key", { header: "x-key" }],
  ["header.x-key=a=b", { header: "x-key", match: { exact: "a=b" } }],
  ["header.user-agent^=bot/", { header: "user-agent", match: { prefix: "bot/" } }],
  ["header.user-agent~=bot|crawler", { header: "user-agent", match: { regex: "bot|crawler" } }],
])("access %s is read, and written as it was", (text, entry) => {
  expect(parseAccess(text)).toEqual(entry);
  expect(accessText(parseAccess(text))).toBe(text);
});

test("a header's name is put in lower case", () => {
  expect(parseAccess("header.X-Key=V")).toEqual({ header: "x-key", match: { exact: "V" } });
});

test.each(["evil.example", "header.", "cookie.x=1", ""])("access %j is refused", (text) => {
  expect(() => parseAccess(text)).toThrow(/neither an address nor a header/);
});

test.each([
  ["100/1m", { requests: 100, perSeconds: 60, by: "app" }],
  ["10/1s:client", { requests: 10, perSeconds: 1, by: "client" }],
  ["5/90s:header.x-key+20", { requests: 5, perSeconds: 90, by: { header: "x-key" }, burst: 20 }],
])("limit %s is read, and written as it was", (text, limit) => {
  expect(parseLimit(text)).toEqual(limit);
  expect(limitText(parseLimit(text))).toBe(text);
});

test.each(["100", "100/m", "x/1s", "1/500ms", "1/1s:ip", "1/1s:header."])("limit %j is refused", (text) => {
  expect(() => parseLimit(text)).toThrow();
});

test("times are written in the largest unit that they are whole in", () => {
  expect([1, 60, 90, 3600, 86_400, 90_000].map(secondsText)).toEqual(["1s", "1m", "90s", "1h", "1d", "25h"]);
});

test("entries of a list that are over say so, and do not count", () => {
  const at = (time: string) => Date.parse(`2026-01-01T${time}Z`);
  const entries = [{ address: "192.0.2.1", until: "2026-01-01T10:00:00Z", note: "scraper" }];
  const lines = (time: string) => accessLines("deny", entries, { none: "nobody", now: at(time) });
  expect(lines("09:59:59")).toEqual(["deny      192.0.2.1 until 2026-01-01T10:00:00Z (scraper)"]);
  expect(lines("10:00:00")).toEqual(["deny      nobody", "          192.0.2.1 over since 2026-01-01T10:00:00Z (scraper)"]);
  expect(accessLines("allow", [], { none: "everybody", now: 0 })).toEqual(["allow     everybody"]);
});
