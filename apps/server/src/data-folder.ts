import { createHash } from "node:crypto";
import { chmod, mkdir, readFile, statfs } from "node:fs/promises";
import { join } from "node:path";
import { replaceFile, systemCode, systemRandom, UserError } from "@ebb/base";
import type { ServerConfig } from "./config.ts";
import { isAlive, startTime } from "./process-identity.ts";

/** Grows when an older Ebb could not read what a newer one wrote. */
const FORMAT = 1;
/** SQLite's logs, uploads and builds need room; below this Ebb refuses to start rather than stop half-way. */
const LEAST_FREE_BYTES = 256 * 1024 * 1024;

/** Where things are; nothing else spells these names. */
export function layout(dataDir: string) {
  return {
    format: join(dataDir, "format.json"),
    lock: join(dataDir, "run/supervisor.json"),
    config: join(dataDir, "run/config.json"),
    /** Of one more platform. */
    configOf: (name: string) => join(dataDir, `run/${name}.config.json`),
    server: join(dataDir, "run/server.json"),
    /** Who runs as `gateway`, `cluster`, `platform`. */
    processOf: (name: string) => join(dataDir, `run/${name}.json`),
    gatewaySocket: join(dataDir, "run/gateway.sock"),
    engineSocket: join(dataDir, "run/podman.sock"),
    credentials: join(dataDir, "credentials.json"),
    /** Written by the owner: where the console is reached, single sign-on. */
    signIn: join(dataDir, "sign-in.json"),
    kubeconfig: join(dataDir, "kubeconfig"),
    clusterStore: join(dataDir, "cluster/store.db"),
    clusterKeys: join(dataDir, "cluster/secrets.key"),
    decisions: join(dataDir, "cluster/decisions.jsonl"),
    /** The last requests of each app, a sample. */
    requests: join(dataDir, "cluster/requests"),
    /** Of `queue-proxy` containers, by instance: where config-observability asks for a log of all requests. */
    queueLogs: join(dataDir, "cluster/queue-logs"),
    platformDatabase: join(dataDir, "platform/platform.db"),
    /** Written when the platform's state is in PostgreSQL: where, without the password. */
    platformKeptIn: join(dataDir, "platform/kept-in.json"),
    platformData: join(dataDir, "platform"),
    routeTable: join(dataDir, "gateway/table.jsonl"),
    /** The certificate of our own making for the TLS port, and its key. */
    gatewayTls: join(dataDir, "gateway/tls"),
    bundles: join(dataDir, "bundles"),
    builds: join(dataDir, "builds"),
    instances: join(dataDir, "instances"),
    identities: join(dataDir, "identities"),
    /** Of containers; those in memory are elsewhere, under a name that only this data folder has. */
    volumes: {
      disk: join(dataDir, "volumes"),
      claims: join(dataDir, "claims"),
      memory: join("/dev/shm", `ebb-${createHash("sha256").update(dataDir).digest("hex").slice(0, 16)}`),
    },
    logs: join(dataDir, "logs"),
    accessLog: join(dataDir, "logs/access.log"),
    compileCache: join(dataDir, "cache/node"),
  };
}

export interface Credentials {
  /** For people and their tools: the platform's API. */
  token: string;
  /** For the Kubernetes API, in the kubeconfig. */
  clusterToken: string;
}

/**
 * Makes the data folder ready for this process alone: checks its format and the free space, takes the lock, makes credentials the first time.
 * Throws UserError: `data_folder_newer`, `data_folder_unusable`, `disk_full`, `already_running`.
 */
export async function openDataFolder(config: ServerConfig): Promise<{ credentials: Credentials; firstRun: boolean }> {
  const paths = layout(config.dataDir);
  try {
    // Instances of other users pass through the folder to their bundles, but cannot list it; what is private has a mode of its own.
    await mkdir(config.dataDir, { recursive: true });
    await chmod(config.dataDir, 0o711);
    for (const folder of ["run", "cluster", "platform", "gateway", "logs"])
      await mkdir(join(config.dataDir, folder), { recursive: true, mode: 0o700 });
    for (const folder of [paths.bundles, paths.instances, paths.builds]) await mkdir(folder, { recursive: true, mode: 0o711 });
  } catch (error) {
    throw new UserError("data_folder_unusable", `cannot write to the data folder ${config.dataDir}`, {
      hint: "Choose another with --data DIR or EBB_DATA, or give this user the right to write there.",
      cause: error,
    });
  }
  await checkSpace(config.dataDir);
  const firstRun = await checkFormat(paths.format);
  await takeLock(paths.lock, config.dataDir);
  return { credentials: await loadCredentials(paths.credentials), firstRun };
}

async function checkSpace(dataDir: string): Promise<void> {
  const { bavail, bsize } = await statfs(dataDir);
  const free = bavail * bsize;
  if (free >= LEAST_FREE_BYTES) return;
  throw new UserError("disk_full", `only ${Math.floor(free / 1024 / 1024)} MiB are free on the disk of ${dataDir}`, {
    hint: `Free at least ${LEAST_FREE_BYTES / 1024 / 1024} MiB, or move the data folder with --data DIR.`,
  });
}

/** Returns whether the folder is new. */
async function checkFormat(path: string): Promise<boolean> {
  const found = await readJson<{ format: number }>(path);
  if (!found) {
    await writeJson(path, { format: FORMAT }, 0o644);
    return true;
  }
  if (found.format <= FORMAT) return false;
  throw new UserError(
    "data_folder_newer",
    `the data folder was written by a newer Ebb (format ${found.format}; this one reads up to ${FORMAT})`,
    {
      hint: "Start it with that newer version, or use another folder with --data DIR. Nothing was changed.",
    },
  );
}

async function takeLock(path: string, dataDir: string): Promise<void> {
  const holder = await readJson<{ pid: number; startTime: string }>(path);
  if (holder && holder.pid !== process.pid && (await isAlive(holder))) {
    throw new UserError("already_running", `Ebb is already running with the data folder ${dataDir} (process ${holder.pid})`, {
      hint: "`ebb status` shows it, `ebb down` stops it; --data DIR starts another beside it.",
    });
  }
  await writeJson(path, { pid: process.pid, startTime: await startTime(process.pid) }, 0o600);
}

async function loadCredentials(path: string): Promise<Credentials> {
  const found = await readJson<Credentials>(path);
  if (found?.token && found.clusterToken) return found;
  const made = { token: `ebb_${systemRandom.token()}`, clusterToken: `ebbk_${systemRandom.token()}` };
  await writeJson(path, made, 0o600);
  return made;
}

/** Undefined when there is no such file; throws UserError `data_folder_unusable` when it cannot be read as JSON. */
export async function readJson<T>(path: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as T;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw new UserError("data_folder_unusable", `${path} cannot be read`, {
      hint: "Restore it from a backup, or remove it if it is empty.",
      cause: error,
    });
  }
}

/** Whole or not at all, and durable. */
export function writeJson(path: string, value: unknown, mode: number): Promise<void> {
  return replaceFile(path, `${JSON.stringify(value, null, 2)}\n`, mode);
}
