import { existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BugError, UserError } from "@ebb/base";
import { tempDir } from "@ebb/testkit";
import { afterAll, describe, expect, test } from "vitest";
import type { MountSpec, VolumeSpec } from "../port.ts";
import { InstanceVolumes } from "./instance-volumes.ts";

const folder = await tempDir("ebb-volumes-");
afterAll(() => folder.remove());
const places = { disk: join(folder.path, "disk"), memory: join(folder.path, "memory"), claims: join(folder.path, "claims") };
let count = 0;
const open = () => new InstanceVolumes(places, `instance-${count++}`);
const CACHE: VolumeSpec = { name: "cache", kind: "empty" };
const CONFIG: VolumeSpec = { name: "config", kind: "files" };
const file = (text: string) => ({ content: Buffer.from(text), mode: 0o644 });

describe("the volumes of an instance", () => {
  test("parts of an empty volume are mounted below the whole wherever that is, so that all see the same", () => {
    const whole: MountSpec = { volume: "cache", path: "/w" };
    const outer: MountSpec = { volume: "cache", path: "/o", subPath: "a", readOnly: true };
    const inner: MountSpec = { volume: "cache", path: "/i", subPath: "a/b" };
    const all = [whole, outer, inner];
    const volumes = open();
    volumes.prepare([CACHE], all, undefined);
    const sourceOf = (mount: MountSpec, target: string) =>
      volumes.mounts([CACHE], [mount], all).find((found) => found.target === target)?.source;
    expect(volumes.mounts([CACHE], [whole], all).map(({ target }) => target)).toEqual(["/w", "/w/a", "/w/a/b"]);
    expect(volumes.mounts([CACHE], [outer], all).map(({ target, readOnly }) => [target, readOnly])).toEqual([
      ["/o", true],
      ["/o/b", true],
    ]);
    expect(sourceOf(whole, "/w/a")).toBe(sourceOf(outer, "/o"));
    expect(sourceOf(whole, "/w/a/b")).toBe(sourceOf(inner, "/i"));
    expect(sourceOf(outer, "/o/b")).toBe(sourceOf(inner, "/i"));
    for (const { source } of volumes.mounts([CACHE], all, all)) expect(existsSync(source)).toBe(true);
  });

  test("a link that a program puts where a part is mounted leads nowhere", () => {
    const all: MountSpec[] = [
      { volume: "cache", path: "/w" },
      { volume: "cache", path: "/p", subPath: "p" },
    ];
    const volumes = open();
    volumes.prepare([CACHE], all, undefined);
    const [whole] = volumes.mounts([CACHE], all, all);
    rmSync(join(whole?.source ?? "", "p"), { recursive: true });
    symlinkSync(folder.path, join(whole?.source ?? "", "p"));
    volumes.prepare([CACHE], all, undefined);
    for (const { source } of volumes.mounts([CACHE], all, all)) expect(source.startsWith(places.disk)).toBe(true);
    expect(existsSync(join(folder.path, "b"))).toBe(false);
  });

  test.each(["../x", "/etc", "a/../../x", ".."])("a part by the path %j is refused", (subPath) => {
    const prepare = () => open().prepare([CACHE], [{ volume: "cache", path: "/p", subPath }], undefined);
    expect(prepare).toThrow(UserError);
  });

  test("a claim is one folder for all instances, which goes with none of them, and has no parts", async () => {
    const claim: VolumeSpec = { name: "data", kind: "claim", claim: "pvc-1", group: 4321 };
    const mount: MountSpec = { volume: "data", path: "/d" };
    const [one, other] = [open(), open()];
    for (const volumes of [one, other]) volumes.prepare([claim], [mount], undefined);
    const source = join(places.claims, "pvc-1");
    expect(one.mounts([claim], [mount], [mount])).toEqual([{ source, target: "/d", readOnly: false }]);
    writeFileSync(join(source, "kept"), "x");
    await one.remove();
    other.prepare([claim], [mount], undefined);
    expect(readFileSync(join(source, "kept"), "utf8")).toBe("x");
    const { mode, gid } = statSync(source);
    expect(mode & 0o7777).toBe(0o2777);
    if (process.getuid?.() === 0) expect(gid).toBe(4321);
    expect(() => open().prepare([claim], [{ ...mount, subPath: "a" }], undefined)).toThrow(UserError);
    expect(() => open().prepare([{ ...claim, claim: "../etc" }], [mount], undefined)).toThrow(BugError);
  });

  test("files that are for a group are given to it", () => {
    const volumes = open();
    const mounts: MountSpec[] = [
      { volume: "config", path: "/c" },
      { volume: "config", path: "/k", subPath: "k" },
    ];
    const config = { ...CONFIG, group: 4321 };
    volumes.prepare([config], mounts, { config: { k: { content: Buffer.from("1"), mode: 0o440 } } });
    for (const { source } of volumes.mounts([config], mounts, mounts)) {
      const { gid, mode } = statSync(source.endsWith("config") ? join(source, "k") : source);
      expect([mode & 0o777, process.getuid?.() === 0 ? gid : 4321]).toEqual([0o440, 4321]);
    }
  });

  test("what is renewed is seen in the whole; a part stays as it was until the next start", () => {
    const all: MountSpec[] = [
      { volume: "config", path: "/c" },
      { volume: "config", path: "/k", subPath: "k" },
    ];
    const volumes = open();
    volumes.prepare([CONFIG], all, { config: { k: file("1") } });
    const [whole = "", part = ""] = volumes.mounts([CONFIG], all, all).map(({ source }) => source);
    volumes.renew([CONFIG], { config: { k: file("2") }, other: { k: file("x") } });
    expect([readFileSync(join(whole, "k"), "utf8"), readFileSync(part, "utf8")]).toEqual(["2", "1"]);
    volumes.prepare([CONFIG], all, { config: { k: file("2") } });
    expect(readFileSync(part, "utf8")).toBe("2");
  });

  test("an empty volume keeps what is in it over starts, is measured with its parts, and is cleared as a whole", async () => {
    const all: MountSpec[] = [
      { volume: "cache", path: "/w" },
      { volume: "cache", path: "/p", subPath: "p" },
    ];
    const limited = { ...CACHE, sizeBytes: 50_000 };
    const volumes = open();
    volumes.prepare([limited], all, undefined);
    const [whole = "", , part = ""] = volumes.mounts([limited], all, all).map(({ source }) => source);
    writeFileSync(join(whole, "a"), Buffer.alloc(40_000));
    mkdirSync(join(part, "deep"));
    expect(await volumes.overfull([limited], all)).toBeUndefined();
    writeFileSync(join(part, "deep/b"), Buffer.alloc(20_000));
    expect(await volumes.overfull([limited], all)).toBe('Usage of EmptyDir volume "cache" exceeds the limit "50000".');
    volumes.prepare([limited], all, undefined);
    expect(existsSync(join(whole, "a"))).toBe(true);
    await volumes.clear();
    volumes.prepare([limited], all, undefined);
    expect([existsSync(join(whole, "a")), existsSync(part)]).toEqual([false, true]);
    await volumes.remove();
    expect(existsSync(whole)).toBe(false);
  });

  test("memory is memory, or refused", () => {
    const prepare = () => open().prepare([{ ...CACHE, memory: true }], [{ volume: "cache", path: "/m" }], undefined);
    expect(prepare).toThrow(/not in memory/);
  });
});
