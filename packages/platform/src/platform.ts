import { Group, type Clock, type Logger, type Random, type Runnable, sleep } from "@ebb/base";
import type { Builder } from "@ebb/builder";
import { mkdir } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { pruneAudit } from "./audit/store.ts";
import { pruneRevisions } from "./revisions/store.ts";
import { ClusterRegistry } from "./clusters/registry.ts";
import { MAIN_CLUSTER } from "./environments/store.ts";
import { ClusterService } from "./service/clusters.ts";
import { KubeClusters } from "./cluster/kube-clusters.ts";
import { adoptAllSecrets } from "./configuration/adopt.ts";
import { createBus } from "./database/bus.ts";
import { openDatabase, type DatabaseOptions } from "./database/database.ts";
import { createDatabaseMonitor } from "./database/monitor.ts";
import type { Deps } from "./deploy/context.ts";
import type { Ingress } from "./cluster/port.ts";
import { createHandlers, createUndo } from "./deploy/handlers.ts";
import { IstioGuards } from "./deploy/istio-guards.ts";
import { prune, usedUploads } from "./deploy/prune.ts";
import { settle } from "./deploy/settle.ts";
import type { ReservedHosts } from "./domains/hostname.ts";
import { DomainKeeper } from "./domains/keeper.ts";
import { EnvironmentScheduler } from "./environments/scheduler.ts";
import { pruneIdempotencyKeys } from "./http/idempotency.ts";
import { createHttpServer, type HttpServer } from "./http/server.ts";
import type { SignInConfig } from "./identity/sign-in-config.ts";
import { createIdentity, type Identity } from "./identity/identity.ts";
import { MetricsCollector } from "./metrics/collector.ts";
import { prunePoints } from "./metrics/store.ts";
import { OperationEngine } from "./operations/engine.ts";
import { createExchange } from "./service/exchange.ts";
import { spreadAllQuotas } from "./quotas/enforce.ts";
import type { MasterKeySource } from "./secrets/master-keys.ts";
import { folderId } from "./platforms/folder-id.ts";
import { createPresence } from "./platforms/presence.ts";
import { Vault } from "./secrets/vault.ts";
import { createHousekeeping } from "./service/housekeeping.ts";
import { createProbe } from "./service/http-probe.ts";
import { PlatformService } from "./service/platform-service.ts";
import { pruneAllVersions } from "./versions/prune.ts";
import { UsageCounter } from "./usage/counter.ts";
import { pruneUsage } from "./usage/store.ts";
import { createUploadFolder, type UploadFolder } from "./service/uploads.ts";

export interface PlatformOptions {
  database: DatabaseOptions;
  /** The cluster that the apps run on; read at start. */
  kubeconfigPath: string;
  /** For people. */
  clusterName: string;
  /** Where requests reach the cluster's gateway. */
  ingress: Ingress;
  /** `base` in the apps' own hosts: `{name}.sls-{cluster}.{base}`. */
  baseDomain: string;
  /** Of the REST API and the console; port 0 chooses one. */
  listen: { host: string; port: number };
  /** The platform's own folder; uploads wait in it. */
  dataRoot: string;
  builder: Builder;
  /** The console's built files; a page that says how to build them when absent. */
  consoleRoot?: string;
  adminToken: string;
  /** What all secrets are encrypted under; a file in `dataRoot` when absent. */
  masterKey?: MasterKeySource;
  /** As `parseSignInConfig` gives it. */
  signIn: SignInConfig;
  version: string;
  clock: Clock;
  random: Random;
  log: Logger;
}

export interface Platform extends Runnable {
  /** Where it listens; after `start`. */
  address(): { host: string; port: number };
  /** A URL that opens the console signed in, once, within ten minutes; after `start`. */
  createConsoleLink(): Promise<string>;
}

/** How long the audit trail is kept: a year and what an auditor is late by. */
const AUDIT_RETENTION = 400 * 86_400_000;
const FIRST_LOOK_PATIENCE = 5000;

/**
 * The platform: its database, its view of the cluster, its operations and the REST API.
 * `start` throws UserError `database_unavailable`, `database_newer` and what `openDatabase` throws of PostgreSQL, `port_in_use`, and `master_key_missing` and its kin.
 */
export function createPlatform(options: PlatformOptions): Platform {
  let running: { group: Group; clusters: KubeClusters; http: HttpServer; identity: Identity; close: () => Promise<void> } | undefined;
  const started = () => {
    if (!running) throw new Error("the platform has not been started");
    return running;
  };
  return {
    name: "platform",
    async start() {
      running = await assemble(options);
      try {
        await running.group.start();
        await firstLook(running.clusters, options);
      } catch (error) {
        await running.close();
        running = undefined;
        throw error;
      }
    },
    async stop() {
      const stopping = running;
      running = undefined;
      try {
        await stopping?.group.stop();
      } finally {
        await stopping?.close();
      }
    },
    address: () => started().http.address(),
    async createConsoleLink() {
      const { http, identity } = started();
      const { host, port } = http.address();
      return `http://${host}:${port}/?code=${await identity.sessions.createCode()}`;
    },
  };
}

/** Whoever is told that the platform is ready sees the apps as they are; a cluster that is down delays that only so long. */
async function firstLook(clusters: KubeClusters, { clock }: PlatformOptions): Promise<void> {
  const end = clock.monotonic() + FIRST_LOOK_PATIENCE;
  while (!clusters.health().ready && clock.monotonic() < end) await sleep(clock, 20);
}

function reservedHosts({ clusterName, baseDomain, signIn }: PlatformOptions): ReservedHosts {
  return {
    below: [`sls-${clusterName}.${baseDomain}`],
    exact: signIn.publicUrl === undefined ? [] : [new URL(signIn.publicUrl).hostname],
  };
}

async function assemble(options: PlatformOptions) {
  const { clock, random, log, ingress, listen, version, kubeconfigPath, clusterName, signIn } = options;
  const uploadsRoot = join(options.dataRoot, "uploads");
  await mkdir(uploadsRoot, { recursive: true, mode: 0o700 });
  const clusters = new KubeClusters({ main: { kubeconfigPath, ingress }, clock, log });
  const db = await openDatabase(options.database);
  const source = options.masterKey ?? { kind: "file", path: join(options.dataRoot, "master.key") };
  const vault = await Vault.open({ db, clock, source });
  const uploads = createUploadFolder(uploadsRoot, clock);
  const probe = createProbe(`ebb/${version}`);
  const exchange = createExchange(`ebb/${version}`, clock);
  const deps: Deps = { db, clusters, builder: options.builder, ingress, probe, exchange, uploads, vault, clock, log };
  const owner = random.uuid();
  const startedAt = clock.now();
  const folder = await folderId(options.dataRoot, random);
  const address = () => `${http.address().host}:${http.address().port}`;
  const presence = createPresence({ db, clock, log, id: owner, host: hostname(), version, folder, startedAt, address });
  const bus = createBus(options.database, { db, clock, log, id: owner });
  const engine = new OperationEngine({
    db,
    clock,
    log,
    owner,
    bus,
    handlers: createHandlers(deps),
    undo: createUndo(deps),
    settle,
    exclusive: options.database.kind === "sqlite",
  });
  const identity = await createIdentity({ database: db, ownerToken: options.adminToken, clock, random, log, signIn });
  const collector = new MetricsCollector(deps);
  const usage = new UsageCounter(deps);
  const keeper = new DomainKeeper({ ...deps, random }, { exclusive: options.database.kind === "sqlite" });
  const registry = new ClusterRegistry({ db, vault, fleet: clusters, clock, log });
  const main = { name: clusterName, server: clusters.server(MAIN_CLUSTER) };
  const api = new PlatformService({
    deps,
    keeper,
    reserved: reservedHosts(options),
    engine,
    collector,
    usage,
    clusters: new ClusterService({ deps, fleet: clusters, registry, main }),
    random,
    version,
    clusterName,
    kubeconfigPath,
    uploads,
    startedAt,
    presence,
  });
  const scheduler = new EnvironmentScheduler({ db, clock, random, log, submit: (operation, first) => engine.submit(operation, first) });
  const monitor = createDatabaseMonitor({ db, clock, log });
  const http = await createHttpServer({
    api,
    bus,
    ready: () => monitor.ready(),
    identity,
    listen,
    uploadsRoot,
    consoleRoot: options.consoleRoot,
    signIn,
    version,
    clock,
    random,
    log,
  });
  return {
    group: new Group("platform", [
      monitor,
      { name: "data folder", start: () => presence.join(), stop: () => Promise.resolve() },
      bus,
      clusters,
      registry,
      engine,
      scheduler,
      collector,
      usage,
      keeper,
      new IstioGuards(deps),
      housekeepingOf(deps, identity, uploads),
      http,
      presence,
    ]),
    clusters,
    http,
    identity,
    close: () => db.destroy(),
  };
}

/** What is old enough is forgotten, and what was interrupted is gone on with. */
function housekeepingOf(deps: Deps, identity: Identity, uploads: UploadFolder): Runnable {
  const { db, clock, log } = deps;
  return createHousekeeping({
    clock,
    log,
    async run() {
      await adoptAllSecrets(deps);
      await spreadAllQuotas(deps);
      await pruneAllVersions(deps);
      await prune(deps);
      await prunePoints(db, clock.now());
      await pruneUsage(db, clock.now());
      await identity.prune();
      await pruneIdempotencyKeys(db, clock.now());
      await pruneAudit(db, clock.now(), clock.now() - AUDIT_RETENTION);
      await pruneRevisions(db, clock.now() - AUDIT_RETENTION);
      await uploads.sweep(await usedUploads(deps));
    },
  });
}
