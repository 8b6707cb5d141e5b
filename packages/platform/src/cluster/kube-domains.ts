import { ClusterDomainClaims, DomainMappings, isStatus, Secrets, type DomainMapping, type Secret } from "@ebb/kube";
import { operationError } from "../errors.ts";
import type { HttpKubeClient } from "./http-kube-client.ts";
import { isOurs } from "./ours.ts";
import { MANAGED_BY, PLATFORM_LABELS, type ClusterDomains, type DomainSecret } from "./port.ts";

/** Custom domains by Knative's DomainMapping and ClusterDomainClaim, on whatever engine. */
export class KubeDomains implements ClusterDomains {
  readonly #client: HttpKubeClient;
  readonly #namespace: string;
  readonly #retried: <T>(write: () => Promise<T>) => Promise<T>;

  constructor(client: HttpKubeClient, namespace: string, retried: <T>(write: () => Promise<T>) => Promise<T>) {
    this.#client = client;
    this.#namespace = namespace;
    this.#retried = retried;
  }

  read(host: string): Promise<DomainMapping | undefined> {
    return this.#client.get(DomainMappings, this.#namespace, host);
  }

  async put(mapping: DomainMapping): Promise<DomainMapping> {
    const { name, annotations, labels } = mapping.metadata;
    await this.#claim(name, labels ?? {});
    return this.#retried(async () => {
      const present = await this.read(name);
      if (!present)
        return this.#client.create(DomainMappings, { ...mapping, metadata: { ...mapping.metadata, namespace: this.#namespace } });
      if (!isOurs(present)) throw claimed(name, "There is a DomainMapping of that name that Ebb did not make");
      const metadata = { ...present.metadata, annotations: { ...present.metadata.annotations, ...annotations } };
      const { ref, tls } = mapping.spec;
      const as = { ...present.spec, ref: { ...present.spec.ref, ...ref } };
      delete as.tls;
      const wanted = { ...present, metadata, spec: tls ? { ...as, tls } : as };
      return this.#client.change(DomainMappings, present, wanted);
    });
  }

  async remove(host: string): Promise<void> {
    if (isOurs(await this.read(host))) await this.#client.delete(DomainMappings, this.#namespace, host);
    const claim = await this.#client.get(ClusterDomainClaims, undefined, host);
    if (isOurs(claim) && claim?.spec.namespace === this.#namespace) await this.#client.delete(ClusterDomainClaims, undefined, host);
  }

  async putCertificate({ name, app, certificate, key }: DomainSecret): Promise<void> {
    const encoded = (text: string) => Buffer.from(text).toString("base64");
    const data = { "tls.crt": encoded(certificate), "tls.key": encoded(key) };
    const labels = { [PLATFORM_LABELS.managedBy]: MANAGED_BY, [PLATFORM_LABELS.app]: app };
    const secret: Secret = {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name, namespace: this.#namespace, labels },
      type: "kubernetes.io/tls",
      data,
    };
    await this.#retried(async () => {
      const present = await this.#client.get(Secrets, this.#namespace, name);
      if (!present) return void (await this.#client.create(Secrets, secret));
      await this.#client.change(Secrets, present, { ...present, data });
    });
  }

  async #claim(host: string, labels: Record<string, string>): Promise<void> {
    const found = await this.#client.get(ClusterDomainClaims, undefined, host);
    if (found?.spec.namespace === this.#namespace) return;
    if (found) throw claimed(host, "It is claimed for another namespace");
    const metadata = { name: host, labels };
    try {
      await this.#client.create(ClusterDomainClaims, {
        apiVersion: "networking.internal.knative.dev/v1alpha1",
        kind: "ClusterDomainClaim",
        metadata,
        spec: { namespace: this.#namespace },
      });
    } catch (error) {
      // Made in between: the next attempt sees by whom.
      if (!isStatus(error, "AlreadyExists")) throw error;
    }
  }
}

function claimed(host: string, why: string): Error {
  return operationError("domain_claimed", `The cluster has ${host} already: ${why}`, {
    hint: "Look with: kubectl get clusterdomainclaim,domainmapping -A. Remove it there, or choose another domain.",
  });
}
