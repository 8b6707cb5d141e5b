import { execFileSync } from "node:child_process";
import { statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tempDir } from "@ebb/testkit";
import { expect, onTestFinished, test } from "vitest";
import { diskOf } from "./disk.ts";

test.skipIf(process.getuid?.() !== 0)("a disk is low, and full before its last block", async () => {
  const { path, remove } = await tempDir();
  onTestFinished(remove);
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=20m", "tmpfs", path]);
  onTestFinished(() => void execFileSync("umount", ["-l", path]));
  expect(await diskOf(path)).toEqual({ free: 20 * 1024 ** 2, total: 20 * 1024 ** 2, state: "low" });
  writeFileSync(join(path, "filling"), Buffer.alloc(8 * 1024 ** 2));
  const { bavail, bsize } = statfsSync(path);
  expect(await diskOf(path)).toMatchObject({ free: bavail * bsize, state: "full" });
});
