import { execFileSync } from "node:child_process";
import { chownSync, linkSync, mkdirSync, readdirSync, statSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tempDir } from "@ebb/testkit";
import { expect, onTestFinished, test } from "vitest";
import { copyCache } from "./compile-copy.ts";

const TAG = "v24.0.0-x64-0123abcd";
const UID = process.getuid?.() === 0 ? 200_123 : (process.getuid?.() ?? 0);
const needsRoot = test.skipIf(process.getuid?.() !== 0);

async function left(files: readonly string[]) {
  const folder = await tempDir("ebb-copy-");
  onTestFinished(() => folder.remove());
  const [from, to] = [join(folder.path, "from"), join(folder.path, "to")];
  const cache = join(from, `${TAG}-${UID}`);
  mkdirSync(cache, { recursive: true });
  mkdirSync(to);
  for (const name of files) {
    writeFileSync(join(cache, name), "code");
    chownSync(join(cache, name), UID, UID);
  }
  return { from, to, cache, secret: join(folder.path, "secret") };
}

test("plain files of the names that Node.js gives are copied, and are ours", async () => {
  const { from, to } = await left(["0123abcd", "89abcdef", "notes.txt", "..hidden"]);
  expect(await copyCache(from, to, UID)).toEqual({ tag: TAG, bytes: 8 });
  expect(readdirSync(join(to, TAG)).sort()).toEqual(["0123abcd", "89abcdef"]);
  const { uid, mode } = statSync(join(to, TAG, "0123abcd"));
  expect([uid, mode & 0o777]).toEqual([process.getuid?.(), 0o644]);
});

needsRoot("links to what only we may read, FIFOs and folders are left", async () => {
  const { from, to, cache, secret } = await left(["0123abcd"]);
  writeFileSync(secret, "secret", { mode: 0o600 });
  symlinkSync(secret, join(cache, "00000001"));
  linkSync(secret, join(cache, "00000002"));
  execFileSync("mkfifo", [join(cache, "00000003")]);
  mkdirSync(join(cache, "00000004"));
  expect(await copyCache(from, to, UID)).toEqual({ tag: TAG, bytes: 4 });
  expect(readdirSync(join(to, TAG))).toEqual(["0123abcd"]);
});

test("nothing is taken of a folder that is a link, of two, of another user's, or of more than a cache may have", async () => {
  const linked = await left([]);
  symlinkSync(linked.cache, join(linked.from, `v25.0.0-x64-0123abcd-${UID}`));
  expect(await copyCache(linked.from, linked.to, UID)).toBeUndefined();
  const others = await left(["0123abcd"]);
  expect(await copyCache(others.from, others.to, UID + 1)).toBeUndefined();
  const large = await left(["0123abcd"]);
  truncateSync(join(large.cache, "0123abcd"), 65 * 1024 * 1024);
  expect(await copyCache(large.from, large.to, UID)).toBeUndefined();
});
