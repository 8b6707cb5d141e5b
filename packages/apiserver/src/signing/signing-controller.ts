import { WorkQueue, type Clock, type Logger, type Random, type Runnable, type Timer } from "@ebb/base";
import {
  CertificateSigningRequests,
  CLIENT_SIGNER,
  hasSigningCondition,
  isStatus,
  type SigningCondition,
  type SigningRequest,
} from "@ebb/kube";
import { DAY, type KeyPair } from "../pki/authority.ts";
import type { Registry } from "../registry/registry.ts";
import type { RequestContext } from "../registry/request-context.ts";
import { keyOf, resourceOf } from "../registry/selection.ts";
import type { Store } from "../store/store.ts";
import { signRequest } from "./sign-request.ts";

const CONTEXT: RequestContext = { user: { name: "system:serviceaccount:kube-system:certificate-controller", groups: ["system:masters"] } };
const REQUESTS = resourceOf(CertificateSigningRequests);
const HOUR = DAY / 24;
const CLEANING_PERIOD = HOUR;

export interface SigningDeps {
  store: Store;
  registry: Registry;
  /** The one that signs now. */
  authority: () => KeyPair;
  clock: Clock;
  random: Random;
  log: Logger;
}

/**
 * The signer `kubernetes.io/kube-apiserver-client`: signs what was approved, or says why it cannot be. Takes requests away that are done with, a day
 * after nobody decided and an hour after somebody did, as k8s.io/kubernetes pkg/controller/certificates/cleaner does. Level-based.
 */
export class SigningController implements Runnable {
  readonly name = "certificate signing requests";
  readonly #deps: SigningDeps;
  readonly #queue: WorkQueue;
  #unsubscribe: () => void = () => undefined;
  #cleaning: Timer | undefined;

  constructor(deps: SigningDeps) {
    this.#deps = deps;
    this.#queue = new WorkQueue({ name: this.name, clock: deps.clock, log: deps.log, handle: (name) => this.#handle(name) });
  }

  async start(): Promise<void> {
    const { store, clock } = this.#deps;
    this.#unsubscribe = store.onCommit((events) => {
      for (const { key, type } of events) if (key.resource === REQUESTS && type !== "DELETED") this.#queue.add(key.name);
    });
    this.#addAll();
    this.#cleaning = clock.every(CLEANING_PERIOD, () => this.#addAll());
  }

  async stop(): Promise<void> {
    this.#unsubscribe();
    this.#cleaning?.cancel();
    await this.#queue.stop();
  }

  #addAll(): void {
    for (const { metadata } of this.#deps.store.list(REQUESTS).objects) this.#queue.add(metadata.name);
  }

  async #handle(name: string): Promise<void> {
    const { store, registry, clock } = this.#deps;
    const target = { kind: CertificateSigningRequests, name };
    const request = store.get(keyOf(CertificateSigningRequests, undefined, name)) as SigningRequest | undefined;
    if (!request) return;
    try {
      if (isOver(request, clock.now())) await registry.delete(target, { propagationPolicy: "Background" }, CONTEXT);
      else if (isToSign(request)) {
        const status = await this.#sign(request);
        await registry.modify(target, (current) => ({ ...current, status }), CONTEXT, "status");
      }
    } catch (error) {
      if (!isStatus(error, "NotFound")) throw error;
    }
  }

  async #sign(request: SigningRequest): Promise<SigningRequest["status"]> {
    const { authority, clock, random } = this.#deps;
    const outcome = await signRequest(request, { authority: authority(), now: clock.now(), random });
    if ("certificate" in outcome) return { ...request.status, certificate: Buffer.from(outcome.certificate).toString("base64") };
    const failed: SigningCondition = { type: "Failed", status: "True", reason: "SignerValidationFailure", message: outcome.failure };
    return { ...request.status, conditions: [...(request.status?.conditions ?? []), failed] };
  }
}

function isToSign(request: SigningRequest): boolean {
  return (
    request.spec.signerName === CLIENT_SIGNER &&
    request.status?.certificate === undefined &&
    hasSigningCondition(request, "Approved") &&
    !hasSigningCondition(request, "Denied") &&
    !hasSigningCondition(request, "Failed")
  );
}

function isOver({ metadata, status }: SigningRequest, now: number): boolean {
  const conditions = status?.conditions ?? [];
  const longAgo = (time: string | undefined, hours: number) => now - Date.parse(time ?? "") > hours * HOUR;
  if (conditions.length === 0) return longAgo(metadata.creationTimestamp, 24);
  return conditions.some(({ type, lastUpdateTime }) => {
    if (type === "Approved") return longAgo(lastUpdateTime, status?.certificate === undefined ? 24 : 1);
    return (type === "Denied" || type === "Failed") && longAgo(lastUpdateTime, 1);
  });
}
