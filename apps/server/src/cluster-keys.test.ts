import { randomBytes } from "node:crypto";
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { tempDir } from "@ebb/testkit";
import { expect, onTestFinished, test } from "vitest";
import { takeClusterKeys } from "./cluster-keys.ts";

async function place(): Promise<string> {
  const folder = await tempDir();
  onTestFinished(() => folder.remove());
  return join(folder.path, "cluster/secrets.key");
}
const key = () => randomBytes(32);
const text = (...keys: Buffer[]) => keys.map((each) => each.toString("base64")).join(",");

test("without one, a key is made that only we can read, and found again", async () => {
  const path = await place();
  const made = await takeClusterKeys({}, path);
  expect(made.map(({ length }) => length)).toEqual([32]);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await takeClusterKeys({}, path)).toEqual(made);
});

test("what an operator gives counts, in its order, and is taken out of the environment", async () => {
  const path = await place();
  const [newer, older] = [key(), key()];
  const env = { EBB_CLUSTER_KEY: text(newer, older) };
  expect(await takeClusterKeys(env, path)).toEqual([newer, older]);
  expect(env).toEqual({});
  await takeClusterKeys({}, path);
  await writeFile(path, `${text(newer)}\n`);
  expect(await takeClusterKeys({ EBB_CLUSTER_KEY_FILE: path }, "/nowhere")).toEqual([newer]);
});

test.each([
  ["no base64 of 32 bytes", "short", "cluster_key_invalid"],
  ["one of several that is none", `${key().toString("base64")},x`, "cluster_key_invalid"],
])("%s is refused without a word of it", async (_, given, code) => {
  const refused = takeClusterKeys({ EBB_CLUSTER_KEY: given }, await place());
  await expect(refused).rejects.toMatchObject({ code });
  await expect(refused).rejects.not.toThrow(given);
});

test("a file that is named and not there is refused, and none is made", async () => {
  const path = await place();
  await expect(takeClusterKeys({ EBB_CLUSTER_KEY_FILE: path }, path)).rejects.toMatchObject({ code: "cluster_key_unreadable" });
  await expect(readFile(path)).rejects.toThrow("ENOENT");
});
