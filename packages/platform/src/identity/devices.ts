import type { DeviceLogin } from "@ebb/api";
import type { Clock, Random } from "@ebb/base";
import { record } from "../audit/store.ts";
import type { Database } from "../database/database.ts";
import { refuse } from "../errors.ts";
import { putCode, takeCode } from "./codes.ts";
import { secretHash } from "./secrets.ts";
import type { Tokens } from "./tokens.ts";

const LIFETIME = 10 * 60_000;
const INTERVAL_SECONDS = 3;
/** From k8s' alphabet of 27: 2.8e11 codes, for ten minutes, tried by signed-in people only. */
const USER_CODE_LENGTH = 8;
const TOKEN_DAYS = 30;

export interface Asked {
  name: string;
  address: string;
  client: string;
}

interface UserCodeState extends Asked {
  device: string;
}

/** Lets a command line in that cannot receive a browser's redirect (RFC 8628): a signed-in person confirms the code that it shows. */
export class Devices {
  readonly #options: { database: Database; clock: Clock; random: Random; tokens: Tokens };

  constructor(options: { database: Database; clock: Clock; random: Random; tokens: Tokens }) {
    this.#options = options;
  }

  async start(asked: Asked): Promise<DeviceLogin> {
    const { database, clock, random } = this.#options;
    const deviceCode = random.token();
    const userCode = random.suffix(USER_CODE_LENGTH).toUpperCase();
    const expiresAt = clock.now() + LIFETIME;
    await database.transaction().execute(async (transaction) => {
      await putCode(transaction, deviceCode, { kind: "device", userId: "", state: { name: asked.name }, expiresAt });
      const state: UserCodeState = { ...asked, device: secretHash(deviceCode) };
      await putCode(transaction, userCode, { kind: "device-user", userId: "", state, expiresAt });
    });
    const shown = `${userCode.slice(0, 4)}-${userCode.slice(4)}`;
    const path = `/device?code=${shown}`;
    return { deviceCode, userCode: shown, path, intervalSeconds: INTERVAL_SECONDS, expiresAt: new Date(expiresAt).toISOString() };
  }

  /** What a person is about to let in. Throws `invalid_code`. */
  async asked(userCode: string): Promise<Asked> {
    const { database, clock } = this.#options;
    const row = await database
      .selectFrom("codes")
      .select("state_json")
      .where("hash", "=", secretHash(plain(userCode)))
      .where("kind", "=", "device-user")
      .where("expires_at", ">", clock.now())
      .executeTakeFirst();
    if (!row) throw unknownCode();
    const { name, address, client } = JSON.parse(row.state_json) as UserCodeState;
    return { name, address, client };
  }

  /** Lets it in as this user. Throws `invalid_code`. */
  async confirm(userCode: string, user: { id: string; name: string }): Promise<void> {
    const { database, clock } = this.#options;
    const now = clock.now();
    await database.transaction().execute(async (transaction) => {
      const found = await takeCode<UserCodeState>(transaction, plain(userCode), "device-user", now);
      if (!found) throw unknownCode();
      const { device, name, address } = found.state;
      await transaction.updateTable("codes").set({ user_id: user.id }).where("hash", "=", device).where("kind", "=", "device").execute();
      await record(transaction, now, { action: "device.confirmed", object: `user/${user.name}`, after: { name, address } });
    });
  }

  /** The token, once a person has confirmed; null before. Throws `invalid_code` when it is too late. */
  async poll(deviceCode: string): Promise<string | null> {
    const { database, clock, tokens } = this.#options;
    const now = clock.now();
    const row = await database
      .selectFrom("codes")
      .select("user_id")
      .where("hash", "=", secretHash(deviceCode))
      .where("kind", "=", "device")
      .where("expires_at", ">", now)
      .executeTakeFirst();
    if (!row) throw unknownCode();
    if (row.user_id === "") return null;
    const taken = await takeCode<{ name: string }>(database, deviceCode, "device", now);
    if (!taken) throw unknownCode();
    const name = `ebb login ${taken.state.name}`.trim().slice(0, 64);
    const token = { userId: taken.userId, name, kind: "personal", scope: "admin", team: null, days: TOKEN_DAYS } as const;
    return (await tokens.create(token)).secret;
  }
}

/** People type it with or without the dash, in either case. */
function plain(userCode: string): string {
  return userCode.replaceAll(/[^A-Za-z0-9]/g, "").toUpperCase();
}

function unknownCode() {
  return refuse("invalid_code", "This code was used already or is older than ten minutes", { hint: "Start again: ebb login URL." });
}
