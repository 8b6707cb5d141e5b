import { isDeepStrictEqual } from "node:util";
import { Certificates, Namespaces, type Certificate, type Namespace } from "@ebb/kube";
import { domainFor, type DomainConfig, type NetworkConfig } from "../config/network.ts";
import type { Context } from "../context.ts";
import { Controller } from "../engine/controller.ts";
import { controllerRef, isControlledBy } from "../engine/keys.ts";
import { certificateOf, CLASS, classOf } from "./resources.ts";

/** Of a Certificate for all hosts of a domain: that domain. */
const WILDCARD_LABEL = "networking.knative.dev/wildcardDomain";
const WILDCARD = /^\*\.[a-z0-9.-]+$/;

/** The name that stands for all public hosts of a namespace, when the domain template gives one. */
function wildcardHost({ domainTemplate }: NetworkConfig, domain: string, namespace: string): string | undefined {
  const host = domainTemplate({ Name: "*", Namespace: namespace, Domain: domain }).toLowerCase();
  return WILDCARD.test(host) ? host : undefined;
}

/** Whether a Certificate is for all hosts of a domain. */
export function isWildcard({ labels }: Certificate["metadata"]): boolean {
  return labels?.[WILDCARD_LABEL] !== undefined;
}

/** `*.example.com` stands for one label in front of `example.com`. */
export function covers(wildcard: string, host: string): boolean {
  return wildcard.startsWith("*.") && host.slice(host.indexOf(".") + 1) === wildcard.slice(2);
}

/** After knative's pkg/reconciler/nscert; undefined: the namespace is to have none. */
export function wildcardCertificate(
  { metadata }: Namespace,
  { network, domain: domains }: { network: NetworkConfig; domain: DomainConfig },
): Certificate | undefined {
  const { name: namespace, labels } = metadata;
  if (!network.sharesCertificate?.(labels)) return undefined;
  const domain = domainFor(domains, {});
  const host = wildcardHost(network, domain, namespace ?? "");
  if (host === undefined) return undefined;
  const annotations = { [CLASS]: classOf({ metadata }) ?? network.certificateClass };
  const owner = controllerRef(Namespaces, { apiVersion: "v1", kind: "Namespace", metadata });
  return certificateOf(
    { name: host.slice("*.".length), namespace, labels: { [WILDCARD_LABEL]: domain }, annotations },
    { hosts: [host], domain, owner },
  );
}

/** What is to become of the Certificates of a namespace that are for all its hosts. */
interface WildcardPlan {
  create?: Certificate;
  update?: Certificate;
  remove: Certificate[];
}

/** Somebody's own for the same hosts will do; what was made here before is brought up to date, or goes. */
export function planWildcards(namespace: Namespace, desired: Certificate | undefined, existing: readonly Certificate[]): WildcardPlan {
  const owned = existing.filter((certificate) => isControlledBy(certificate, namespace));
  if (!desired) return { remove: owned };
  const [host = ""] = desired.spec.dnsNames;
  if (existing.some(({ spec }) => spec.dnsNames.includes(host))) return { remove: [] };
  const [known, ...rest] = owned;
  if (!known) return { create: desired, remove: [] };
  if (isDeepStrictEqual(known.spec, desired.spec)) return { remove: rest };
  const labels = { ...known.metadata.labels, ...desired.metadata.labels };
  return { update: { ...known, metadata: { ...known.metadata, labels }, spec: desired.spec }, remove: rest };
}

/** A Certificate for all public hosts of each namespace that `namespace-wildcard-cert-selector` in config-network selects. */
export class WildcardController {
  readonly controller: Controller;
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
    const { clock, log, namespaces, certificates, settings } = context;
    this.controller = new Controller({ name: "wildcard certificate", clock, log, reconcile: (namespace) => this.#reconcile(namespace) });
    namespaces.onChange(({ object }) => this.controller.add(object.metadata.name));
    certificates.onChange(({ object }) => {
      if (isWildcard(object.metadata)) this.controller.add(object.metadata.namespace);
    });
    settings.changed.on((name) => {
      if (name === "network" || name === "domain") for (const { metadata } of namespaces.list()) this.controller.add(metadata.name);
    });
  }

  async #reconcile(name: string): Promise<void> {
    const { client, namespaces, settings, wildcardsOf } = this.#context;
    const namespace = namespaces.get(undefined, name);
    if (!namespace || namespace.metadata.deletionTimestamp) return;
    const desired = wildcardCertificate(namespace, settings.current);
    const { create, update, remove } = planWildcards(namespace, desired, wildcardsOf.get(name));
    if (create) await client.create(Certificates, create);
    if (update) await client.update(Certificates, update);
    for (const { metadata } of remove) {
      if (!metadata.deletionTimestamp) await client.delete(Certificates, metadata.namespace, metadata.name);
    }
  }
}
