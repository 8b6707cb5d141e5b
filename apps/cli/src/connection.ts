import { createClient, type Client } from "@ebb/api/client";
import { dataFolder, runningServer, savedToken } from "./data-folder.ts";
import { EXIT } from "./exit-codes.ts";
import { Failure, usageError } from "./failure.ts";
import type { Host } from "./host.ts";
import { readLogins, type Logins } from "./logins.ts";
import { serverProcess } from "./server/process.ts";

export interface ConnectionOptions {
  readonly server: string | undefined;
  readonly data: string | undefined;
}

export type Connection = Client & {
  readonly baseUrl: string;
  /** Headers that say who asks, for what is no call of the client. */
  readonly credentials: Readonly<Record<string, string>>;
};

/**
 * A client of the platform that is meant: --server, else EBB_SERVER; else, unless a data folder is named, the one of the last `ebb login`; else
 * the one that runs on this machine with this data folder. The token is EBB_TOKEN, or the one that is kept for that very address: neither a
 * login's nor the data folder's is sent anywhere else.
 */
export async function connect(host: Host, options: ConnectionOptions): Promise<Connection> {
  const named = options.server ?? host.env["EBB_SERVER"];
  const local = !named && Boolean(options.data ?? host.env["EBB_DATA"]);
  const logins: Logins = local ? { tokens: {} } : await readLogins(host);
  const remote = named || logins.current;
  if (remote) {
    const address = baseUrl(remote);
    return open(address, host.env["EBB_TOKEN"] ?? logins.tokens[address], overrides(host));
  }
  const folder = dataFolder(host, options.data);
  const server = await runningServer(folder);
  if (!server) {
    const pid = await serverProcess(folder);
    if (pid !== undefined) {
      throw new Failure(`Ebb is starting (process ${pid}) and does not answer yet`, {
        exit: EXIT.unreachable,
        hint: "Ask again in a few seconds; its logs are in the data folder.",
      });
    }
    throw new Failure(`Ebb is not running with the data folder ${folder}`, {
      exit: EXIT.unreachable,
      hint: "Start it with `ebb up`, or sign in to another platform with `ebb login URL`.",
    });
  }
  return open(baseUrl(server.platform), host.env["EBB_TOKEN"] ?? (await savedToken(folder)), overrides(host));
}

/** A client of a platform by its address. */
export function open(address: string, token: string | undefined, headers: Record<string, string> = {}): Connection {
  const credentials = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return { ...createClient({ baseUrl: address, token, headers }), baseUrl: address, credentials };
}

/** Why an administrator changes what is frozen; of one command, so it is no option of theirs all. */
function overrides(host: Host): Record<string, string> {
  const why = host.env["EBB_OVERRIDE_FREEZE"];
  return why ? { "ebb-override-freeze": encodeURIComponent(why) } : {};
}

/** The console's address with a code that signs in once, within ten minutes. */
export async function signInLink(client: Client, address: string): Promise<string> {
  const { code } = await client.createSessionCode();
  return `${address}/?code=${code}`;
}

export function baseUrl(text: string): string {
  const url = URL.parse(text.includes("://") ? text : `http://${text}`);
  if (!url || !["http:", "https:"].includes(url.protocol)) {
    throw usageError(`not the address of a platform: ${text}`, "Write it as http://HOST:PORT.");
  }
  return url.href.replace(/\/+$/, "").replace(/\/api\/v1$/, "");
}
