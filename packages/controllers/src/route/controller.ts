import { LABELS, Revisions, Routes, type Certificate, type Revision, type Route } from "@ebb/kube";
import {
  securedInside,
  TLS_NOT_ENABLED,
  TLS_NOT_INSIDE,
  unasked,
  type HostCertificates,
  type Secured,
} from "../certificate/host-certificates.ts";
import { localCertificates, routeCertificates, wantsCertificates } from "../certificate/resources.ts";
import { domainFor } from "../config/network.ts";
import type { Context } from "../context.ts";
import { applyStatus } from "../engine/apply.ts";
import { Controller } from "../engine/controller.ts";
import { keyOf, splitKey } from "../engine/keys.ts";
import { HostClaims } from "./claims.ts";
import { allHosts, makeEntry, namedSplits, redirectsToTls, statusTraffic, type NamedSplits } from "./entry.ts";
import { hostProblem, hostsOf, schemed, urlOf, type HostSettings } from "./hosts.ts";
import type { Ingress } from "./ingress.ts";
import { labelled } from "./labels.ts";
import { Placeholders } from "./placeholders.ts";
import { routeStatus, type Ingress as IngressState } from "./reconcile.ts";
import { ROUTE_CONDITIONS } from "./conditions.ts";
import {
  nextStep,
  observeReady,
  ROLLOUT_ANNOTATION,
  rolloutBefore,
  rolloutGoal,
  rolloutSeconds,
  stepRollout,
  withRollout,
  type ConfigurationRollout,
} from "./rollout.ts";
import { resolveTraffic, targetsInForce, type Target, type Unassigned } from "./traffic.ts";

const RETRY = 1000;

interface Intent {
  targets: Target[];
  problem: Unassigned | undefined;
  named: NamedSplits[];
  /** Empty when everything goes to the newest at once. */
  rollouts: ConfigurationRollout[];
}

interface DesiredCertificates {
  outside: Certificate[];
  /** Of its names inside the cluster. */
  inside: Certificate[];
}

interface SecuredRoute {
  outside: Secured;
  /** Those inside the cluster with them. */
  all: Secured;
}

/** Routes: traffic to the gateway, routing state to the Revisions, status to the API. */
export class RouteController {
  readonly controller: Controller;
  readonly #context: Context;
  readonly #ingress: Ingress;
  readonly #claims = new HostClaims();
  readonly #placeholders: Placeholders;

  readonly #certificates: HostCertificates;

  constructor(context: Context, ingress: Ingress, certificates: HostCertificates) {
    this.#context = context;
    this.#ingress = ingress;
    this.#certificates = certificates;
    this.#placeholders = new Placeholders(context.client, context.markedPlaceholders);
    const { clock, log } = context;
    this.controller = new Controller({ name: "route", clock, log, reconcile: (key) => this.#reconcile(key) });
    context.routes.onChange(({ object }) => this.controller.add(keyOf(object)));
    context.configurations.onChange(({ object }) => this.#addRoutesTo(`configuration:${keyOf(object)}`));
    context.revisions.onChange((event) => {
      // A Revision's counts change with its traffic; only its readiness matters here.
      if (event.type === "updated" && readyOf(event.object) === readyOf(event.old)) return;
      this.#addRoutesTo(`revision:${keyOf(event.object)}`);
    });
    context.markedPlaceholders.onChange(({ object: { metadata } }) => {
      const name = metadata.labels?.[LABELS.route];
      if (name !== undefined) this.controller.add(`${metadata.namespace ?? ""}/${name}`);
    });
    certificates.onChange(({ kind, key }) => kind === Routes.kind && this.controller.add(key));
    context.settings.changed.on((name) => {
      if (name === "network" || name === "domain" || name === "features")
        for (const route of context.routes.list()) this.controller.add(keyOf(route));
    });
  }

  /** Rebuilds what the gateway had from what the API says, before the gateway is spoken to; resolves when the gateway has it. */
  async adopt(): Promise<void> {
    const routes = this.#context.routes.list().filter(({ metadata }) => !metadata.deletionTimestamp);
    for (const route of routes) this.#claim(route, this.#intent(route).named);
    const puts = routes.map(async (route) => {
      const { named } = this.#intent(route);
      const entry = this.#entry(route, named);
      const told = this.#certificates.serve(keyOf(route), this.#look(route, named, this.#desired(route, named)).all.entries);
      const proved = ROUTE_CONDITIONS.get(route.status?.conditions, "IngressReady")?.status === "True";
      if (entry.hosts.length > 0) await this.#ingress.adopt(entry, proved);
      await told;
    });
    await Promise.all(puts);
  }

  #addRoutesTo(target: string): void {
    for (const route of this.#context.routesTo.get(target)) this.controller.add(keyOf(route));
  }

  async #reconcile(key: string): Promise<number | void> {
    const { namespace, name } = splitKey(key);
    const { routes, client, clock } = this.#context;
    const route = routes.get(namespace, name);
    if (!route || route.metadata.deletionTimestamp) return await this.#forget(key);
    const taken = await this.#placeholders.sync(route, this.#context.settings.current.network);
    const intent = this.#intent(route);
    this.#claim(route, intent.named);
    await this.#mark(key, this.#led(route, intent.targets), true);
    const entry = this.#entry(route, intent.named);
    const programmed: IngressState = entry.hosts.length > 0 ? await this.#ingress.program(entry) : { state: "ready" };
    if (entry.hosts.length === 0) await this.#ingress.remove(key);
    const { outside, all: secured } = await this.#secure(route, intent.named);
    // As upstream, the URL of a tag that is seen inside the cluster only says nothing of its certificate.
    const settings = { ...this.#settings(route), secure: outside.hosts };
    const inForce = programmed.state === "ready" && !intent.problem;
    const duration = rolloutSeconds(route.metadata.annotations, settings.network.rolloutSeconds);
    const rollouts = inForce ? observeReady(intent.rollouts, clock.now(), duration) : undefined;
    const status = routeStatus({
      route,
      problem: intent.problem,
      ingress: programmed.state === "ready" ? (taken ?? this.#refusal(key, intent.named) ?? programmed) : programmed,
      traffic: inForce ? statusTraffic(route, intent.targets, settings) : (route.status?.traffic ?? []),
      secured,
      url: urlOf(hostsOf(route, settings), secured.hosts),
      localUrl: schemed(hostsOf(route, settings).local[0] ?? "", secured.hosts),
      ...(rollouts ? { rollouts } : {}),
      now: clock.now(),
    });
    await applyStatus(client, Routes, { object: route, status });
    if (programmed.state !== "ready") return RETRY;
    // Only now does nothing lead to them any more.
    const led = new Set(this.#led(route, intent.targets).map(keyOf));
    await this.#mark(
      key,
      this.#context.revisionsRouted.get(key).filter((revision) => !led.has(keyOf(revision))),
      false,
    );
    const next = nextStep(rollouts ?? []);
    return next === undefined ? undefined : Math.max(0, next - clock.now());
  }

  #settings(route: Route): HostSettings {
    const { network, domain } = this.#context.settings.current;
    return { network, domain, local: this.#placeholders.local(route) };
  }

  /** The certificates that its hosts should have, as far as they are its own. */
  #desired(route: Route, named: readonly NamedSplits[]): DesiredCertificates {
    const { network, domain } = this.#context.settings.current;
    const own = (host: string | undefined): host is string => host !== undefined && this.#mine(route, host);
    const publicHosts = named.flatMap(({ tag, hosts: { external: host } }) => (own(host) ? [{ host, tag }] : []));
    const localHosts = named.flatMap(({ tag, hosts: { local } }) => (local.every(own) ? [{ hosts: local, tag }] : []));
    return {
      outside: wantsCertificates(route, network)
        ? routeCertificates(route, publicHosts, { network, domain: domainFor(domain, route.metadata.labels ?? {}) })
        : [],
      inside: network.makesLocalCertificates ? localCertificates(route, localHosts, network) : [],
    };
  }

  async #secure(route: Route, named: readonly NamedSplits[]): Promise<SecuredRoute> {
    const desired = this.#desired(route, named);
    await this.#certificates.sync(route, [...desired.outside, ...desired.inside]);
    const secured = this.#look(route, named, desired);
    await this.#certificates.serve(keyOf(route), secured.all.entries);
    return secured;
  }

  #look(route: Route, named: readonly NamedSplits[], desired: DesiredCertificates): SecuredRoute {
    const { network } = this.#context.settings.current;
    const none = wantsCertificates(route, network) ? TLS_NOT_INSIDE : TLS_NOT_ENABLED;
    const publicHosts = named.flatMap(({ hosts: { external } }) => external ?? []);
    const outside = desired.outside.length > 0 ? this.#certificates.look(route, desired.outside) : unasked(none, publicHosts, network);
    if (desired.inside.length === 0) return { outside, all: outside };
    return { outside, all: securedInside(outside, this.#certificates.lookInside(route, desired.inside)) };
  }

  #mine(route: Route, host: string): boolean {
    return this.#claims.owner(host) === keyOf(route) && hostProblem(host) === undefined;
  }

  #intent(route: Route): Intent {
    const { configurations, revisions } = this.#context;
    const resolved = resolveTraffic(route, {
      configuration: (namespace, name) => configurations.get(namespace, name),
      revision: (namespace, name) => revisions.get(namespace, name),
    });
    const problem = "problem" in resolved ? resolved.problem : undefined;
    const rollouts = "targets" in resolved ? this.#rollouts(route, resolved.targets) : [];
    const targets = "targets" in resolved ? withRollout(route.spec.traffic ?? [], resolved.targets, rollouts) : targetsInForce(route);
    return { targets, problem, named: namedSplits(route, targets, this.#settings(route)), rollouts };
  }

  #rollouts({ metadata, spec, status }: Route, targets: readonly Target[]): ConfigurationRollout[] {
    const { settings, clock } = this.#context;
    if (rolloutSeconds(metadata.annotations, settings.current.network.rolloutSeconds) === 0) return [];
    const traffic = spec.traffic ?? [];
    const before = rolloutBefore(status?.annotations?.[ROLLOUT_ANNOTATION], traffic, status?.traffic ?? []);
    return stepRollout(rolloutGoal(traffic, targets), before, clock.now());
  }

  #claim(route: Route, named: readonly NamedSplits[]): void {
    const created = route.metadata.creationTimestamp ?? "";
    for (const other of this.#claims.put(keyOf(route), created, allHosts(named))) this.controller.add(other);
  }

  #entry(route: Route, named: readonly NamedSplits[]) {
    const { network, features } = this.#context.settings.current;
    return makeEntry(route, named, {
      mine: (host) => this.#mine(route, host),
      redirectToTls: redirectsToTls(route, network.redirectsToTls),
      tagHeader: features["tag-header-based-routing"] === "Enabled",
    });
  }

  #refusal(key: string, named: readonly NamedSplits[]): IngressState | undefined {
    for (const host of allHosts(named)) {
      const problem = hostProblem(host);
      if (problem !== undefined) return { state: "refused", reason: "InvalidHost", message: problem };
      const owner = this.#claims.owner(host);
      if (owner !== undefined && owner !== key) {
        const message = `The host ${host} belongs to Route ${owner}, which is older. Use another name or tag, or delete that Route.`;
        return { state: "refused", reason: "DomainConflict", message };
      }
    }
    return undefined;
  }

  /** The Revisions that this Route leads to or asks for by name. */
  #led({ metadata, spec }: Route, targets: readonly Target[]): Revision[] {
    const names = new Set([...targets, ...(spec.traffic ?? [])].flatMap(({ revisionName }) => revisionName ?? []));
    return [...names].flatMap((name) => this.#context.revisions.get(metadata.namespace, name) ?? []);
  }

  async #mark(key: string, revisions: readonly Revision[], routed: boolean): Promise<void> {
    for (const revision of revisions) {
      const update = labelled(revision, splitKey(key).name, { routed, now: this.#context.clock.now() });
      if (update && !revision.metadata.deletionTimestamp) await this.#context.client.update(Revisions, update);
    }
  }

  async #forget(key: string): Promise<void> {
    for (const other of this.#claims.remove(key)) this.controller.add(other);
    await this.#ingress.remove(key);
    await this.#certificates.serve(key, []);
    await this.#mark(key, this.#context.revisionsRouted.get(key), false);
  }
}

function readyOf({ status }: Revision): string | undefined {
  return status?.conditions?.find(({ type }) => type === "Ready")?.status;
}
