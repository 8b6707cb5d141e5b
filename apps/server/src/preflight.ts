import { readdir, readFile, readlink } from "node:fs/promises";
import { createServer } from "node:net";
import { systemCode, UserError } from "@ebb/base";

/** Throws UserError `port_in_use` or `port_forbidden`, naming the option and, when it can be found, the process that holds the port. */
export async function requireFreePort(host: string, port: number, option: string): Promise<void> {
  const refusal = await tryListen(host, port);
  if (refusal === undefined) return;
  if (refusal === "EACCES") {
    throw new UserError("port_forbidden", `this user may not listen on port ${port}`, { hint: `Choose one above 1023: ${option} PORT.` });
  }
  if (refusal === "EADDRINUSE") {
    const holder = await portHolder(port);
    throw new UserError("port_in_use", `port ${port} is in use${holder ? ` by ${holder}` : ""}`, {
      hint: `Stop that program, or choose another port: ${option} ${port + 1000}.`,
    });
  }
  throw new UserError("port_unusable", `cannot listen on ${host}:${port} (${refusal})`, {
    hint: `Choose another address or port: ${option} PORT.`,
  });
}

function tryListen(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error) => resolve(systemCode(error) ?? error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}

/** `name (process 123)` of the process listening on a TCP port, from /proc; undefined when it is another user's or there is no /proc. */
export async function portHolder(port: number): Promise<string | undefined> {
  const LISTEN = "0A";
  const hexPort = port.toString(16).toUpperCase().padStart(4, "0");
  const inodes = new Set<string>();
  for (const table of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    const lines = (await readFile(table, "utf8").catch(() => "")).split("\n").slice(1);
    for (const line of lines) {
      const fields = line.trim().split(/\s+/);
      if (fields[1]?.endsWith(`:${hexPort}`) && fields[3] === LISTEN && fields[9]) inodes.add(`socket:[${fields[9]}]`);
    }
  }
  if (inodes.size === 0) return undefined;
  const pids = (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name));
  for (const pid of pids) {
    for (const fd of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
      const target = await readlink(`/proc/${pid}/fd/${fd}`).catch(() => "");
      if (inodes.has(target)) return `${(await readFile(`/proc/${pid}/comm`, "utf8").catch(() => "a program")).trim()} (process ${pid})`;
    }
  }
  return undefined;
}
