import type { Clock, Logger, Random } from "@ebb/base";
import type { Database } from "../database/database.ts";
import { Callers } from "./callers.ts";
import { pruneCodes } from "./codes.ts";
import { Devices } from "./devices.ts";
import { Sessions } from "./sessions.ts";
import type { SignInConfig } from "./sign-in-config.ts";
import { SingleSignOn } from "./single-sign-on.ts";
import { Tokens } from "./tokens.ts";
import { ensureOwner } from "./users.ts";

export interface IdentityOptions {
  database: Database;
  /** The machine owner's: it is in the data folder, for the CLI there. */
  ownerToken: string;
  clock: Clock;
  random: Random;
  log: Logger;
  signIn: SignInConfig;
}

/** Everything about who somebody is. */
export interface Identity {
  readonly database: Database;
  readonly sessions: Sessions;
  readonly tokens: Tokens;
  readonly devices: Devices;
  readonly callers: Callers;
  readonly singleSignOn: SingleSignOn | undefined;
  /** Whether people sign in with passwords too. */
  readonly passwords: boolean;
  /** Removes what has expired. */
  prune(): Promise<void>;
}

export async function createIdentity(options: IdentityOptions): Promise<Identity> {
  const { database, clock, ownerToken, signIn } = options;
  await ensureOwner(database, clock.now());
  const sessions = new Sessions(options);
  const tokens = new Tokens(options);
  return {
    database,
    sessions,
    tokens,
    devices: new Devices({ ...options, tokens }),
    singleSignOn: signIn.singleSignOn && new SingleSignOn({ ...options, config: signIn.singleSignOn }),
    passwords: signIn.passwords ?? true,
    callers: new Callers({ database, sessions, tokens, ownerToken }),
    prune: () => pruneCodes(database, clock.now()),
  };
}
