import { isQuantity, formatQuantity, QUEUE_PROXY, quantityValue, type Container, type Revision } from "@ebb/kube";
import { servingContainer } from "../revision/workload.ts";

const PREFIX = "queue.sidecar.serving.knative.dev/";
const PERCENTAGE = [`${PREFIX}resource-percentage`, `${PREFIX}resourcePercentage`];
const IMAGE = "bundle.ebb.local/gateway";
const MIB = 2 ** 20;

type Kind = "requests" | "limits";
type Resource = "cpu" | "memory";

/** The least and the most of each that a percentage of the container's own gives; cores and bytes. */
const BOUNDS: Record<Kind, Record<Resource, [least: number, most: number]>> = {
  requests: { cpu: [0.025, 0.1], memory: [50 * MIB, 200 * MIB] },
  limits: { cpu: [0.04, 0.5], memory: [200 * MIB, 500 * MIB] },
};
const DEFAULT_CPU = "25m";

/**
 * The `queue-proxy` of a Revision whose annotations speak of one, with the sizes that they give it, and of each while requests are logged; else undefined.
 * Nothing runs in it, as the gateway does its work, so others have none. After knative/serving pkg/reconciler/revision/resources/queue.go (createQueueResources), without config-deployment.
 */
export function queueProxyOf(revision: Revision, isLogged = false): Container | undefined {
  const annotations = revision.metadata.annotations ?? {};
  if (!isLogged && !Object.keys(annotations).some((key) => key.startsWith(PREFIX))) return undefined;
  const percentage = Number(PERCENTAGE.map((key) => annotations[key]).find((text) => text !== undefined));
  const own = servingContainer(revision)?.resources;
  const of = (kind: Kind) => ({ ...shareOf(own?.[kind], percentage / 100, BOUNDS[kind]), ...namedBy(annotations, kind) });
  const limits = of("limits");
  return {
    name: QUEUE_PROXY,
    image: IMAGE,
    resources: { requests: { cpu: DEFAULT_CPU, ...of("requests") }, ...(Object.keys(limits).length > 0 ? { limits } : {}) },
  };
}

function shareOf(
  amounts: Readonly<Record<string, string>> | undefined,
  share: number,
  bounds: Record<Resource, [least: number, most: number]>,
): Record<string, string> {
  const of = (resource: Resource): [string, string][] => {
    const amount = amounts?.[resource];
    if (Number.isNaN(share) || amount === undefined || quantityValue(amount) === 0) return [];
    const [least, most] = bounds[resource];
    const value = Math.min(most, Math.max(least, quantityValue(amount) * share));
    return [[resource, formatQuantity(value, resource === "cpu" ? "decimal" : "binary")]];
  };
  return Object.fromEntries([...of("cpu"), ...of("memory")]);
}

/** What an annotation of its own gives, as `…/memory-resource-limit`. */
function namedBy(annotations: Readonly<Record<string, string>>, kind: Kind): Record<string, string> {
  return Object.fromEntries(
    ["cpu", "memory", "ephemeral-storage"].flatMap((resource) => {
      const amount = annotations[`${PREFIX}${resource}-resource-${kind.slice(0, -1)}`];
      return amount !== undefined && isQuantity(amount) ? [[resource, amount]] : [];
    }),
  );
}
