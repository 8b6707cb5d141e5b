import { dirname } from "node:path";
import { BugError, type Clock, type Logger, type Random, type Runnable, type Timer } from "@ebb/base";
import { isStatus, Namespaces, type ConfigCheck, type KubeClient } from "@ebb/kube";
import { loadCertificate, type Certificate } from "./certificate.ts";
import { renderKubeconfig, type KubeconfigOptions } from "./kubeconfig.ts";
import { GarbageCollector } from "./registry/garbage-collector.ts";
import { createLocalClient } from "./registry/local-client.ts";
import { Registry } from "./registry/registry.ts";
import type { User } from "./registry/request-context.ts";
import { createAuthenticator, type Token } from "./rest/authenticate.ts";
import { HttpServer } from "./rest/http-server.ts";
import type { PodLogs } from "./rest/serve-pod-log.ts";
import type { Views } from "./rest/serve-resource.ts";
import { SqliteStore } from "./store/sqlite-store.ts";

const COMPACTION_PERIOD = 60_000;
/** Kubernetes has them always. */
const NAMESPACES = ["default", "kube-system"];

export interface ApiServerOptions {
  /** The store's file; made if it is not there, with its folder. The certificate is kept beside it. */
  storePath: string;
  /** Port 0 takes any free one. */
  listen: { host: string; port: number };
  /** Who may call; whoever has a token may do everything. */
  tokens: readonly Token[];
  podLogs: PodLogs;
  /** Subresources that are only read, none when absent. */
  views?: Views;
  /** Refuses a ConfigMap of namespace knative-serving that the cluster could not read; none is refused when absent. */
  configCheck?: ConfigCheck;
  /** What `GET /metrics` answers: Prometheus' text format. */
  metrics?: () => string;
  clock: Clock;
  random: Random;
  log: Logger;
}

/**
 * The Kubernetes API of the embedded cluster. `start` throws UserError when the store cannot be opened (in use, too new, damaged, no
 * space) or the address cannot be had. Clients may be made before it starts and used once it has.
 */
export interface ApiServer extends Runnable {
  /** The API for parts of this process, as this user. */
  client(user: User): KubeClient;
  /** Where it listens; with the real port after `start`. */
  address(): { host: string; port: number };
  /** YAML for kubectl, kn and the client libraries; only once it has started. */
  kubeconfig(options: KubeconfigOptions): string;
}

export function createApiServer(options: ApiServerOptions): ApiServer {
  return new EmbeddedApiServer(options);
}

interface Machinery {
  store: SqliteStore;
  registry: Registry;
  collector: GarbageCollector;
  compaction: Timer;
}

/** Also in the certificate. kubectl needs one: it sends no token over plain HTTP, not even to loopback. */
const OWN_NAMES = ["localhost", "127.0.0.1", "::1", "kubernetes.default.svc"];

class EmbeddedApiServer implements ApiServer {
  readonly name = "api server";
  readonly #options: ApiServerOptions;
  readonly #http: HttpServer;
  #machinery: Machinery | undefined;
  #certificate: Certificate | undefined;

  constructor(options: ApiServerOptions) {
    this.#options = options;
    const { listen, tokens, podLogs, views = {}, metrics = () => "", clock, log } = options;
    const resources = () => ({ registry: this.#running().registry, clock, podLogs, views, metrics });
    this.#http = new HttpServer({ listen, authenticate: createAuthenticator(tokens), resources, clock, log });
  }

  async start(): Promise<void> {
    const { storePath, listen, configCheck, clock, random, log } = this.#options;
    const store = new SqliteStore({ path: storePath, clock, log });
    const registry = new Registry({ store, clock, random, ...(configCheck ? { configCheck } : {}) });
    const collector = new GarbageCollector({ store, registry, clock, log });
    const compaction = clock.every(COMPACTION_PERIOD, () => store.compact(clock.now()));
    this.#machinery = { store, registry, collector, compaction };
    try {
      await this.#ensureNamespaces();
      await collector.start();
      this.#certificate = await loadCertificate(
        { folder: dirname(storePath), name: "api", hosts: [listen.host, ...OWN_NAMES] },
        { clock, random },
      );
      await this.#http.start(this.#certificate);
    } catch (error) {
      await this.stop();
      throw error;
    }
    log.info({ ...this.address() }, "the API server is ready");
  }

  async stop(): Promise<void> {
    await this.#http.stop();
    const machinery = this.#machinery;
    this.#machinery = undefined;
    machinery?.compaction.cancel();
    await machinery?.collector.stop();
    machinery?.store.close();
  }

  client(user: User): KubeClient {
    return createLocalClient(() => this.#running().registry, user);
  }

  address(): { host: string; port: number } {
    return this.#http.address();
  }

  kubeconfig(options: KubeconfigOptions): string {
    if (!this.#certificate) throw new BugError("api_server_not_running", "there is no kubeconfig before the API server has started");
    const { host, port } = this.address();
    return renderKubeconfig(`https://${host.includes(":") ? `[${host}]` : host}:${port}`, this.#certificate.certificate, options);
  }

  #running(): Machinery {
    if (!this.#machinery) throw new BugError("api_server_not_running", "the API server is not running");
    return this.#machinery;
  }

  async #ensureNamespaces(): Promise<void> {
    const client = this.client({ name: "system:apiserver", groups: ["system:masters"] });
    for (const name of NAMESPACES) {
      try {
        await client.create(Namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name } });
      } catch (error) {
        if (!isStatus(error, "AlreadyExists")) throw error;
      }
    }
  }
}
