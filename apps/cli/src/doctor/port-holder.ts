import { readdir, readFile, readlink } from "node:fs/promises";

/** proc(5): the state of a listening socket in /proc/net/tcp. */
const LISTEN = "0A";

/** `nginx (process 123)`: who listens on a TCP port; undefined without /proc, or when it is another user's process. */
export async function portHolder(port: number): Promise<string | undefined> {
  const sockets = await listeners(port);
  if (sockets.size === 0) return undefined;
  const processes = (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name));
  for (const id of processes) {
    for (const descriptor of await readdir(`/proc/${id}/fd`).catch(() => [])) {
      const target = await readlink(`/proc/${id}/fd/${descriptor}`).catch(() => "");
      if (!sockets.has(target)) continue;
      const name = (await readFile(`/proc/${id}/comm`, "utf8").catch(() => "a program")).trim();
      return `${name} (process ${id})`;
    }
  }
  return undefined;
}

/** The links in /proc/PID/fd of all sockets that listen on the port, IPv4 and IPv6. */
async function listeners(port: number): Promise<Set<string>> {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const found = new Set<string>();
  for (const table of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    const rows = (await readFile(table, "utf8").catch(() => "")).split("\n").slice(1);
    for (const row of rows) {
      const [, local, , state, , , , , , inode] = row.trim().split(/\s+/);
      if (local?.endsWith(suffix) && state === LISTEN && inode !== undefined) found.add(`socket:[${inode}]`);
    }
  }
  return found;
}
