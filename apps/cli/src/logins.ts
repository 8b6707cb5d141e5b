import { mkdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { replaceFile, systemCode } from "@ebb/base";
import { Failure } from "./failure.ts";
import type { Host } from "./host.ts";

/** The platforms that this person has signed in to; readable by them alone. */
export interface Logins {
  /** Where commands go that name no platform; absent: this machine's. */
  readonly current?: string;
  /** Tokens by the platform's address: one is sent nowhere else. */
  readonly tokens: Readonly<Record<string, string>>;
}

function loginsFile(host: Host): string {
  return join(host.env["XDG_CONFIG_HOME"] || join(host.home, ".config"), "ebb/logins.json");
}

export async function readLogins(host: Host): Promise<Logins> {
  const path = loginsFile(host);
  try {
    const { current, tokens } = JSON.parse(await readFile(path, "utf8")) as Partial<Logins>;
    return { ...(current === undefined ? {} : { current }), tokens: tokens ?? {} };
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(systemCode(error) ?? "")) return { tokens: {} };
    throw new Failure(`cannot read ${path}`, { hint: "Remove it and sign in again: ebb login URL.", cause: error });
  }
}

/** Whole or not at all, with the right mode from the first byte on. */
export async function writeLogins(host: Host, logins: Logins): Promise<void> {
  const path = loginsFile(host);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await replaceFile(path, `${JSON.stringify(logins, null, 2)}\n`, 0o600);
}
