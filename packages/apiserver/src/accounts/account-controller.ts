import { WorkQueue, type Clock, type Logger, type Runnable } from "@ebb/base";
import { isStatus, Namespaces, Secrets, ServiceAccounts, type Kind, type KubeObject, type Secret, type ServiceAccount } from "@ebb/kube";
import { MASTERS } from "../authz/authorizer.ts";
import type { Registry } from "../registry/registry.ts";
import type { RequestContext } from "../registry/request-context.ts";
import { keyOf, resourceOf } from "../registry/selection.ts";
import type { Store, StoreEvent } from "../store/store.ts";
import type { AccountTokens } from "./account-tokens.ts";

const CONTEXT: RequestContext = { user: { name: "system:serviceaccount:kube-system:service-account-controller", groups: [MASTERS] } };
const DEFAULT_ACCOUNT = "default";
const TOKEN_SECRET = "kubernetes.io/service-account-token";
const ACCOUNT_NAME = "kubernetes.io/service-account.name";
const ACCOUNT_UID = "kubernetes.io/service-account.uid";

interface AccountControllerDeps {
  registry: Registry;
  store: Store;
  tokens: AccountTokens;
  /** PEM. */
  authorities: string;
  clock: Clock;
  log: Logger;
}

/**
 * In every namespace the ServiceAccount `default`; in every Secret of type `kubernetes.io/service-account-token` its token; and no such
 * Secret without its account. After kube-controller-manager's serviceaccount and serviceaccount-token controllers, which are here
 * because they need the signing key.
 */
export class AccountController implements Runnable {
  readonly name = "service accounts";
  readonly #deps: AccountControllerDeps;
  readonly #queue: WorkQueue;
  #unsubscribe: () => void = () => undefined;

  constructor(deps: AccountControllerDeps) {
    this.#deps = deps;
    this.#queue = new WorkQueue({ name: "service accounts", clock: deps.clock, log: deps.log, handle: (key) => this.#handle(key) });
  }

  /** Resolves when all that is there has been seen to. */
  async start(): Promise<void> {
    const { store } = this.#deps;
    for (const { metadata } of store.list(resourceOf(Namespaces)).objects) await this.#furnish(metadata.name);
    for (const { metadata } of store.list(resourceOf(Secrets)).objects.filter(isTokenSecret)) this.#queue.add(secretKey(metadata));
    this.#unsubscribe = store.onCommit((events) => {
      for (const event of events) this.#observe(event);
    });
  }

  async stop(): Promise<void> {
    this.#unsubscribe();
    await this.#queue.stop();
  }

  #observe({ type, key, object }: StoreEvent): void {
    if (key.resource === resourceOf(Namespaces)) return void (type === "ADDED" && this.#queue.add(`namespace/${key.name}`));
    if (key.resource === resourceOf(Secrets) && isTokenSecret(object)) return this.#queue.add(secretKey(object.metadata));
    if (key.resource !== resourceOf(ServiceAccounts)) return;
    if (type === "DELETED") this.#queue.add(`namespace/${key.namespace}`);
    for (const { metadata } of this.#deps.store.list(resourceOf(Secrets), key.namespace).objects.filter(isTokenSecret))
      if (metadata.annotations?.[ACCOUNT_NAME] === key.name) this.#queue.add(secretKey(metadata));
  }

  async #handle(key: string): Promise<void> {
    const [sort, namespace = "", name = ""] = key.split("/");
    if (sort === "namespace") return this.#furnish(namespace);
    const secret = this.#deps.store.get(keyOf(Secrets, namespace, name)) as Secret | undefined;
    if (secret) await this.#fill(secret);
  }

  async #furnish(namespace: string): Promise<void> {
    const { store } = this.#deps;
    const found = store.get(keyOf(Namespaces, undefined, namespace));
    if (!found || found.metadata.deletionTimestamp) return;
    if (!store.get(keyOf(ServiceAccounts, namespace, DEFAULT_ACCOUNT)))
      await this.#create(ServiceAccounts, { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: DEFAULT_ACCOUNT, namespace } });
  }

  async #fill(secret: Secret): Promise<void> {
    const { store, tokens, authorities, registry } = this.#deps;
    const { namespace = "", name, annotations = {}, deletionTimestamp } = secret.metadata;
    const wanted = annotations[ACCOUNT_NAME] ?? "";
    const account = store.get(keyOf(ServiceAccounts, namespace, wanted)) as ServiceAccount | undefined;
    const uid = annotations[ACCOUNT_UID];
    if (!account || (uid !== undefined && uid !== account.metadata.uid)) {
      if (deletionTimestamp === undefined) await ignore("NotFound", registry.delete({ kind: Secrets, namespace, name }, {}, CONTEXT));
      return;
    }
    if (uid !== undefined && secret.data?.["token"] && secret.data["ca.crt"] === base64(authorities) && secret.data["namespace"]) return;
    const token = secret.data?.["token"] || base64(await tokens.issueLegacy(account, name));
    const data = { ...secret.data, token, "ca.crt": base64(authorities), namespace: base64(namespace) };
    await this.#modify(Secrets, secret, (current) => ({
      ...current,
      metadata: { ...current.metadata, annotations: { ...current.metadata.annotations, [ACCOUNT_UID]: account.metadata.uid ?? "" } },
      data,
    }));
  }

  async #create(kind: Kind, object: KubeObject): Promise<void> {
    await ignore("AlreadyExists", this.#deps.registry.create(kind, object.metadata.namespace, object, CONTEXT));
  }

  async #modify(kind: Kind, { metadata }: KubeObject, change: (current: KubeObject) => unknown): Promise<void> {
    await ignore("NotFound", this.#deps.registry.modify({ kind, namespace: metadata.namespace, name: metadata.name }, change, CONTEXT));
  }
}

function isTokenSecret(object: KubeObject): boolean {
  return (object as Secret).type === TOKEN_SECRET;
}

function secretKey({ namespace = "", name }: KubeObject["metadata"]): string {
  return `secret/${namespace}/${name}`;
}

function base64(text: string): string {
  return Buffer.from(text, "utf8").toString("base64");
}

async function ignore(reason: "NotFound" | "AlreadyExists", promise: Promise<unknown>): Promise<void> {
  try {
    await promise;
  } catch (error) {
    if (!isStatus(error, reason)) throw error;
  }
}
