import { dirname, join } from "node:path";
import { BugError, UserError, type Clock, type Logger, type Random, type Runnable, type Timer } from "@ebb/base";
import {
  Events,
  isStatus,
  Namespaces,
  PriorityClasses,
  SYSTEM_PRIORITY_CLASSES,
  type ConfigCheck,
  type Kind,
  type KubeClient,
  type KubeObject,
  type ObjectView,
} from "@ebb/kube";
import { AccountController } from "./accounts/account-controller.ts";
import { AccountTokens } from "./accounts/account-tokens.ts";
import {
  issueCredentials,
  issuePodToken,
  type CredentialRequest,
  type Credentials,
  type PodToken,
  type PodTokenRequest,
} from "./accounts/issue-credentials.ts";
import { ensureOwnService } from "./accounts/own-service.ts";
import { serviceAddress } from "./admission/service-address.ts";
import { Admission } from "./admission/admission.ts";
import { PolicyAdmission } from "./admission/policy-admission.ts";
import { PolicyStatusController } from "./admission/policy-status-controller.ts";
import { PolicyTable } from "./admission/policy-table.ts";
import { WebhookAdmission } from "./admission/webhook-admission.ts";
import { WebhookCaller } from "./admission/webhook-caller.ts";
import { WebhookTable } from "./admission/webhook-table.ts";
import type { Token } from "./authn/static-tokens.ts";
import { MASTERS } from "./authz/authorizer.ts";
import { createEscalationCheck } from "./authz/escalation.ts";
import { RoleController } from "./authz/role-controller.ts";
import { renderKubeconfig, type KubeconfigOptions } from "./kubeconfig.ts";
import { loadPki, type Pki } from "./pki/pki.ts";
import { checkRanges, withRanges } from "./quota/limit-ranges.ts";
import { withStorageDefaults } from "./registry/storage-defaults.ts";
import { QuotaController, Quotas } from "./quota/quotas.ts";
import { DefinitionController } from "./custom/definition-controller.ts";
import { createConverter } from "./custom/converter.ts";
import { KindTable } from "./custom/kind-table.ts";
import { EventExpiry } from "./registry/event-expiry.ts";
import { GarbageCollector } from "./registry/garbage-collector.ts";
import { createLocalClient, type LocalClientOptions } from "./registry/local-client.ts";
import { Registry } from "./registry/registry.ts";
import { resourceOf } from "./registry/selection.ts";
import type { User } from "./registry/request-context.ts";
import { HttpServer } from "./rest/http-server.ts";
import type { Measure } from "./rest/serve-measured.ts";
import type { PodLogs } from "./rest/serve-pod-log.ts";
import type { Views } from "./rest/serve-resource.ts";
import { Security } from "./security.ts";
import type { PodStreams } from "./streams/pod-streams.ts";
import { SqliteStore } from "./store/sqlite-store.ts";
import { checkSigningRequest, createSigningCheck } from "./signing/check-signing.ts";
import { SigningController } from "./signing/signing-controller.ts";
import { ValueCipher } from "./store/value-cipher.ts";
import { ViewStore } from "./store/view-store.ts";

const COMPACTION_PERIOD = 60_000;
/** kube-apiserver looks after its own Service as often. */
const OWN_SERVICE_PERIOD = 10_000;
/** How often certificates are looked at: they are renewed months before their end. */
const RENEWAL_PERIOD = 12 * 3_600_000;
/** Kubernetes has them always. */
const NAMESPACES = ["default", "kube-system"];
/** By which clients may know the server, beside the addresses at which it listens. */
const NAMES = [
  "localhost",
  "127.0.0.1",
  "::1",
  "kubernetes",
  "kubernetes.default",
  "kubernetes.default.svc",
  "kubernetes.default.svc.cluster.local",
];
const SELF = { name: "system:apiserver", groups: [MASTERS] };
const NOTHING_RUNS: PodStreams = { exec: runsNothing, connect: runsNothing };
const NOTHING_MEASURED: Measure = { pods: async () => new Map(), nodes: async () => new Map() };
const ADMIN = { name: "kubernetes-admin", groups: [MASTERS] };

export interface ApiServerOptions {
  /** The store's file; made if it is not there, with its folder. Keys and certificates are kept beside it, in `pki`. */
  storePath: string;
  /** AES-256 keys that Secrets are sealed with in the store: the first seals, the others open what was sealed before. Plain when absent. */
  storeKeys?: readonly [Buffer, ...Buffer[]];
  /** Port 0 takes any free one. */
  listen: { host: string; port: number };
  /** Further places, for clients in containers; one that cannot be had is left out. */
  alsoListen?: readonly { host: string; port: number }[];
  /** Who may call beside ServiceAccounts and holders of client certificates; what they may do is a matter of their groups and roles. */
  tokens: readonly Token[];
  podLogs: PodLogs;
  /** What runs in Pods; nothing does when absent. */
  podStreams?: PodStreams;
  /** Subresources that are only read, none when absent. */
  views?: Views;
  /** What Pods and the Nodes use; nothing is known when absent. */
  measure?: Measure;
  /** Objects that are made when they are read, beside the stored ones. */
  objectViews?: readonly ObjectView[];
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
  /** The API for parts of this process, as this user; `skipWebhooks` for what the cluster needs to start, whatever users' webhooks say. */
  client(user: User, options?: LocalClientOptions): KubeClient;
  /** Where it listens; with the real port after `start`. */
  address(): { host: string; port: number };
  /** The first of the further places at which it listens, if any: where containers reach it. */
  insideAddress(): { host: string; port: number } | undefined;
  /** What a program that runs as a ServiceAccount proves itself with; undefined when that account gives none to programs that do not ask. */
  issueCredentials(request: CredentialRequest): Promise<Credentials | undefined>;
  /** A token of a ServiceAccount for a program's own use, for an audience of its choice. Throws UserError `ServiceAccountNotFound`. */
  issuePodToken(request: PodTokenRequest): Promise<PodToken>;
  /** YAML for kubectl, kn and the client libraries; only once it has started. */
  kubeconfig(options: KubeconfigOptions): string;
  /** PEM: what clients of this server must trust; only once it has started. */
  authorities(): string;
}

export function createApiServer(options: ApiServerOptions): ApiServer {
  return new EmbeddedApiServer(options);
}

interface Machinery {
  store: SqliteStore;
  registry: Registry;
  admission: Admission;
  kinds: KindTable;
  webhooks: { table: WebhookTable; policies: PolicyTable; caller: WebhookCaller };
  security: Security;
  accounts: AccountTokens;
  /** In the order in which they are started. */
  controllers: readonly Runnable[];
  timers: Timer[];
}

class EmbeddedApiServer implements ApiServer {
  readonly name = "api server";
  readonly #options: ApiServerOptions;
  readonly #http: HttpServer;
  #machinery: Machinery | undefined;
  #pki: Pki | undefined;
  /** The last look after the own Service, which needs the address and the store. */
  #keeping: Promise<void> = Promise.resolve();

  constructor(options: ApiServerOptions) {
    this.#options = options;
    const { listen, alsoListen = [], podLogs, podStreams = NOTHING_RUNS, views = {}, metrics = () => "", clock, log } = options;
    const { measure = NOTHING_MEASURED } = options;
    const security = () => this.#running().security;
    const resources = () => {
      const { registry, accounts } = this.#running();
      return {
        registry,
        accounts,
        admission: this.#running().admission,
        authorize: security().authorize,
        reviews: security().reviews(),
        kinds: this.#running().kinds.served,
        clock,
        log,
        podLogs,
        podStreams,
        views,
        measure,
        metrics,
      };
    };
    this.#http = new HttpServer({ listen, alsoListen, security, resources, clock, log });
  }

  async start(): Promise<void> {
    const { log } = this.#options;
    const pki = await this.#loadPki();
    this.#pki = pki;
    this.#machinery = this.#assemble(pki);
    try {
      await this.#ensureStandards();
      for (const controller of this.#machinery.controllers) await controller.start();
      await this.#http.start(pki);
      await this.#ensureOwnService();
      this.#machinery.timers.push(
        this.#options.clock.every(OWN_SERVICE_PERIOD, () => {
          this.#keeping = this.#keepOwnService();
        }),
      );
    } catch (error) {
      await this.stop();
      throw error;
    }
    log.info({ ...this.address() }, "the API server is ready");
  }

  async stop(): Promise<void> {
    for (const timer of this.#machinery?.timers ?? []) timer.cancel();
    await this.#keeping;
    await this.#http.stop();
    const machinery = this.#machinery;
    this.#machinery = undefined;
    await Promise.all((machinery?.controllers ?? []).map((controller) => controller.stop()));
    machinery?.webhooks.caller.close();
    machinery?.webhooks.table.close();
    machinery?.webhooks.policies.close();
    machinery?.kinds.close();
    machinery?.security.close();
    machinery?.store.close();
  }

  #assemble(pki: Pki): Machinery {
    const { storePath, tokens, configCheck, objectViews = [], clock, random, log } = this.#options;
    const { storeKeys } = this.#options;
    const store = new SqliteStore({
      path: storePath,
      clock,
      log,
      onDisk: [resourceOf(Events)],
      ...(storeKeys ? { cipher: new ValueCipher(storeKeys) } : {}),
    });
    const accounts = new AccountTokens(pki.accountKey, { store, clock, random });
    const security = new Security({ store, tokens, accounts, clock });
    const quotas = new Quotas(store);
    const checkEscalation = createEscalationCheck(security);
    const kinds = new KindTable(store);
    const views = new ViewStore(store, objectViews);
    const caller = new WebhookCaller({ clock, locate: (service) => serviceAddress(views, service) });
    const table = new WebhookTable(store, () => kinds.all);
    const policies = new PolicyTable(store, () => kinds.all);
    const convert = createConverter({ caller, random });
    const admission = new Admission(
      new WebhookAdmission({ table, caller, store, convert, random, log }),
      new PolicyAdmission({ table: policies, store, kinds: () => kinds.all, log }),
    );
    const registry = new Registry({
      store: views,
      admission,
      convert,
      futile: (key, written) => views.futile(key, written),
      kindInVersion: (kind, version) => kinds.inVersion(kind, version),
      clock,
      random,
      fill: (kind, object) => withStorageDefaults(store, kind, withRanges(store, kind, object)),
      guard: (kind, next, old, user) => {
        checkRanges(store, kind, next, old);
        checkEscalation(kind, next, old, user);
        checkSigningRequest(kind, next, old);
        quotas.check(kind, next, old);
      },
      guardStatus: createSigningCheck(security.authorize),
      ...(configCheck ? { configCheck } : {}),
    });
    const common = { store, registry, kinds, clock, log };
    const controllers = [
      new RoleController(common),
      new AccountController({ ...common, tokens: accounts, authorities: pki.authorities }),
      new DefinitionController(common),
      new GarbageCollector(common),
      new QuotaController({ ...common, quotas }),
      new PolicyStatusController(common),
      new SigningController({ ...common, authority: () => this.#keys().authority, random }),
    ];
    const expiry = new EventExpiry(store, log);
    const timers = [
      clock.every(COMPACTION_PERIOD, () => {
        void expiry.sweep(clock.now());
        store.compact(clock.now());
      }),
      clock.every(RENEWAL_PERIOD, () => void this.#renew()),
    ];
    return { store, registry, admission, kinds, webhooks: { table, policies, caller }, security, accounts, controllers, timers };
  }

  #loadPki(): Promise<Pki> {
    const { storePath, listen, alsoListen = [], clock, random } = this.#options;
    const names = [...new Set([...NAMES, listen.host, ...alsoListen.map(({ host }) => host)])];
    return loadPki({ folder: join(dirname(storePath), "pki"), names, admin: ADMIN, clock, random });
  }

  /** Certificates that come to their end while it runs. A new authority is made at a start only: its clients must be told. */
  async #renew(): Promise<void> {
    try {
      const pki = await this.#loadPki();
      if (!this.#machinery || pki.server.certificate === this.#pki?.server.certificate) return;
      if (pki.authorities !== this.#pki?.authorities)
        return this.#options.log.warn({}, "there is a new certificate authority: restart soon");
      this.#pki = pki;
      this.#http.renew(pki);
    } catch (error) {
      this.#options.log.error({ error }, "certificates could not be renewed");
    }
  }

  client(user: User, options: LocalClientOptions = {}): KubeClient {
    return createLocalClient(() => this.#running().registry, user, options);
  }

  address(): { host: string; port: number } {
    return this.#http.address();
  }

  insideAddress(): { host: string; port: number } | undefined {
    return this.#http.insideAddress();
  }

  issueCredentials(request: CredentialRequest): Promise<Credentials | undefined> {
    const { accounts, store } = this.#running();
    return issueCredentials(request, { tokens: accounts, store, authorities: this.authorities() });
  }

  issuePodToken(request: PodTokenRequest): Promise<PodToken> {
    const { accounts: tokens, store } = this.#running();
    return issuePodToken(request, { tokens, store });
  }

  kubeconfig(options: KubeconfigOptions): string {
    const { authorities, admin } = this.#keys();
    const { host, port } = this.address();
    const server = `https://${host.includes(":") ? `[${host}]` : host}:${port}`;
    return renderKubeconfig({ server, authorities, client: admin }, options);
  }

  authorities(): string {
    return this.#keys().authorities;
  }

  #keys(): Pki {
    if (!this.#pki) throw new BugError("api_server_not_running", "there are no certificates before the API server has started");
    return this.#pki;
  }

  #running(): Machinery {
    if (!this.#machinery) throw new BugError("api_server_not_running", "the API server is not running");
    return this.#machinery;
  }

  #ensureOwnService(): Promise<void> {
    return ensureOwnService(this.client(SELF, { skipWebhooks: true }), this.address(), this.insideAddress());
  }

  /** Somebody may have deleted it. */
  async #keepOwnService(): Promise<void> {
    try {
      await this.#ensureOwnService();
    } catch (error) {
      this.#options.log.warn({ error }, "the Service of this API could not be kept; it will be tried again");
    }
  }

  /** What every Kubernetes has from its start. */
  async #ensureStandards(): Promise<void> {
    const client = this.client(SELF, { skipWebhooks: true });
    const ensure = async (kind: Kind, object: KubeObject) => {
      try {
        await client.create(kind, object);
      } catch (error) {
        if (!isStatus(error, "AlreadyExists")) throw error;
      }
    };
    for (const name of NAMESPACES) await ensure(Namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name } });
    for (const object of SYSTEM_PRIORITY_CLASSES) await ensure(PriorityClasses, object);
  }
}

function runsNothing(_namespace: string, name: string): Promise<never> {
  return Promise.reject(new UserError("pod_runs_nothing", `the pod ${name} runs nothing`));
}
