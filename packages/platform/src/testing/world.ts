import type { AppPlan, Builder, BuildRequest } from "@ebb/builder";
import { silentLogger, type Random } from "@ebb/base";
import { VirtualClock } from "@ebb/testkit";
import type { KyselyPlugin } from "kysely";
import { createHash } from "node:crypto";
import { copyFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { onTestFinished } from "vitest";
import { planOfImage } from "../compile/version-config.ts";
import { openDatabase, type Database, type DatabaseOptions } from "../database/database.ts";
import type { Deps } from "../deploy/context.ts";
import type { Clusters } from "../cluster/port.ts";
import { createHandlers, createUndo } from "../deploy/handlers.ts";
import { settle } from "../deploy/settle.ts";
import { DomainKeeper } from "../domains/keeper.ts";
import { MetricsCollector } from "../metrics/collector.ts";
import { OperationEngine } from "../operations/engine.ts";
import { getOperation, type OperationRow } from "../operations/store.ts";
import type { Exchange } from "../service/exchange.ts";
import { Vault } from "../secrets/vault.ts";
import { PlatformService } from "../service/platform-service.ts";
import { UsageCounter } from "../usage/counter.ts";
import { emptySqlite } from "./databases.ts";
import { FakeClusters, type FakeCluster } from "./fake-cluster.ts";

export const TEST_MASTER_KEY = { kind: "given", from: "the test", text: Buffer.alloc(32, 7).toString("base64") } as const;

/** What outlives a process: the disk and the cluster. */
export interface World {
  database: Extract<DatabaseOptions, { kind: "sqlite" }>;
  clusters: FakeClusters;
  /** That of the first environment. */
  cluster: FakeCluster;
  uploads: Set<string>;
  /** Keyed by upload: what its build gives, or throws. */
  sources: Map<string, { name?: string; image?: string; plan?: Partial<AppPlan>; error?: Error; wait?: Promise<void> }>;
  builds: string[];
  /** The commit that every branch of every repository leads to. */
  head: string;
  now: number;
}

export async function createWorld(): Promise<World> {
  const clusters = new FakeClusters();
  return {
    database: await emptySqlite(),
    clusters,
    cluster: clusters.of({ namespace: "default" }),
    uploads: new Set(),
    sources: new Map(),
    builds: [],
    head: "c0ffee",
    now: Date.UTC(2026, 0, 1),
  };
}

/** Another that goes on from here, while no process runs on either. */
export async function copyWorld(world: World): Promise<World> {
  const database = await emptySqlite();
  await copyFile(world.database.path, database.path);
  const clusters = world.clusters.copy();
  const { uploads, sources, builds } = world;
  return {
    ...world,
    database,
    clusters,
    cluster: clusters.of({ namespace: "default" }),
    uploads: new Set(uploads),
    sources: new Map(sources),
    builds: [...builds],
  };
}

/** The platform's parts in one "process", which can be killed at its n-th step: no call of it has an effect after that. */
export interface Process {
  clock: VirtualClock;
  db: Database;
  deps: Deps;
  engine: OperationEngine;
  service: PlatformService;
  steps: () => number;
  dead: () => boolean;
  /** Moves time until the operation has ended; throws when it does not within an hour. */
  ended: (id: string) => Promise<OperationRow>;
  kill: () => Promise<void>;
  stop: () => Promise<void>;
}

/** Thrown by `ended` when the process was killed before. */
export class Died extends Error {}

const NEVER = new Promise<never>(() => undefined);
let processes = 0;

function fakeExchange(world: World, step: () => Promise<undefined>): Exchange {
  return async (_ingress, url) => {
    await step();
    const status = world.cluster.answer(url);
    const body = Buffer.from(`hello from ${url.host}`);
    return { answer: { status, headers: [], body, truncated: false }, failure: null, timings: { connected: 1, firstByte: 5, end: 6 } };
  };
}

export async function startProcess(world: World, options: { dieAfter?: number; exclusive?: boolean } = {}): Promise<Process> {
  const clock = new VirtualClock(world.now);
  const unguarded = await openDatabase(world.database);
  let steps = 0;
  let dead = false;
  let counting = false;
  const died = Promise.withResolvers<void>();
  const step = async () => {
    if (dead) return NEVER;
    if (counting && ++steps === options.dieAfter) {
      dead = true;
      died.resolve();
      return NEVER;
    }
    return undefined;
  };
  const db = unguarded.withPlugin(guard(step, () => dead));
  const clusters = guardedClusters(world.clusters, step, () => dead);
  const vault = await Vault.open({ db: unguarded, clock, source: TEST_MASTER_KEY });
  const deps: Deps = {
    db,
    vault,
    clusters,
    builder: fakeBuilder(world, step),
    ingress: { host: "127.0.0.1", port: 8080 },
    probe: async (_ingress, url) => {
      await step();
      return answerOf(world, url);
    },
    exchange: fakeExchange(world, step),
    uploads: {
      path: (id) => id,
      exists: async (id) => world.uploads.has(id),
      remove: async (id) => {
        await step();
        world.uploads.delete(id);
      },
    },
    clock,
    log: silentLogger,
  };
  const engine = new OperationEngine({
    db,
    clock,
    log: silentLogger,
    owner: `process-${++processes}`,
    handlers: createHandlers(deps),
    undo: createUndo(deps),
    settle,
    exclusive: options.exclusive ?? true,
  });
  const service = createService(world, deps, engine);
  await engine.start();
  counting = true;
  let closed = false;
  const end = async () => {
    if (closed) return;
    closed = true;
    dead = true;
    world.now = clock.now() + 1;
    await unguarded.destroy();
  };
  onTestFinished(end);
  const ended = async (id: string): Promise<OperationRow> => {
    for (let i = 0; i < 1000; i++) {
      // The dead may hold the database's only connection, in the middle of a transaction.
      const row = await Promise.race([getOperation(unguarded, id), died.promise]);
      if (!row) throw new Died();
      if (row.finished_at !== null) return row;
      await clock.advance(i < 400 ? 250 : 5000);
    }
    throw new Error(`operation ${id} did not end: ${JSON.stringify(await getOperation(unguarded, id))}`);
  };
  return {
    clock,
    db: unguarded,
    deps,
    engine,
    service,
    steps: () => steps,
    dead: () => dead,
    ended,
    kill: end,
    async stop() {
      await engine.stop();
      await end();
    },
  };
}

/** What the clusters say to a request; 404 only when none says anything else. */
function answerOf({ clusters }: World, url: URL): number {
  const statuses = [...clusters.byNamespace.values()].map((cluster) => cluster.answer(url));
  return Math.max(...statuses.map((status) => (status === 404 ? 0 : status))) || 404;
}

function createService(world: World, deps: Deps, engine: OperationEngine): PlatformService {
  const about = { version: "0", clusterName: "fake", kubeconfigPath: "/dev/null", startedAt: world.now };
  const collector = new MetricsCollector(deps);
  const usage = new UsageCounter(deps);
  const uploads = { ...deps.uploads, root: tmpdir(), idOf: (path: string) => path, sweep: () => Promise.resolve() };
  const random = seededRandom(`${processes}`);
  const keeper = new DomainKeeper({ ...deps, random }, { exclusive: true });
  const reserved = { below: ["sls-fake.localhost"], exact: ["console.example.org"] };
  // Those that need more than one cluster have their own tests.
  const none = () => Promise.reject(new Error("there is one cluster here"));
  const clusters = { list: none, get: none, create: none, check: none, delete: none, hosts: none, putHosts: none };
  const presence = { list: () => Promise.resolve([]) };
  return new PlatformService({ deps, presence, engine, collector, usage, clusters, random, uploads, keeper, reserved, ...about });
}

function guard(step: () => Promise<undefined>, dead: () => boolean): KyselyPlugin {
  return {
    transformQuery({ node }) {
      if (dead()) throw new Error("this process is dead");
      return node;
    },
    async transformResult({ result }) {
      await step();
      return result;
    },
  };
}

function guardedClusters(clusters: FakeClusters, step: () => Promise<undefined>, dead: () => boolean): Clusters {
  return {
    of: (place) => guardedCluster(clusters.of(place), step, dead),
    ingress: () => clusters.ingress(),
    health: () => clusters.health(),
    metrics: () => clusters.metrics(),
    onChange: (listener) => clusters.onChange(listener),
  };
}

function guardedCluster(cluster: FakeCluster, step: () => Promise<undefined>, dead: () => boolean): FakeCluster {
  const asynchronous = new Set([
    "readService",
    "putService",
    "deleteService",
    "markService",
    "setMinScale",
    "keepRevision",
    "deleteRevision",
    "readVirtualService",
    "putVirtualService",
    "deleteVirtualService",
    "readLeftovers",
    "readSecret",
    "createSecret",
    "deleteSecret",
    "listSecrets",
    "putQuota",
    "deleteNamespace",
    "hasNamespace",
  ]);
  return new Proxy(cluster, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== "function") return value;
      if (!asynchronous.has(String(key))) return value.bind(target) as unknown;
      return async (...args: unknown[]) => {
        if (dead()) return NEVER;
        const result: unknown = await Reflect.apply(value, target, args);
        await step();
        return result;
      };
    },
  });
}

function fakeBuilder(world: World, step: () => Promise<undefined>): Builder {
  return {
    async build(request: BuildRequest) {
      const { name, defaultName, progress, signal } = request;
      const archive = "git" in request ? `${request.git.url} ${request.git.ref}`.trim() : request.archive;
      const source = world.sources.get(archive) ?? {};
      if ("git" in request) await request.fetched({ id: request.git.commit ?? world.head, author: "Ann", message: "Hello" });
      progress.phase("unpack", "");
      await step();
      progress.phase("build", "npm run build");
      world.builds.push(archive);
      progress.log("compiling");
      if (source.wait) await Promise.race([source.wait, aborted(signal)]);
      await step();
      if (source.error) throw source.error;
      const plan = { ...planOfImage({ name: name ?? source.name ?? defaultName, image: "" }), ...source.plan };
      return { plan, output: { kind: "bundle", image: source.image ?? `ok-${archive}`, digest: archive } };
    },
  };
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
}

/** Ids that are the same in each run. */
function seededRandom(seed: string): Random {
  let count = 0;
  const next = () => createHash("sha256").update(`${seed} ${count++}`).digest("hex");
  return {
    float: () => 0.5,
    suffix: (length) => next().slice(0, length),
    hex: (digits) => next().slice(0, digits),
    uuid: next,
    token: next,
  };
}

/** Puts a source on the "disk" and returns the upload of it. */
export function upload(world: World, id: string, source: NonNullable<ReturnType<World["sources"]["get"]>> = {}) {
  world.uploads.add(id);
  world.sources.set(id, source);
  return {
    archive: id,
    noTraffic: false,
    name: undefined,
    defaultName: undefined,
    team: undefined,
    environment: undefined,
    commit: undefined,
  };
}

/** The app that tests deploy, where a deploy goes. */
export const SHOP = { app: "shop", env: "test" } as const;
/** A page that holds everything. */
export const ALL = { limit: 200 } as const;
