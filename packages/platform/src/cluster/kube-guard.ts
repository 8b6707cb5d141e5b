import { AuthorizationPolicies, DestinationRules, EnvoyFilters, type Kind, type KubeObject } from "@ebb/kube";
import type { Clock } from "@ebb/base";
import { ISTIO_GATEWAY, type GuardObject } from "../compile/istio-guard.ts";
import { operationError } from "../errors.ts";
import type { HttpKubeClient } from "./http-kube-client.ts";
import { isOurs } from "./ours.ts";
import { MANAGED_BY, PLATFORM_LABELS, type ClusterGuard } from "./port.ts";

/** A cluster gets Istio, or loses it, by hand. */
const REMEMBERED = 60_000;
const DISCOVERY_TIMEOUT = 5000;
const KINDS: Record<GuardObject["kind"], Kind> = {
  AuthorizationPolicy: AuthorizationPolicies,
  EnvoyFilter: EnvoyFilters,
  DestinationRule: DestinationRules,
};

interface Options {
  client: HttpKubeClient;
  namespace: string;
  clock: Clock;
  retried: <T>(write: () => Promise<T>) => Promise<T>;
}

/** What guards apps by Istio's own kinds, where the cluster has them. */
export class KubeGuard implements ClusterGuard {
  readonly #options: Options;
  #known: { at: number; supported: boolean } | undefined;

  constructor(options: Options) {
    this.#options = options;
  }

  async supported(): Promise<boolean> {
    const { client, clock } = this.#options;
    const now = clock.monotonic();
    if (this.#known && now - this.#known.at < REMEMBERED) return this.#known.supported;
    // Ebb's own cluster has VirtualServices, too: who has policies of access has a gateway that heeds them.
    const supported = (await client.groups(AbortSignal.timeout(DISCOVERY_TIMEOUT))).includes(AuthorizationPolicies.group);
    this.#known = { at: now, supported };
    return supported;
  }

  async put(app: string, objects: readonly GuardObject[]): Promise<void> {
    for (const object of objects) await this.#put(object);
    const wanted = new Set(objects.map(keyOf));
    for (const [kind, object] of await this.#present(app)) {
      const { namespace, name } = object.metadata;
      if (!wanted.has(`${kind.kind} ${name}`)) await this.#options.client.delete(kind, namespace, name);
    }
  }

  #put(object: GuardObject): Promise<unknown> {
    const { client, retried } = this.#options;
    const kind = KINDS[object.kind] as Kind<GuardObject>;
    const { namespace, name } = object.metadata;
    return retried(async () => {
      const present = await client.get(kind, namespace, name);
      if (!present) return client.create(kind, object);
      if (isOurs(present)) return client.change(kind, present, { ...present, spec: object.spec } as GuardObject);
      throw operationError("name_taken", `The cluster has a ${object.kind} ${namespace}/${name} that Ebb did not make`, {
        hint: "Delete or rename it with kubectl.",
      });
    });
  }

  async #present(app: string): Promise<[Kind, KubeObject][]> {
    const { client, namespace } = this.#options;
    const own = `${PLATFORM_LABELS.managedBy}=${MANAGED_BY},${PLATFORM_LABELS.app}=${app}`;
    const ofGateway = { namespace: ISTIO_GATEWAY.namespace, labelSelector: `${own},${PLATFORM_LABELS.namespace}=${namespace}` };
    const lists: [Kind, { namespace: string; labelSelector: string }][] = [
      [AuthorizationPolicies, ofGateway],
      [EnvoyFilters, ofGateway],
      [DestinationRules, { namespace, labelSelector: own }],
    ];
    const found = await Promise.all(lists.map(async ([kind, options]) => ({ kind, items: (await client.list(kind, options)).items })));
    return found.flatMap(({ kind, items }) => items.map((item): [Kind, KubeObject] => [kind, item]));
  }
}

function keyOf({ kind, metadata }: GuardObject): string {
  return `${kind} ${metadata.name}`;
}
