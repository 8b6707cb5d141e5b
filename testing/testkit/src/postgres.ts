import { execFile, spawn, type ChildProcess } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { chmod, chown, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import { eventually } from "./eventually.ts";
import { freePorts } from "./ports.ts";
import { tempDir } from "./temp-dir.ts";

const run = promisify(execFile);
const DEBIAN = "/usr/lib/postgresql";
const NOBODY = 65_534;
const ENV = { LC_ALL: "C.UTF-8" };

/** The folder of Debian's PostgreSQL programs; undefined when it is not installed. */
export function postgresPrograms(): string | undefined {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a)) : [];
  return versions.map((version) => join(DEBIAN, version, "bin")).find((folder) => existsSync(join(folder, "initdb")));
}

export interface Postgres {
  /** Of a new database, for its owner, whom the server trusts. */
  url(database: string): Promise<string>;
  /** One statement in the server's own database. */
  query(text: string): Promise<Record<string, unknown>[]>;
  port: number;
  /** Ends it as an operator does who cannot wait: connections are cut, what was not committed is gone. */
  halt(): Promise<void>;
  /** On the same folder and port. */
  start(): Promise<void>;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
}

/**
 * A PostgreSQL server of the test's own in a temporary folder, on a free port of the loopback. It trusts everybody but the user `guarded`, who has
 * to bring a password.
 */
export async function startPostgres(programs: string): Promise<Postgres> {
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
  await run(join(programs, "initdb"), ["-D", data, "-U", "ebb", "--auth=trust", "--no-sync"], { ...identity, env: ENV });
  await writeFile(
    join(data, "pg_hba.conf"),
    "host all guarded 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 trust\nlocal all all trust\n",
  );
  const [port = 0] = await freePorts(1);
  const base = `postgres://ebb@127.0.0.1:${port}`;
  const query = async (text: string) => {
    const client = new pg.Client({ connectionString: `${base}/postgres` });
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(text)).rows;
    } finally {
      await client.end();
    }
  };
  let server: { child: ChildProcess; exited: Promise<void> } | undefined;
  const start = async () => {
    const options = ["-D", data, "-p", String(port), "-k", path, "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"];
    const child = spawn(join(programs, "postgres"), options, { ...identity, env: ENV, stdio: "ignore" });
    server = { child, exited: new Promise((resolve) => child.once("exit", () => resolve())) };
    await eventually(async () => (await query("select 1")).length === 1, 20_000, 100);
  };
  const halt = async () => {
    // "Fast": sessions are ended, and the files are left in order.
    server?.child.kill("SIGINT");
    await server?.exited;
  };
  await start();
  return {
    port,
    query,
    start,
    halt,
    async url(database) {
      await query(`create database "${database}"`);
      return `${base}/${database}`;
    },
    async stop() {
      await halt();
      await remove();
    },
  };
}
