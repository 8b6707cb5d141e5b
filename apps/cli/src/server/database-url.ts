import { resolve } from "node:path";
import type { Context } from "../context.ts";
import type { Host } from "../host.ts";

export const DATABASE_URL = {
  kind: "text",
  placeholder: "URL",
  summary: "Keep the platform's state in this PostgreSQL, not in the data folder",
} as const;

/** By the environment: what is in argv, everybody on this machine can read. The server runs in another folder, too. */
export function withDatabase({ host, progress }: Context, url: string | undefined): Host {
  const file = host.env["EBB_DATABASE_URL_FILE"];
  if (url !== undefined && /^[^/]*\/\/[^/@]*:[^/@]+@/.test(url))
    progress.warn("The password in --database-url can be read by everybody on this machine (ps); better give EBB_DATABASE_URL.");
  return {
    ...host,
    env: {
      ...host.env,
      ...(file ? { EBB_DATABASE_URL_FILE: resolve(host.cwd, file) } : {}),
      ...(url === undefined ? {} : { EBB_DATABASE_URL: url }),
    },
  };
}
