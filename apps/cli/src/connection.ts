import { createClient, type Client } from "@ebb/api/client";
import { dataFolder, runningServer, savedToken } from "./data-folder.ts";
import { EXIT } from "./exit-codes.ts";
import { Failure, usageError } from "./failure.ts";
import type { Host } from "./host.ts";
import { serverProcess } from "./server/process.ts";

export interface ConnectionOptions {
  readonly server: string | undefined;
  readonly data: string | undefined;
}

export type Connection = Client & { readonly baseUrl: string };

/**
 * A client of the platform that is meant: --server, else EBB_SERVER, with EBB_TOKEN; else the one that runs on this machine with this
 * data folder. The token in the data folder is sent nowhere else than to the address that stands beside it.
 */
export async function connect(host: Host, options: ConnectionOptions): Promise<Connection> {
  const remote = options.server ?? host.env["EBB_SERVER"];
  if (remote) return open(baseUrl(remote), host.env["EBB_TOKEN"]);
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
      hint: "Start it with `ebb up`, or name another platform with --server URL (or EBB_SERVER) and EBB_TOKEN.",
    });
  }
  return open(baseUrl(server.platform), host.env["EBB_TOKEN"] ?? (await savedToken(folder)));
}

function open(address: string, token: string | undefined): Connection {
  return { ...createClient({ baseUrl: address, token }), baseUrl: address };
}

/** The console's address with a code that signs in once, within ten minutes. */
export async function signInLink(client: Client, address: string): Promise<string> {
  const { code } = await client.createSessionCode();
  return `${address}/?code=${code}`;
}

function baseUrl(text: string): string {
  const url = URL.parse(text.includes("://") ? text : `http://${text}`);
  if (!url || !["http:", "https:"].includes(url.protocol)) {
    throw usageError(`not the address of a platform: ${text}`, "Write it as http://HOST:PORT.");
  }
  return url.href.replace(/\/+$/, "").replace(/\/api\/v1$/, "");
}
