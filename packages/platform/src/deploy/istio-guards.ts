import { causeChain, type Runnable, type Timer } from "@ebb/base";
import { TRAFFIC_POLICY, type KnativeService } from "@ebb/kube";
import type { Place } from "../apps/store.ts";
import { compileIstioGuard, type IstioGuard } from "../compile/istio-guard.ts";
import { revisionNumber } from "../compile/names.ts";
import { listDomains } from "../domains/store.ts";
import { listEnvironments } from "../environments/store.ts";
import { placeDeps, type Deps, type PlaceDeps } from "./context.ts";
import { externalHost, previewHost } from "./external-host.ts";
import { policyOf } from "./traffic-policy.ts";

const PERIOD = 5000;
/** What others have changed there in the meantime is put right. */
const RENEWED = 30_000;

/** The policy of an app in Istio's words, as things are now. */
export async function istioGuardOf({ db, clock, environment }: PlaceDeps, place: Place, service: KnativeService): Promise<IstioGuard> {
  const host = externalHost(service);
  const numbers = (service.spec.traffic ?? []).flatMap(({ revisionName = "" }) => revisionNumber(place.app, revisionName) ?? []);
  const previews = host === undefined ? [] : numbers.map((number) => previewHost(service, host, number));
  const domains = (await listDomains(db, place)).filter(({ verified_at: at }) => at !== null).map(({ name }) => name);
  const revisions = (service.spec.traffic ?? []).flatMap(({ revisionName }) => revisionName ?? []);
  return compileIstioGuard({
    app: place.app,
    namespace: environment.namespace,
    policy: policyOf(service),
    now: clock.now(),
    hosts: [...new Set([...(host === undefined ? [] : [host]), ...previews, ...domains])],
    revisions: [...new Set(revisions)],
  });
}

/**
 * Keeps Istio's objects what the policies say: entries end, versions and domains come and go. Only where the cluster has Istio; Ebb's own gateway reads
 * the policies itself.
 */
export class IstioGuards implements Runnable {
  readonly name = "guards by Istio";
  readonly #deps: Deps;
  /** What was put last, by app and environment. */
  readonly #put = new Map<string, { text: string; at: number }>();
  #timer: Timer | undefined;
  #running: Promise<void> | undefined;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  start(): Promise<void> {
    this.#timer = this.#deps.clock.every(PERIOD, () => void this.tick());
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    await this.#running;
  }

  /** Resolves when all have been looked at. */
  tick(): Promise<void> {
    this.#running ??= this.#lookAtAll()
      .catch((error: unknown) =>
        this.#deps.log.warn({ causes: causeChain(error) }, "the guards by Istio cannot be looked after; trying again"),
      )
      .finally(() => (this.#running = undefined));
    return this.#running;
  }

  async #lookAtAll(): Promise<void> {
    for (const environment of await listEnvironments(this.#deps.db)) {
      const deps = placeDeps(this.#deps, environment);
      for (const service of deps.cluster.services()) {
        if (service.metadata.annotations?.[TRAFFIC_POLICY] === undefined) continue;
        const place = { app: service.metadata.name, env: environment.name };
        try {
          if (await deps.cluster.guard.supported()) await this.#lookAt(deps, place, service);
        } catch (error) {
          this.#deps.log.warn({ ...place, causes: causeChain(error) }, "an app cannot be guarded by Istio; trying again");
        }
      }
    }
  }

  async #lookAt(deps: PlaceDeps, place: Place, service: KnativeService): Promise<void> {
    const { objects } = await istioGuardOf(deps, place, service);
    const key = `${place.app} ${place.env}`;
    const text = JSON.stringify(objects);
    const now = deps.clock.monotonic();
    const last = this.#put.get(key);
    if (last?.text === text && now - last.at < RENEWED) return;
    await deps.cluster.guard.put(place.app, objects);
    this.#put.set(key, { text, at: now });
  }
}
