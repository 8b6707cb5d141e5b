import { execFile, spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { chmod, chown, mkdir } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { eventually, tempDir } from "@ebb/testkit";
import pg from "pg";

const run = promisify(execFile);
const DEBIAN = "/usr/lib/postgresql";
const NOBODY = 65_534;

/** The folder of Debian's PostgreSQL programs; undefined when it is not installed. */
export function postgresPrograms(): string | undefined {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a)) : [];
  return versions.map((version) => join(DEBIAN, version, "bin")).find((folder) => existsSync(join(folder, "initdb")));
}

/** A PostgreSQL server of the test's own in a temporary folder, on a free port of the loopback. */
export async function startPostgres(programs: string): Promise<{ url: (database: string) => Promise<string>; stop: () => Promise<void> }> {
  const { path, remove } = await tempDir("ebb-pg-");
  const data = join(path, "data");
  // It refuses to run as root.
  const identity = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  await mkdir(data, { mode: 0o700 });
  if (identity.uid !== undefined) {
    await chown(data, identity.uid, identity.gid);
    await chown(path, identity.uid, identity.gid);
  }
  await chmod(path, 0o700);
  await run(join(programs, "initdb"), ["-D", data, "-U", "ebb", "--auth=trust", "--no-sync"], { ...identity, env: { LC_ALL: "C.UTF-8" } });
  const port = await freePort();
  const options = ["-D", data, "-p", String(port), "-k", path, "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"];
  const server = spawn(join(programs, "postgres"), options, { ...identity, env: { LC_ALL: "C.UTF-8" }, stdio: "ignore" });
  const exited = new Promise((resolve) => server.once("exit", resolve));
  const base = `postgres://ebb@127.0.0.1:${port}`;
  const query = async (text: string) => {
    const client = new pg.Client({ connectionString: `${base}/postgres` });
    await client.connect();
    try {
      await client.query(text);
    } finally {
      await client.end();
    }
    return true;
  };
  await eventually(() => query("select 1"), 20_000, 100);
  return {
    async url(database) {
      await query(`create database "${database}"`);
      return `${base}/${database}`;
    },
    async stop() {
      server.kill("SIGINT");
      await exited;
      await remove();
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
