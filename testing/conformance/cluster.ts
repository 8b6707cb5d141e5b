import { join } from "node:path";
import { createApiServer, createIssuer } from "@ebb/apiserver";
import { Group, silentLogger, systemClock, systemRandom, type Logger } from "@ebb/base";
import { createControllers, type Controllers } from "@ebb/controllers";
import { createGateway, createGatewayClient } from "@ebb/gateway";
import { ConfigMaps, isStatus, Namespaces, Services, type Kind, type KnativeService, type KubeClient, type KubeObject } from "@ebb/kube";
import { createInstanceManager } from "@ebb/runtime";
import { httpRequest, tempDir, type HttpAnswer } from "@ebb/testkit";
import { FakeDriver } from "./fake-driver.ts";

const NAMESPACE = "default";

export interface Cluster {
  client: KubeClient;
  machine: FakeDriver;
  /** Where external hosts are served by TLS. */
  tls: { host: string; port: number };
  /** Where hosts inside the cluster are. */
  tlsInside: { host: string; port: number };
  /** Of the control plane that runs now. */
  controllers(): Controllers;
  request(host: string, options?: { path?: string; internal?: boolean; headers?: Record<string, string> }): Promise<HttpAnswer>;
  get<T extends KubeObject>(kind: Kind<T>, name: string): Promise<T | undefined>;
  /** Creates or replaces the Service's spec. */
  deploy(name: string, spec: Partial<KnativeService["spec"]> & { image: string; annotations?: Record<string, string> }): Promise<void>;
  /** Ends the control plane and starts another over the same store, gateway and instances. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** An embedded cluster with the real API server, instance manager and gateway; its instances run on a fake driver. */
export async function startCluster(options: { log?: Logger; progressDeadlineSeconds?: number } = {}): Promise<Cluster> {
  const log = options.log ?? silentLogger;
  const folder = await tempDir();
  const socketPath = join(folder.path, "gateway.sock");
  const services = { clock: systemClock, random: systemRandom, log };
  const listener = { host: "127.0.0.1", port: 0 };
  const gateway = createGateway({
    listeners: [
      { ...listener, visibility: "external" },
      { ...listener, visibility: "internal" },
      { ...listener, visibility: "external", tls: true },
      { ...listener, visibility: "internal", tls: true },
    ],
    socketPath,
    tablePath: join(folder.path, "table.json"),
    ...services,
  });
  await gateway.start();
  const [external, internal, tls, tlsInside] = gateway.addresses();
  if (!external || !internal || !tls || !tlsInside) throw new Error("the gateway has no listeners");
  const machine = new FakeDriver();

  async function startControlPlane() {
    const api = createApiServer({
      storePath: join(folder.path, "store.db"),
      listen: listener,
      tokens: [],
      podLogs: async function* () {},
      ...services,
    });
    const gatewayClient = createGatewayClient({ socketPath, ...services });
    const client = api.client({ name: "test", groups: ["system:masters"] });
    const controllers: Controllers = createControllers({
      client: api.client({ name: "system:controllers", groups: ["system:masters"] }),
      instances: createInstanceManager({
        drivers: { process: machine, container: machine },
        drain: ({ id }) => gatewayClient.drain(id, 5),
        async provide(spec, state) {
          const { volumes } = await controllers.provideVolumes(spec, state);
          return { files: { volumes } };
        },
        ...services,
      }),
      gateway: gatewayClient,
      node: { cores: 64, memoryBytes: 2 ** 40 },
      bundlesRoot: join(folder.path, "bundles"),
      issuer: createIssuer({ folder: join(folder.path, "pki"), ...services }),
      probeAddress: external ?? listener,
      localProbeAddress: internal ?? listener,
      ...(options.progressDeadlineSeconds === undefined ? {} : { progressDeadlineSeconds: options.progressDeadlineSeconds }),
      ...services,
    });
    await api.start();
    await bootstrap(client);
    const group = new Group("control plane", [gatewayClient, controllers]);
    await group.start();
    return {
      client,
      controllers,
      async stop() {
        await group.stop();
        await api.stop();
      },
    };
  }

  let plane = await startControlPlane();
  const cluster: Cluster = {
    get client() {
      return plane.client;
    },
    machine,
    tls,
    tlsInside,
    controllers: () => plane.controllers,
    request: (host, { path = "/", internal: inside = false, headers = {} } = {}) =>
      httpRequest(inside ? internal : external, { host, path, headers, timeout: 30_000 }),
    get: (kind, name) => plane.client.get(kind, NAMESPACE, name),
    async deploy(name, { image, annotations = {}, ...spec }) {
      const existing = await plane.client.get(Services, NAMESPACE, name);
      const template = { metadata: { annotations }, spec: { containers: [{ image }] } };
      if (existing) await plane.client.update(Services, { ...existing, spec: { ...existing.spec, template, ...spec } });
      else {
        await plane.client.create(Services, {
          apiVersion: "serving.knative.dev/v1",
          kind: "Service",
          metadata: { name, namespace: NAMESPACE },
          spec: { template, ...spec },
        });
      }
    },
    async restart() {
      await plane.stop();
      plane = await startControlPlane();
    },
    async close() {
      await plane.stop();
      await gateway.stop();
      await machine.close();
      await folder.remove();
    },
  };
  return cluster;
}

async function bootstrap(client: KubeClient): Promise<void> {
  const namespace = "knative-serving";
  const maps = { "config-domain": { "sls-test.localhost": "" }, "config-network": { "domain-template": "{{.Name}}.{{.Domain}}" } };
  await ensure(client.create(Namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } }));
  for (const [name, data] of Object.entries(maps)) {
    await ensure(client.create(ConfigMaps, { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace }, data }));
  }
}

async function ensure(creation: Promise<unknown>): Promise<void> {
  try {
    await creation;
  } catch (error) {
    if (!isStatus(error, "AlreadyExists")) throw error;
  }
}
