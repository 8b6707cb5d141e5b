import { KEY_BYTES, UserError, type Clock } from "@ebb/base";
import { randomBytes } from "node:crypto";
import { record } from "../audit/store.ts";
import type { Database } from "../database/database.ts";
import { open, printOf, seal } from "./envelope.ts";
import { addMasterKey, loadMasterKeys, masterKeyOf, retireMasterKeys, type MasterKeys, type MasterKeySource } from "./master-keys.ts";

/** A value as the database has it. */
export interface Sealed {
  sealed: string;
  /** Equal for equal values of one owner: tells whether a value is another, and nothing else. */
  print: string;
}

export interface Rotation {
  /** Of the key that wraps from now on. */
  masterKey: string;
  /** Where it is. */
  source: string;
  /** Data keys that were wrapped anew. */
  rewrapped: number;
}

/**
 * Envelope encryption: values are sealed with the data key of their owner (a team, or "" for the platform), data keys are in the database,
 * wrapped by a master key that is not. Changing the master key rewraps the data keys; no value is touched.
 */
export class Vault {
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #source: MasterKeySource;
  /** With what the database had: another platform may have given the owner a new one, or wrapped it anew. */
  readonly #keys = new Map<string, { wrapped: string; key: Buffer }>();
  #master: MasterKeys;

  private constructor(options: { db: Database; clock: Clock; source: MasterKeySource }, master: MasterKeys) {
    this.#db = options.db;
    this.#clock = options.clock;
    this.#source = options.source;
    this.#master = master;
  }

  /** Throws UserError `master_key_missing` when a data key was wrapped by a master key that is not given, and what `loadMasterKeys` throws. */
  static async open(options: { db: Database; clock: Clock; source: MasterKeySource }): Promise<Vault> {
    const master = await loadMasterKeys(options.source);
    const rows = await options.db.selectFrom("data_keys").select("master").distinct().execute();
    const missing = rows.find((row) => !master.some(({ id }) => id === row.master));
    if (missing) {
      throw new UserError(
        "master_key_missing",
        `The secrets in the database were encrypted under the master key ${missing.master}, which is not there`,
        {
          hint: `Put it back (${nameOf(options.source)}): without it no secret can be read. The given one is ${master[0].id}.`,
        },
      );
    }
    return new Vault(options, master);
  }

  /** Outside of any transaction: the owner's data key may have to be made. */
  async seal(owner: string, identity: readonly string[], value: string): Promise<Sealed> {
    const key = await this.#keyOf(owner);
    return { sealed: seal(key, [owner, ...identity], Buffer.from(value)), print: printOf(key, value) };
  }

  /** Throws when it was sealed for another owner or identity, or was changed. */
  async open(owner: string, identity: readonly string[], sealed: string): Promise<string> {
    return open(await this.#keyOf(owner), [owner, ...identity], sealed).toString();
  }

  /**
   * Wraps every data key by the newest master key: a new one where Ebb keeps it in a file of its own, else the first that is given. A crash in
   * between leaves both keys in the file, and everything readable.
   */
  async rotate(): Promise<Rotation> {
    await this.#reload();
    if (this.#source.kind === "file") this.#master = await addMasterKey(this.#source.path, this.#master);
    const rewrapped = await this.#rewrap();
    if (this.#source.kind === "file") this.#master = await retireMasterKeys(this.#source.path, this.#master);
    return { masterKey: this.#master[0].id, source: nameOf(this.#source), rewrapped };
  }

  async #rewrap(): Promise<number> {
    const [newest] = this.#master;
    return this.#db.transaction().execute(async (transaction) => {
      const rows = await transaction.selectFrom("data_keys").selectAll().where("master", "!=", newest.id).execute();
      for (const { owner, wrapped, master } of rows) {
        const key = open(masterKeyOf(this.#master, master).key, identityOf(owner), wrapped);
        await transaction
          .updateTable("data_keys")
          .set({ wrapped: seal(newest.key, identityOf(owner), key), master: newest.id })
          .where("owner", "=", owner)
          .execute();
      }
      const after = { masterKey: newest.id, rewrapped: rows.length };
      await record(transaction, this.#clock.now(), { action: "secrets.rotated", object: "platform", after });
      return rows.length;
    });
  }

  async #keyOf(owner: string): Promise<Buffer> {
    const row = (await this.#rowOf(owner)) ?? (await this.#make(owner));
    const known = this.#keys.get(owner);
    if (known?.wrapped === row.wrapped) return known.key;
    const key = open((await this.#masterOf(row.master)).key, identityOf(owner), row.wrapped);
    this.#keys.set(owner, { wrapped: row.wrapped, key });
    return key;
  }

  #rowOf(owner: string) {
    return this.#db.selectFrom("data_keys").selectAll().where("owner", "=", owner).executeTakeFirst();
  }

  async #masterOf(id: string) {
    if (!this.#master.some((key) => key.id === id)) await this.#reload();
    return masterKeyOf(this.#master, id);
  }

  /** Another platform on the database may have made a new master key since, and retired ours. */
  async #reload(): Promise<void> {
    if (this.#source.kind === "file") this.#master = await loadMasterKeys(this.#source);
  }

  /** Of several that make one at once, one does. */
  async #make(owner: string) {
    await this.#reload();
    const [newest] = this.#master;
    await this.#db
      .insertInto("data_keys")
      .values({
        owner,
        wrapped: seal(newest.key, identityOf(owner), randomBytes(KEY_BYTES)),
        master: newest.id,
        created_at: this.#clock.now(),
      })
      .onConflict((conflict) => conflict.column("owner").doNothing())
      .execute();
    return this.#db.selectFrom("data_keys").selectAll().where("owner", "=", owner).executeTakeFirstOrThrow();
  }
}

function identityOf(owner: string): readonly string[] {
  return ["data key", owner];
}

function nameOf(source: MasterKeySource): string {
  return source.kind === "file" ? source.path : source.from;
}
