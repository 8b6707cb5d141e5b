import { isDeepStrictEqual } from "node:util";
import type { CertificateEntry } from "@ebb/gateway";
import { Certificates, type Cause, type Certificate, type Condition, type ConditionSet, type KubeObject, type Secret } from "@ebb/kube";
import type { Context } from "../context.ts";
import { apply } from "../engine/apply.ts";
import { IndexBy } from "../engine/index-by.ts";
import { controllerOf, isControlledBy } from "../engine/keys.ts";
import type { GatewayPort } from "../ports.ts";
import { GatewayCertificates } from "./gateway-certificates.ts";
import { gatewayEntry } from "./reconcile.ts";

/** What the certificates of an object's hosts come to. */
export interface Secured {
  /** Of the condition CertificateProvisioned; without a cause, all are there. */
  provisioned: { status: "True" | "False" | "Unknown"; cause?: Cause };
  /** Hosts whose URLs are `https`. */
  hosts: ReadonlySet<string>;
  entries: CertificateEntry[];
}

export const TLS_NOT_ENABLED: Secured = without("external-domain-tls is not enabled");
export const TLS_NOT_INSIDE: Secured = without("TLS is not enabled for cluster-local");

function without(message: string): Secured {
  return { provisioned: { status: "True", cause: { reason: "TLSNotEnabled", message } }, hosts: new Set(), entries: [] };
}

/** The condition CertificateProvisioned, as upstream's MarkCertificate… and MarkTLSNotEnabled leave it. */
export function markProvisioned(
  conditions: ConditionSet,
  marks: Condition[],
  { status, cause }: Secured["provisioned"],
  now: number,
): Condition[] {
  const type = "CertificateProvisioned";
  if (!cause) return conditions.markTrue(marks, type, now);
  const mark = { True: conditions.markTrueBecause, False: conditions.markFalse, Unknown: conditions.markUnknown }[status];
  return mark.call(conditions, marks, type, cause, now);
}

/** How the certificates that are asked for stand; `downgrades`: a host without one may be asked in cleartext meanwhile. After knative's `tls` of a Route. */
export function securedBy(
  wanted: readonly { desired: Certificate; existing: Certificate | undefined; secret: Secret | undefined }[],
  { holder, downgrades }: { holder: KubeObject; downgrades: boolean },
): Secured {
  const hosts = new Set<string>();
  const entries: CertificateEntry[] = [];
  let provisioned: Secured["provisioned"] = { status: "True" };
  for (const { desired, existing, secret } of wanted) {
    const { name } = desired.metadata;
    if (existing && !isControlledBy(existing, holder)) {
      const message = `There is an existing certificate ${name} that we don't own.`;
      provisioned = { status: "False", cause: { reason: "CertificateNotOwned", message } };
      continue;
    }
    const current = existing && isDeepStrictEqual(existing.spec, desired.spec) ? existing : undefined;
    const entry = current && gatewayEntry(current, secret);
    if (entry) entries.push(entry);
    if (entry || !downgrades) for (const host of desired.spec.dnsNames) hosts.add(host);
    if (entry || provisioned.status === "False") continue;
    provisioned = downgrades
      ? { status: "True", cause: { reason: "HTTPDowngrade", message: `Certificate ${name} is not ready downgrade HTTP.` } }
      : { status: "Unknown", cause: { reason: "CertificateNotReady", message: `Certificate ${name} is not ready.` } };
  }
  return { provisioned, hosts, entries };
}

/** Keeps the Certificates of what has public hosts, and gives the gateway those that are ready. */
export class HostCertificates {
  readonly #context: Context;
  readonly #gateway: GatewayCertificates;
  /** By the uid of what controls them. */
  readonly #owned: IndexBy<Certificate>;

  constructor(context: Context, gateway: Pick<GatewayPort, "putCertificate" | "removeCertificate">) {
    this.#context = context;
    const { clock, log, certificates } = context;
    this.#gateway = new GatewayCertificates({ gateway, clock, log });
    this.#owned = new IndexBy(certificates, (certificate) => [controllerOf(certificate)?.uid ?? ""]);
  }

  /** Calls back with the object that controls a Certificate of which, or of whose Secret, something has changed. */
  onChange(changed: (owner: { kind: string; key: string }) => void): void {
    const { certificates, secrets } = this.#context;
    const tell = (certificate: Certificate | undefined) => {
      const owner = certificate && controllerOf(certificate);
      if (owner) changed({ kind: owner.kind, key: `${certificate.metadata.namespace ?? ""}/${owner.name}` });
    };
    certificates.onChange(({ object }) => tell(object));
    secrets.onChange(({ object, type }) => {
      const owner = controllerOf(object);
      if (owner?.kind === Certificates.kind && type !== "resync") tell(certificates.get(object.metadata.namespace, owner.name));
    });
  }

  /** As the API has them, without a change. */
  look(holder: KubeObject, desired: readonly Certificate[]): Secured {
    const { certificates, secrets, settings } = this.#context;
    const { namespace } = holder.metadata;
    const wanted = desired.map((each) => ({
      desired: each,
      existing: certificates.get(namespace, each.metadata.name),
      secret: secrets.get(namespace, each.spec.secretName),
    }));
    return securedBy(wanted, { holder, downgrades: !settings.current.network.redirectsToTls });
  }

  /** Makes those that are missing, removes those that nobody needs any more. */
  async sync(holder: KubeObject, desired: readonly Certificate[]): Promise<Secured> {
    const { client, certificates } = this.#context;
    for (const each of desired) {
      const existing = certificates.get(holder.metadata.namespace, each.metadata.name);
      if (!existing || isControlledBy(existing, holder)) await apply(client, { kind: Certificates, desired: each, existing });
    }
    const kept = new Set(desired.map(({ metadata }) => metadata.name));
    for (const { metadata } of this.#owned.get(holder.metadata.uid ?? "")) {
      if (!kept.has(metadata.name) && !metadata.deletionTimestamp) await client.delete(Certificates, metadata.namespace, metadata.name);
    }
    return this.look(holder, desired);
  }

  /** Resolves when the gateway has them: a host is not said to be secure before. */
  serve(holder: string, entries: readonly CertificateEntry[]): Promise<void> {
    return this.#gateway.set(holder, entries);
  }
}
