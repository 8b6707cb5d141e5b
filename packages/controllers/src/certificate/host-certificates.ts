import { isDeepStrictEqual } from "node:util";
import type { CertificateEntry } from "@ebb/gateway";
import {
  Certificates,
  Routes,
  type Cause,
  type Certificate,
  type Condition,
  type ConditionSet,
  type KubeObject,
  type Secret,
} from "@ebb/kube";
import type { NetworkConfig } from "../config/network.ts";
import type { Context } from "../context.ts";
import { apply } from "../engine/apply.ts";
import { IndexBy } from "../engine/index-by.ts";
import { controllerOf, isControlledBy, keyOf } from "../engine/keys.ts";
import type { GatewayPort } from "../ports.ts";
import { GatewayCertificates } from "./gateway-certificates.ts";
import { gatewayEntry } from "./reconcile.ts";
import { covers, isWildcard } from "./wildcards.ts";

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

/** Hosts for which no certificate is asked: who has TLS ended in front of the gateway says so by `default-external-scheme`. */
export function unasked(none: Secured, hosts: Iterable<string>, { externalScheme }: Pick<NetworkConfig, "externalScheme">): Secured {
  return externalScheme === "https" ? { ...none, hosts: new Set(hosts) } : none;
}

/** With the names inside the cluster, of which upstream speaks last: each is `https` as soon as it has its certificate, and never before. */
export function securedInside(outside: Secured, inside: Secured): Secured {
  const { entries } = inside;
  return {
    provisioned: outside.provisioned.status === "True" ? inside.provisioned : outside.provisioned,
    hosts: new Set([...outside.hosts, ...entries.flatMap(({ hosts }) => hosts)]),
    entries: [...outside.entries, ...entries],
  };
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

interface WantedCertificate {
  desired: Certificate;
  existing: Certificate | undefined;
  /** Of the one that is shared, where there is such. */
  secret: Secret | undefined;
  /** One for all hosts of the namespace, which takes its place. */
  shared?: Certificate | undefined;
}

/** How the certificates that are asked for stand; `downgrades`: a host without one may be asked in cleartext meanwhile. After knative's `tls` of a Route. */
export function securedBy(
  wanted: readonly WantedCertificate[],
  { holder, downgrades }: { holder: KubeObject; downgrades: boolean },
): Secured {
  const hosts = new Set<string>();
  const entries: CertificateEntry[] = [];
  let provisioned: Secured["provisioned"] = { status: "True" };
  for (const { desired, existing, secret, shared } of wanted) {
    const { name } = (shared ?? desired).metadata;
    if (!shared && existing && !isControlledBy(existing, holder)) {
      const message = `There is an existing certificate ${name} that we don't own.`;
      provisioned = { status: "False", cause: { reason: "CertificateNotOwned", message } };
      continue;
    }
    const current = shared ?? (existing && isDeepStrictEqual(existing.spec, desired.spec) ? existing : undefined);
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
    certificates.onChange(({ object }) => {
      tell(object);
      this.#tellSharers(object, changed);
    });
    secrets.onChange(({ object, type }) => {
      const owner = controllerOf(object);
      if (owner?.kind !== Certificates.kind || type === "resync") return;
      const certificate = certificates.get(object.metadata.namespace, owner.name);
      tell(certificate);
      if (certificate) this.#tellSharers(certificate, changed);
    });
  }

  /** All Routes of its namespace may be served by it. */
  #tellSharers({ metadata }: Certificate, changed: (owner: { kind: string; key: string }) => void): void {
    if (!isWildcard(metadata)) return;
    const routes = this.#context.routes.list({ namespace: metadata.namespace ?? "" });
    for (const route of routes) changed({ kind: Routes.kind, key: keyOf(route) });
  }

  /** Where there is one for all hosts of the namespace, a Route needs none of its own. */
  #sharedBy(holder: KubeObject, { spec }: Certificate): Certificate | undefined {
    if (holder.kind !== Routes.kind) return undefined;
    const wildcards = this.#context.wildcardsOf.get(holder.metadata.namespace ?? "");
    return wildcards.find((each) => spec.dnsNames.every((host) => each.spec.dnsNames.some((name) => covers(name, host))));
  }

  /** As the API has them, without a change. */
  look(holder: KubeObject, desired: readonly Certificate[]): Secured {
    return this.#judge(holder, desired, !this.#context.settings.current.network.redirectsToTls);
  }

  /** The same for names inside the cluster, which nobody downgrades. */
  lookInside(holder: KubeObject, desired: readonly Certificate[]): Secured {
    return this.#judge(holder, desired, false);
  }

  #judge(holder: KubeObject, desired: readonly Certificate[], downgrades: boolean): Secured {
    const { certificates, secrets } = this.#context;
    const { namespace } = holder.metadata;
    const wanted = desired.map((each) => {
      const shared = this.#sharedBy(holder, each);
      const secret = secrets.get(namespace, (shared ?? each).spec.secretName);
      return { desired: each, existing: certificates.get(namespace, each.metadata.name), secret, shared };
    });
    return securedBy(wanted, { holder, downgrades });
  }

  /** Makes those that are missing, removes those that nobody needs any more. */
  async sync(holder: KubeObject, desired: readonly Certificate[]): Promise<Secured> {
    const { client, certificates } = this.#context;
    const own = desired.filter((each) => !this.#sharedBy(holder, each));
    for (const each of own) {
      const existing = certificates.get(holder.metadata.namespace, each.metadata.name);
      if (!existing || isControlledBy(existing, holder)) await apply(client, { kind: Certificates, desired: each, existing });
    }
    const kept = new Set(own.map(({ metadata }) => metadata.name));
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
