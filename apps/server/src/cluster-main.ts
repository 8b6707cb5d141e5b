/** The embedded cluster's process: Kubernetes API, controllers, autoscaler, instances. */
import { chmod, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createApiServer, createIssuer, type ApiServer } from "@ebb/apiserver";
import { Group, systemClock, systemRandom, type Logger, type Runnable } from "@ebb/base";
import type { KubeClient } from "@ebb/kube";
import { checkServingConfig, createControllers, SERVING_VIEWS, type Controllers } from "@ebb/controllers";
import { createGatewayClient } from "@ebb/gateway";
import {
  createContainerDriver,
  createInstanceManager,
  createProcessDriver,
  instanceMemory,
  WrittenLogs,
  type Driver,
  type InstanceSpec,
  type Provision,
} from "@ebb/runtime";
import { bootstrapCluster } from "./bootstrap-cluster.ts";
import { takeClusterKeys } from "./cluster-keys.ts";
import { clusterViews } from "./cluster-views.ts";
import { machineUsage, nodeAddress, thisMachine } from "./cluster-landmarks.ts";
import { createMeasure } from "./measure.ts";
import { nodeLease } from "./node-lease.ts";
import { podAccess } from "./pod-access.ts";
import { heapCompaction } from "./compact-heap.ts";
import { runChild, type ChildContext, type ChildPart } from "./child.ts";
import { engineOf } from "./engine.ts";

/** By which programs on Kubernetes expect the API at its cluster address. */
const CLUSTER_API_PORT = 443;
const ADMIN = { name: "admin", groups: ["system:masters"] };
const CONTROLLER = { name: "system:serviceaccount:knative-serving:controller", groups: ["system:masters"] };
/** A request that is longer than this at an instance that must go is cut: the longest that Knative lets a request last. */
const DRAIN_SECONDS = 600;
/** Milliseconds without the start of any process, after which one more may take a processor for some tenths of a second. */
const COMPILE_AFTER = 5000;

async function build({ config, paths, credentials, log }: ChildContext): Promise<ChildPart> {
  const common = { clock: systemClock, random: systemRandom, log };
  const gateway = createGatewayClient({ socketPath: paths.gatewaySocket, ...common });
  const engine = await engineOf(config, log);
  const processes = {
    root: paths.instances,
    toolchain: { node: process.execPath },
    waiting: config.waitingProcesses,
    compileAfter: COMPILE_AFTER,
  };
  const drivers = {
    process: createProcessDriver({ ...processes, ...common }),
    ...(engine
      ? {
          container: createContainerDriver({
            engine,
            owner: config.dataDir,
            identities: paths.identities,
            volumes: paths.volumes,
            credentials: (workload, reference) => controllers.pullCredentials(workload, reference),
            readyNetworks: { size: config.readyNetworks, random: systemRandom },
            ...(config.clusterAddress ? { dns: config.clusterAddress } : {}),
            ...common,
          }),
        }
      : {}),
  };
  const instances = createInstanceManager({
    drivers,
    provide: (spec, state) => provide({ api, controllers }, spec, state),
    probed: (instance, succeeded) => controllers.probed(instance, succeeded),
    drain: (instance) => gateway.drain(instance.id, DRAIN_SECONDS),
    ...common,
  });
  const queueLogs = new WrittenLogs(paths.queueLogs);
  const api = createApiServer({
    storePath: paths.clusterStore,
    storeKeys: await takeClusterKeys(process.env, paths.clusterKeys),
    listen: { host: config.host, port: config.apiPort },
    alsoListen: config.clusterAddress === undefined ? [] : [{ host: config.clusterAddress, port: CLUSTER_API_PORT }],
    tokens: [{ token: credentials.clusterToken, user: ADMIN }],
    ...podAccess(instances, queueLogs),
    views: clusterViews(() => controllers),
    measure: createMeasure({ instances, machine: machineUsage, clock: systemClock }),
    metrics: () => controllers.metrics(),
    configCheck: checkServingConfig,
    objectViews: SERVING_VIEWS,
    ...common,
  });
  const client = api.client(CONTROLLER, { ownUids: true });
  let stopInstances = false;
  const controllers = createControllers({
    client,
    instances,
    gateway,
    ...(engine ? { resolveDigest: async (reference, options) => drivers.container?.digestOf?.(reference, options) } : {}),
    node: { ...thisMachine(), memoryBytes: instanceMemory(), address: nodeAddress(config) },
    ...placesOf(paths),
    queueLogs,
    probeAddress: { host: config.host, port: config.gatewayPort },
    localProbeAddress: { host: "127.0.0.1", port: config.internalPort },
    gatewayUrl: `http://127.0.0.1:${config.internalPort}`,
    authorities: () => api.authorities(),
    issuer: createIssuer({ folder: join(dirname(paths.clusterStore), "pki"), ...common }),
    issueToken: (holder, token) => api.issuePodToken({ ...holder, ...token }),
    apiAddress: (sort) => (sort === "image" ? api.insideAddress() : localAddress(api.address())),
    // Read when it stops: whether this is a clean stop is known only then.
    get stopInstances() {
      return stopInstances;
    },
    ...common,
  });
  const group = new Group("cluster", [
    closing(Object.values(drivers)),
    api,
    clusterAccess(api, { config, paths, credentials }),
    gateway,
    controllers,
    ...upkeep(client, log),
  ]);
  return {
    name: group.name,
    start: () => group.start(),
    stop() {
      stopInstances = true;
      return group.stop();
    },
    abandon: () => group.stop(),
  };
}

/** What the cluster needs to be used, once its API serves: the objects of a first start, and a kubeconfig. */
function clusterAccess(api: ApiServer, { config, paths, credentials }: Pick<ChildContext, "config" | "paths" | "credentials">): Runnable {
  return {
    name: "cluster access",
    async start() {
      await bootstrapCluster(api.client(CONTROLLER, { skipWebhooks: true }), config);
      await writeFile(paths.kubeconfig, api.kubeconfig({ token: credentials.clusterToken }), { mode: 0o600 });
      await chmod(paths.kubeconfig, 0o600);
    },
    stop: () => Promise.resolve(),
  };
}

/** What is done from time to time. */
function upkeep(client: KubeClient, log: Logger): Runnable[] {
  return [nodeLease({ client, clock: systemClock, log }), heapCompaction({ clock: systemClock })];
}

/** Closes the drivers, which are in use from the beginning, at the end. */
function closing(drivers: readonly Driver[]): Runnable {
  return {
    name: "drivers",
    start: () => Promise.resolve(),
    async stop() {
      await Promise.all(drivers.map((driver) => driver.close()));
    },
  };
}

/** Of a server that listens everywhere, the address on this machine. */
function localAddress({ host, port }: ReturnType<ApiServer["address"]>): ReturnType<ApiServer["address"]> {
  return { host: host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host, port };
}

interface Providers {
  api: ApiServer;
  controllers: Controllers;
}

/** Where in the data folder the controllers find and keep what is no object. */
function placesOf({ bundles, volumes, decisions, requests }: ChildContext["paths"]) {
  return { bundlesRoot: bundles, claimsRoot: volumes.claims, decisionsPath: decisions, requestsPath: requests };
}

/** An instance's credentials, and the contents of its volumes. */
async function provide({ api, controllers }: Providers, spec: InstanceSpec, state: "starting" | "running"): Promise<Provision> {
  const credentials = spec.identity && (await api.issueCredentials({ ...spec.identity, pod: spec.id }));
  const content = spec.volumes && (await controllers.provideVolumes(spec, state));
  const renewals = [credentials?.renewAfter, content?.renewAfter].filter((time) => time !== undefined);
  return {
    files: { ...(credentials ? { identity: credentials.files } : {}), ...(content ? { volumes: content.volumes } : {}) },
    ...(renewals.length > 0 ? { renewAfter: Math.min(...renewals) } : {}),
  };
}

await runChild("cluster", build);
