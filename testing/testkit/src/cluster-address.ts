import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/**
 * Where instances find the cluster, and, one above, each other: of this process's own, as another Ebb on this machine may have the usual ones.
 * `free` takes them from the loopback device, where Ebb leaves them for its next start.
 */
export function ownClusterAddress(): { address: string; free(): Promise<void> } {
  const network = `169.254.${32 + (Math.floor(process.pid / 120) % 200)}`;
  const first = 2 * (1 + (process.pid % 120));
  return {
    address: `${network}.${first}`,
    async free() {
      // Without the right to add them, they are not there.
      for (const last of [first, first + 1])
        await run("ip", ["address", "del", `${network}.${last}/32`, "dev", "lo"]).catch(() => undefined);
    },
  };
}
