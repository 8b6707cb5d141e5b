import { CoreServices, LABELS, LAST_APPLIED, Routes, type CoreService, type Informer, type KubeClient, type Route } from "@ebb/kube";
import type { NetworkConfig } from "../config/network.ts";
import { controllerRef, isControlledBy, omit } from "../engine/keys.ts";
import type { Ingress } from "./reconcile.ts";

/** What cluster-local names lead to upstream; `cluster-landmarks` in apps/server makes it. */
const LOCAL_GATEWAY = "knative-local-gateway.istio-system.svc.cluster.local";

/** Selects the placeholder Services that say something of visibility: without them nobody need look at the others. */
export const MARKED_PLACEHOLDERS = `${LABELS.route},${LABELS.visibility}`;

/**
 * The Service that holds the name of a Route, or of one of its tags, inside the cluster; after knative's pkg/reconciler/route/resources/service.go.
 * It does not inherit the Route's visibility: the label is for whoever wants a single tag to be seen inside the cluster only.
 */
export function placeholderService(route: Route, hostname: string): CoreService {
  const { name, namespace, labels, annotations } = route.metadata;
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: {
      name: hostname,
      ...(namespace === undefined ? {} : { namespace }),
      labels: { ...omit(labels, [LABELS.visibility]), [LABELS.route]: name },
      annotations: omit(annotations, [LAST_APPLIED]),
      ownerReferences: [controllerRef(Routes, route)],
    },
    spec: {
      type: "ExternalName",
      externalName: LOCAL_GATEWAY,
      sessionAffinity: "None",
      ports: [{ name: "http2", protocol: "TCP", port: 80, targetPort: 80 }],
    },
    status: { loadBalancer: {} },
  };
}

/** Of a Route itself (no tag) or a tag. */
export function placeholderName(route: Route, { tagTemplate }: Pick<NetworkConfig, "tagTemplate">, tag?: string): string {
  return tag === undefined ? route.metadata.name : tagTemplate({ Tag: tag, Name: route.metadata.name });
}

/**
 * The placeholder Services of a Route's tags. That of the Route itself is made when it is read (ADR 0008), until somebody gives it a visibility of
 * its own; those of tags, of which there are few, are stored.
 */
export class Placeholders {
  readonly #client: KubeClient;
  readonly #marked: Informer<CoreService>;

  constructor(client: KubeClient, marked: Informer<CoreService>) {
    this.#client = client;
    this.#marked = marked;
  }

  /** The names, of the Route and of tags, that a label makes visible inside the cluster only. */
  local({ metadata: { name, namespace } }: Route): ReadonlySet<string> {
    const filter = { ...(namespace === undefined ? {} : { namespace }), labels: { [LABELS.route]: name } };
    return new Set(this.#marked.list(filter).map(({ metadata }) => metadata.name));
  }

  /** Makes those of the tags, and takes away those of tags that there were. A name that somebody else has is told. */
  async sync(route: Route, network: Pick<NetworkConfig, "tagTemplate">): Promise<Ingress | undefined> {
    const { namespace } = route.metadata;
    const nameOf = ({ tag }: { tag?: string }) => (tag ? [placeholderName(route, network, tag)] : []);
    const wanted = new Set((route.spec.traffic ?? []).flatMap(nameOf));
    for (const name of new Set((route.status?.traffic ?? []).flatMap(nameOf))) {
      if (wanted.has(name)) continue;
      const existing = await this.#client.get(CoreServices, namespace, name);
      if (existing && isControlledBy(existing, route)) await this.#client.delete(CoreServices, namespace, name);
    }
    let refused: Ingress | undefined;
    for (const name of wanted) {
      const existing = await this.#client.get(CoreServices, namespace, name);
      if (!existing) await this.#client.create(CoreServices, placeholderService(route, name));
      else if (!isControlledBy(existing, route))
        refused = {
          state: "refused",
          reason: "NotOwned",
          message: `There is an existing placeholder Service "${name}" that we do not own.`,
        };
    }
    return refused;
  }
}
