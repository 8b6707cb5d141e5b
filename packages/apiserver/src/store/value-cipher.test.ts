import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { silentLogger } from "@ebb/base";
import type { KubeObject } from "@ebb/kube";
import { tempDir, VirtualClock } from "@ebb/testkit";
import { expect, onTestFinished, test } from "vitest";
import { SqliteStore } from "./sqlite-store.ts";
import { ValueCipher } from "./value-cipher.ts";

const PASSWORD = "correct horse battery staple";
const [ONE, TWO] = [randomBytes(32), randomBytes(32)];
const place = { resource: "secrets", namespace: "n", name: "s" };
const secret = (value: string) =>
  ({ apiVersion: "v1", kind: "Secret", metadata: { name: "s", namespace: "n" }, data: { value } }) as KubeObject;

async function files() {
  const folder = await tempDir();
  onTestFinished(() => folder.remove());
  const path = join(folder.path, "store.db");
  const open = (...keys: Buffer[]) => {
    const [first, ...others] = keys;
    const cipher = first ? { cipher: new ValueCipher([first, ...others]) } : {};
    const store = new SqliteStore({ path, clock: new VirtualClock(), log: silentLogger, ...cipher });
    onTestFinished(() => store.close());
    return store;
  };
  /** What is in the file and its journal. */
  const bytes = async () => Buffer.concat(await Promise.all([readFile(path), readFile(`${path}-wal`).catch(() => Buffer.alloc(0))]));
  return { path, open, bytes };
}
const valueIn = (store: SqliteStore) => (store.get(place) as { data?: { value?: string } } | undefined)?.data?.value;

test("a Secret is not in the file, and is there for whoever has the key, history included", async () => {
  const { open, bytes } = await files();
  const store = open(ONE);
  await store.write(place, () => secret("before"));
  await store.write(place, () => secret(PASSWORD));
  await store.write({ ...place, resource: "configmaps" }, () => secret("a ConfigMap is no secret"));
  expect((await bytes()).includes(PASSWORD)).toBe(false);
  expect((await bytes()).includes("a ConfigMap is no secret")).toBe(true);
  store.close();
  const again = open(ONE);
  expect(valueIn(again)).toBe(PASSWORD);
  expect(again.since(1)[0]?.previous).toMatchObject({ data: { value: "before" } });
});

test("what was stored in plain text is sealed at the next start, and nothing of it is left", async () => {
  const { open, bytes } = await files();
  const plain = open();
  await plain.write(place, () => secret(PASSWORD));
  plain.close();
  expect((await bytes()).includes(PASSWORD)).toBe(true);
  const sealed = open(ONE);
  expect(valueIn(sealed)).toBe(PASSWORD);
  expect((await bytes()).includes(PASSWORD)).toBe(false);
  await sealed.write(place, () => secret("later"));
  sealed.close();
  expect(valueIn(open(ONE))).toBe("later");
});

test("a newer key takes over at the next start; then the older one is not needed any more", async () => {
  const { open } = await files();
  const store = open(ONE);
  await store.write(place, () => secret(PASSWORD));
  store.close();
  expect(() => open(TWO)).toThrow("encrypted with a key that is not there");
  expect(() => open()).toThrow("encrypted with a key that is not there");
  const both = open(TWO, ONE);
  expect(valueIn(both)).toBe(PASSWORD);
  both.close();
  expect(valueIn(open(TWO))).toBe(PASSWORD);
});

test("a value that was moved to another place, or changed, does not open", async () => {
  const { path, open } = await files();
  const store = open(ONE);
  await store.write(place, () => secret(PASSWORD));
  store.close();
  const change = (sql: string) => {
    const database = new DatabaseSync(path);
    database.exec(sql);
    database.close();
  };
  change("UPDATE revisions SET name = 'other'");
  expect(() => open(ONE)).toThrow("secrets n/other was changed or is damaged");
  change("UPDATE revisions SET name = 's', value = substr(value, 1, length(value) - 8) || 'AAAAAAA='");
  expect(() => open(ONE)).toThrow("was changed or is damaged");
});
