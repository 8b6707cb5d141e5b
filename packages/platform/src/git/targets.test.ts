import { expect, test } from "vitest";
import { checkAllow, isAllowed, mayBePlain, mayReach } from "./targets.ts";

const OPEN = { publicServers: true, allow: [] };

test.each([
  ["140.82.121.4", true],
  ["2606:50c0:8000::153", true],
  ["127.0.0.1", false],
  ["10.1.2.3", false],
  ["172.20.0.1", false],
  ["192.168.1.1", false],
  ["100.64.0.1", false],
  ["169.254.169.254", false],
  ["0.0.0.0", false],
  ["224.0.0.1", false],
  ["::1", false],
  ["::", false],
  ["fd00::1", false],
  ["fe80::1", false],
  ["::ffff:127.0.0.1", false],
  ["::ffff:10.0.0.1", false],
  ["64:ff9b::a00:1", false],
  ["not an address", false],
])("without a word of an administrator a server at %s may be reached: %s", (address, may) => {
  expect(mayReach(OPEN, "git.example.com", address)).toBe(may);
});

test.each([
  ["git.corp.example", "git.corp.example", "10.0.0.1", true],
  ["git.corp.example", "other.corp.example", "10.0.0.1", false],
  ["*.corp.example", "git.corp.example", "10.0.0.1", true],
  ["*.corp.example", "corp.example", "10.0.0.1", false],
  ["*.corp.example", "evilcorp.example", "10.0.0.1", false],
  ["10.0.0.0/8", "whatever", "10.200.0.1", true],
  ["10.0.0.0/8", "whatever", "11.0.0.1", false],
  ["127.0.0.1", "127.0.0.1", "127.0.0.1", true],
  ["fd00::/8", "x", "fd12::1", true],
])("%s allows %s at %s: %s", (entry, host, address, allowed) => {
  expect(isAllowed(checkAllow([entry]), host, address)).toBe(allowed);
});

test("with public servers off only those that are named are reached; plain HTTP takes a name in any case", () => {
  const closed = { publicServers: false, allow: ["github.com"] };
  expect(mayReach(closed, "github.com", "140.82.121.4")).toBe(true);
  expect(mayReach(closed, "gitlab.com", "172.65.251.78")).toBe(false);
  expect([mayBePlain(["10.0.0.0/8"], "10.1.1.1"), mayBePlain(["git.x"], "git.x"), mayBePlain([], "git.x")]).toEqual([true, true, false]);
});

test.each(["", "a b", "http://x", "10.0.0.0/33", "*"])("%s cannot be allowed", (entry) => {
  expect(() => checkAllow([entry])).toThrow(expect.objectContaining({ code: "invalid_request" }));
});
