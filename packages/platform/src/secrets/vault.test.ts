import { tempDir, VirtualClock } from "@ebb/testkit";
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { Database } from "../database/database.ts";
import { describeDatabases } from "../testing/databases.ts";
import type { MasterKeySource } from "./master-keys.ts";
import { Vault } from "./vault.ts";

const clock = new VirtualClock(0);
const key = (byte: number) => Buffer.alloc(32, byte).toString("base64");
const given = (text: string): MasterKeySource => ({ kind: "given", from: "EBB_MASTER_KEY", text });
const vaultOf = (db: Database, source: MasterKeySource) => Vault.open({ db, clock, source });

async function file(): Promise<string> {
  const { path, remove } = await tempDir();
  onTestFinished(remove);
  return join(path, "master.key");
}

describeDatabases("secrets", (when, open) => {
  when("are read with their owner, their identity and the master key only", async () => {
    const { db } = await open();
    const vault = await vaultOf(db, given(key(1)));
    const { sealed } = await vault.seal("shop", ["secret", "prod", "web", "TOKEN"], "hush ✓");
    expect(sealed).not.toContain("hush");
    const again = await vaultOf(db, given(key(1)));
    expect(await again.open("shop", ["secret", "prod", "web", "TOKEN"], sealed)).toBe("hush ✓");
    // Copied to another row, another team, or changed by a bit.
    await expect(again.open("shop", ["secret", "prod", "web", "OTHER"], sealed)).rejects.toThrow();
    await again.seal("blog", ["x"], "x");
    await expect(again.open("blog", ["secret", "prod", "web", "TOKEN"], sealed)).rejects.toThrow();
    const bytes = Buffer.from(sealed, "base64url");
    bytes[15] = (bytes[15] ?? 0) ^ 1;
    await expect(again.open("shop", ["secret", "prod", "web", "TOKEN"], bytes.toString("base64url"))).rejects.toThrow();
    // Without the key the platform says so at once, and not when somebody deploys.
    await expect(vaultOf(db, given(key(2)))).rejects.toMatchObject({ code: "master_key_missing" });
    // Nothing in the database opens a value.
    const tables = JSON.stringify([await db.selectFrom("data_keys").selectAll().execute()]);
    expect(tables).not.toContain(Buffer.alloc(32, 1).toString("base64url"));
  });

  when("of one owner have equal prints when they are equal; of two owners they have not", async () => {
    const { db } = await open();
    const vault = await vaultOf(db, given(key(1)));
    const print = async (owner: string, value: string) => (await vault.seal(owner, ["x"], value)).print;
    expect(await print("a", "1")).toBe(await print("a", "1"));
    expect(new Set([await print("a", "1"), await print("a", "2"), await print("b", "1")]).size).toBe(3);
  });

  when("are what another platform on the database makes of them: a key that it changed, and one for a team that it made anew", async () => {
    const { db } = await open();
    const path = await file();
    const one = await vaultOf(db, { kind: "file", path });
    const two = await vaultOf(db, { kind: "file", path });
    const { sealed } = await one.seal("shop", ["x"], "hush");
    expect(await two.open("shop", ["x"], sealed)).toBe("hush");
    await one.rotate();
    // The first key is retired: what the other makes from now on must not hang on it.
    const { sealed: later } = await two.seal("blog", ["x"], "later");
    await two.rotate();
    expect(await one.open("shop", ["x"], sealed)).toBe("hush");
    await db.deleteFrom("data_keys").where("owner", "=", "shop").execute();
    const { sealed: anew } = await one.seal("shop", ["x"], "anew");
    expect(await two.open("shop", ["x"], anew)).toBe("anew");
    const fresh = await vaultOf(db, { kind: "file", path });
    expect([await fresh.open("shop", ["x"], anew), await fresh.open("blog", ["x"], later)]).toEqual(["anew", "later"]);
  });

  when("stay readable when the master key is changed, in Ebb's own file and in one that is given", async () => {
    const { db } = await open();
    const path = await file();
    const vault = await vaultOf(db, { kind: "file", path });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const { sealed } = await vault.seal("shop", ["x"], "hush");
    const old = await readFile(path, "utf8");
    const rotation = await vault.rotate();
    expect(rotation).toMatchObject({ rewrapped: 1, source: path });
    const fresh = await readFile(path, "utf8");
    expect(fresh.trim()).not.toContain(old.trim());
    expect(fresh.trim().split("\n")).toHaveLength(1);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await (await vaultOf(db, { kind: "file", path })).open("shop", ["x"], sealed)).toBe("hush");
    await expect(vaultOf(db, given(old))).rejects.toMatchObject({ code: "master_key_missing" });
    // The operator's way: new first, old behind it, then without it.
    const both = await vaultOf(db, given(`${key(9)}, ${fresh}`));
    expect(await both.open("shop", ["x"], sealed)).toBe("hush");
    expect(await both.rotate()).toMatchObject({ rewrapped: 1 });
    expect(await (await vaultOf(db, given(key(9)))).open("shop", ["x"], sealed)).toBe("hush");
    expect((await db.selectFrom("audit").select("action").execute()).map(({ action }) => action)).toEqual([
      "secrets.rotated",
      "secrets.rotated",
    ]);
  });

  when("stay readable when a change of the key was cut off between the file and the database", async () => {
    const { db } = await open();
    const path = await file();
    const { sealed } = await (await vaultOf(db, { kind: "file", path })).seal("shop", ["x"], "hush");
    await writeFile(path, `${key(5)}\n${await readFile(path, "utf8")}`);
    const vault = await vaultOf(db, { kind: "file", path });
    expect(await vault.open("shop", ["x"], sealed)).toBe("hush");
    expect(await vault.rotate()).toMatchObject({ rewrapped: 1 });
    expect((await readFile(path, "utf8")).trim().split("\n")).toHaveLength(1);
  });
});

test.each([[""], ["short"], [`${key(1)} c2hvcnQ=`]])("a master key %j is refused, and not repeated", async (text) => {
  const refused = Vault.open({ db: undefined as never, clock, source: given(text) });
  await expect(refused).rejects.toMatchObject({ code: "master_key_invalid", message: expect.not.stringContaining("c2hvcnQ") });
});
