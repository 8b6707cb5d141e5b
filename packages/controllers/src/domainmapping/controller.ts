import type { CertificateEntry, RouteEntry } from "@ebb/gateway";
import {
  ClusterDomainClaims,
  DomainMappings,
  type ClusterDomainClaim,
  type DomainMapping,
  type KnativeService,
  type Route,
} from "@ebb/kube";
import { TLS_NOT_ENABLED, unasked, type HostCertificates, type Secured } from "../certificate/host-certificates.ts";
import { mappingCertificate, wantsCertificates } from "../certificate/resources.ts";
import type { Context } from "../context.ts";
import { applyStatus } from "../engine/apply.ts";
import { Controller } from "../engine/controller.ts";
import { keyOf, splitKey } from "../engine/keys.ts";
import { redirectsToTls } from "../route/entry.ts";
import { policyOf } from "../route/policy.ts";
import type { Ingress } from "../route/ingress.ts";
import { mappingTls, type MappingTls } from "./certificate.ts";
import { claimProblem, DOMAIN_MAPPING_CONDITIONS, makeMapping, mappingStatus, resolveReference, type Resolved } from "./reconcile.ts";

/** Holds a mapping until the claim that was made for it is free again. */
const FINALIZER = "domainmappings.serving.knative.dev";
const RETRY = 1000;

/** DomainMappings: a host of one's own, claimed for the namespace, led to a Service or Route. */
export class DomainMappingController {
  readonly controller: Controller;
  readonly #context: Context;
  readonly #ingress: Ingress;
  readonly #certificates: HostCertificates;

  constructor(context: Context, ingress: Ingress, certificates: HostCertificates) {
    this.#context = context;
    this.#ingress = ingress;
    this.#certificates = certificates;
    const { clock, log, domainMappings, domainClaims, services, routes, secrets, settings } = context;
    this.controller = new Controller({ name: "domainmapping", clock, log, reconcile: (key) => this.#reconcile(key) });
    domainMappings.onChange(({ object }) => this.controller.add(keyOf(object)));
    domainClaims.onChange(({ object }) => this.#addWhere(({ metadata }) => metadata.name === object.metadata.name));
    for (const informer of [services, routes]) {
      informer.onChange((event) => {
        const { metadata, status } = event.object;
        if (event.type === "updated" && event.old.status?.address?.url === status?.address?.url) return;
        this.#addWhere((mapping) => mapping.metadata.namespace === metadata.namespace && mapping.spec.ref.name === metadata.name);
      });
    }
    secrets.onChange(({ object: { metadata }, type }) => {
      if (type === "resync") return;
      this.#addWhere((mapping) => mapping.spec.tls?.secretName === metadata.name && mapping.metadata.namespace === metadata.namespace);
    });
    certificates.onChange(({ kind, key }) => kind === DomainMappings.kind && this.controller.add(key));
    settings.changed.on((name) => {
      if (name === "network") this.#addWhere(() => true);
    });
  }

  /** Puts the mappings into the first table; resolves when the gateway has it. */
  async adopt(): Promise<void> {
    const { domainMappings } = this.#context;
    await Promise.all(
      domainMappings.list().map(async (mapping) => {
        const resolved = this.#resolve(mapping);
        if (mapping.metadata.deletionTimestamp || claimProblem(mapping, this.#claimOf(mapping)) || "problem" in resolved) return;
        const told = this.#certify(mapping, this.#tlsOf(mapping), this.#certificates.look(mapping, this.#desired(mapping)));
        const proved = DOMAIN_MAPPING_CONDITIONS.get(mapping.status?.conditions, "IngressReady")?.status === "True";
        await this.#ingress.adopt(this.#entryOf(mapping, resolved.host), proved);
        await told;
      }),
    );
  }

  #addWhere(holds: (mapping: DomainMapping) => boolean): void {
    for (const mapping of this.#context.domainMappings.list()) if (holds(mapping)) this.controller.add(keyOf(mapping));
  }

  async #reconcile(key: string): Promise<number | void> {
    const { namespace, name } = splitKey(key);
    const { domainMappings, client, clock } = this.#context;
    const mapping = domainMappings.get(namespace, name);
    if (!mapping || mapping.metadata.deletionTimestamp) return await this.#forget(key, mapping);
    if (!mapping.metadata.finalizers?.includes(FINALIZER)) {
      const finalizers = [...(mapping.metadata.finalizers ?? []), FINALIZER];
      // Its change brings it here again.
      return void (await client.update(DomainMappings, { ...mapping, metadata: { ...mapping.metadata, finalizers } }));
    }
    const claim = claimProblem(mapping, await this.#claim(mapping));
    const resolved = claim ? undefined : this.#resolve(mapping);
    const tls = claim ? undefined : this.#tlsOf(mapping);
    const desired = claim ? [] : this.#desired(mapping);
    const secured = await this.#certificates.sync(mapping, desired);
    await this.#certify(mapping, tls, secured);
    const entry = resolved && "host" in resolved ? this.#entryOf(mapping, resolved.host) : undefined;
    const ingress = entry && (await this.#ingress.program(entry));
    if (!entry) await this.#ingress.remove(`domainmapping:${key}`);
    await applyStatus(client, DomainMappings, {
      object: mapping,
      status: mappingStatus(mapping, {
        claim,
        resolved,
        tls,
        secured: desired.length > 0 ? secured : unasked(TLS_NOT_ENABLED, [name], this.#context.settings.current.network),
        ingress,
        now: clock.now(),
      }),
    });
    return ingress?.state === "waiting" ? RETRY : undefined;
  }

  #claimOf({ metadata }: DomainMapping): ClusterDomainClaim | undefined {
    return this.#context.domainClaims.get(undefined, metadata.name);
  }

  async #claim(mapping: DomainMapping): Promise<ClusterDomainClaim | undefined> {
    const { client, settings } = this.#context;
    const found = this.#claimOf(mapping);
    if (found || !settings.current.network.createsDomainClaims) return found;
    return await client.create(ClusterDomainClaims, {
      apiVersion: "networking.internal.knative.dev/v1alpha1",
      kind: "ClusterDomainClaim",
      metadata: { name: mapping.metadata.name },
      spec: { namespace: mapping.metadata.namespace ?? "" },
    });
  }

  #resolve(mapping: DomainMapping): Resolved {
    return resolveReference(mapping, (...reference) => {
      const found = this.#referred(...reference);
      return found ? found.status?.address : "missing";
    });
  }

  #referred(kind: "Service" | "Route", namespace: string, name: string): KnativeService | Route | undefined {
    const { services, routes } = this.#context;
    return kind === "Service" ? services.get(namespace, name) : routes.get(namespace, name);
  }

  #entryOf(mapping: DomainMapping, target: string): RouteEntry {
    const { kind, name, namespace = mapping.metadata.namespace ?? "" } = mapping.spec.ref;
    const found = this.#referred(kind === "Route" ? "Route" : "Service", namespace, name);
    const redirectToTls = redirectsToTls(mapping, this.#context.settings.current.network.redirectsToTls);
    return makeMapping(mapping, target, { redirectToTls, policy: found && policyOf(found) });
  }

  #tlsOf(mapping: DomainMapping): MappingTls | undefined {
    const { namespace = "" } = mapping.metadata;
    const { secretName } = mapping.spec.tls ?? {};
    return mappingTls(mapping, secretName === undefined ? undefined : this.#context.secrets.get(namespace, secretName));
  }

  #desired(mapping: DomainMapping) {
    const { network } = this.#context.settings.current;
    return mapping.spec.tls || !wantsCertificates(mapping, network) ? [] : [mappingCertificate(mapping, network)];
  }

  /** A certificate that can be used no more is taken back: the host must not go on under one that its owner has withdrawn. */
  #certify(mapping: DomainMapping, tls: MappingTls | undefined, secured: Secured): Promise<void> {
    const own: CertificateEntry[] = tls && "certificate" in tls ? [tls.certificate] : [];
    return this.#certificates.serve(holderOf(keyOf(mapping)), [...own, ...secured.entries]);
  }

  async #forget(key: string, mapping: DomainMapping | undefined): Promise<void> {
    const { client, settings } = this.#context;
    await this.#certificates.serve(holderOf(key), []);
    await this.#ingress.remove(`domainmapping:${key}`);
    if (!mapping?.metadata.finalizers?.includes(FINALIZER)) return;
    const claim = this.#claimOf(mapping);
    // A claim that an administrator has made is theirs.
    if (claim && settings.current.network.createsDomainClaims && claim.spec.namespace === mapping.metadata.namespace) {
      await client.delete(ClusterDomainClaims, undefined, claim.metadata.name);
    }
    const finalizers = mapping.metadata.finalizers.filter((name) => name !== FINALIZER);
    await client.update(DomainMappings, { ...mapping, metadata: { ...mapping.metadata, finalizers } });
  }
}

/** A Route may have the same name. */
function holderOf(key: string): string {
  return `domainmapping:${key}`;
}
