import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { readIfThere, replaceFile, sizeOf } from "./files.ts";

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "ebb-files-"));
  onTestFinished(() => rm(path, { recursive: true }));
  return path;
}

test("a file is replaced as a whole, gets the mode whatever it had, and nothing is left beside it", async () => {
  const path = join(await folder(), "a");
  await writeFile(path, "long before", { mode: 0o644 });
  await replaceFile(path, "after", 0o600);
  expect(await readFile(path, "utf8")).toBe("after");
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await readdir(join(path, ".."))).toEqual(["a"]);
});

test("what cannot be written is thrown", async () => {
  const path = join(await folder(), "nowhere", "a");
  await expect(replaceFile(path, "x", 0o600)).rejects.toThrow("ENOENT");
});

test("a file that is not there has no text and no bytes; another failure is thrown", async () => {
  const path = join(await folder(), "a");
  expect(await readIfThere(path)).toBeUndefined();
  expect(await sizeOf(path)).toBe(0);
  await writeFile(path, "ähm");
  expect(await readIfThere(path)).toBe("ähm");
  expect(await sizeOf(path)).toBe(4);
  await expect(readIfThere(join(path, "b"))).rejects.toThrow("ENOTDIR");
});
