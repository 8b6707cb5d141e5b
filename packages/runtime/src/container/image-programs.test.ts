import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type Docker from "dockerode";
import { silentLogger } from "@ebb/base";
import { tempDir } from "@ebb/testkit";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ImagePrograms } from "./image-programs.ts";

const elf = (bits: 32 | 64) => Buffer.from(`\x7fELF${bits === 32 ? "\x01" : "\x02"}\x01\x01`, "latin1");
let root: Awaited<ReturnType<typeof tempDir>>;
beforeEach(async () => void (root = await tempDir()));
afterEach(() => root.remove());

function file(path: string, content: Buffer | string, mode = 0o755): void {
  const whole = join(root.path, path);
  mkdirSync(join(whole, ".."), { recursive: true });
  writeFileSync(whole, content);
  chmodSync(whole, mode);
}

async function isNative(image: object | undefined): Promise<[boolean, number]> {
  let asked = 0;
  const programs = new ImagePrograms(() => Promise.resolve((asked++, image as Docker.ImageInspectInfo | undefined)), silentLogger);
  expect(programs.isNative("a@sha256:1")).toBe(false);
  await Promise.all([programs.look("a@sha256:1"), programs.look("a@sha256:1")]);
  return [programs.isNative("a@sha256:1"), asked];
}
const layers = () => ({
  GraphDriver: { Data: { UpperDir: join(root.path, "top"), LowerDir: `${join(root.path, "mid")}:${join(root.path, "low")}` } },
});

test.each<[string, () => void, boolean]>([
  ["programs of 64 bits, scripts and data", () => file("top/bin/sh", elf(64)), true],
  ["one of 32 bits in its lowest layer", () => file("low/usr/lib/old/tool", elf(32)), false],
  ["a library of 32 bits, which nobody can execute", () => file("top/lib/old.so", elf(32), 0o644), true],
  ["a link that leads out of it", () => symlinkSync("/", join(root.path, "top/out")), true],
])("an image with %s", async (_, make, expected) => {
  for (const [path, content] of [
    ["top/run", "#!/bin/sh"],
    ["mid/empty", ""],
    ["low/bin/app", elf(64)],
  ] as const)
    file(path, content);
  make();
  expect(await isNative(layers())).toEqual([expected, 1]);
});

test("one that is not there yet is looked at once it is", async () => {
  file("top/bin/sh", elf(64));
  for (const layer of ["mid", "low"]) mkdirSync(join(root.path, layer));
  let image: object | undefined;
  const programs = new ImagePrograms(() => Promise.resolve(image as Docker.ImageInspectInfo | undefined), silentLogger);
  await programs.look("a@sha256:1");
  image = layers();
  await programs.look("a@sha256:1");
  expect(programs.isNative("a@sha256:1")).toBe(true);
});

test("of one that is not there, is elsewhere or is kept otherwise nothing is known", async () => {
  for (const image of [undefined, {}, { GraphDriver: { Data: {} } }, layers()]) expect((await isNative(image))[0]).toBe(false);
});
