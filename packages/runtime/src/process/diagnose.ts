import { explainListeners, readListeners } from "../listening.ts";
import { socketInodes } from "./proc.ts";

/** `::` takes IPv4 as well, unless the application switched that off, which nothing here can see. */
const REACHABLE = ["127.0.0.1", "0.0.0.0", "::"];

/** What processes listen on that were told to listen on `port`. */
export function diagnoseProcess(pids: readonly number[], port: number): string | undefined {
  const inodes = new Set<string>();
  for (const pid of pids) for (const inode of socketInodes(pid)) inodes.add(inode);
  const listeners = readListeners().filter((listener) => inodes.has(listener.inode));
  return explainListeners(listeners, {
    port,
    hosts: REACHABLE,
    advice: "listen on process.env.PORT (the environment variable PORT) or use $PORT in the command",
  });
}
