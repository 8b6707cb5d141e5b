import { badRequest, Endpoints, isCore, Pods, StatusError, type CoreService, type KubeObject, type Pod } from "@ebb/kube";
import type { Registry } from "../registry/registry.ts";
import type { ProxyPath } from "./proxy-path.ts";

/** A port of a Pod. */
export interface Backend {
  namespace: string;
  pod: string;
  port: number;
}
interface EndpointsObject extends KubeObject {
  subsets?: { addresses?: { targetRef?: { kind?: string; name?: string } }[]; ports?: { name?: string; port: number }[] }[];
}

const HTTP = 80;

/** Which Pod answers, by the rules of k8s.io/kubernetes pkg/registry/core/{pod,service}. Throws NotFound, BadRequest or ServiceUnavailable. */
export function findBackend(path: ProxyPath, registry: Pick<Registry, "get">): Backend {
  return isCore(path.kind, "Pod") ? backendOfPod(path, registry) : backendOfService(path, registry);
}

function backendOfPod({ namespace, name, port }: ProxyPath, registry: Pick<Registry, "get">): Backend {
  const { spec } = registry.get({ kind: Pods, namespace, name }) as Pod;
  const first = spec.containers.flatMap(({ ports = [] }) => ports)[0]?.containerPort ?? HTTP;
  const number = port === "" ? first : /^\d{1,5}$/.test(port) ? Number(port) : 0;
  if (number < 1 || number > 65_535) throw badRequest(`invalid pod request ${JSON.stringify(`${name}:${port}`.slice(0, 300))}`);
  return { namespace, pod: name, port: number };
}

function backendOfService({ kind, namespace, name, port }: ProxyPath, registry: Pick<Registry, "get">): Backend {
  const { spec } = registry.get({ kind, namespace, name }) as CoreService;
  const portName = portNameOf(spec?.ports ?? [], port);
  if (portName === undefined) throw unavailable(`no service port ${JSON.stringify(port)} found for service ${JSON.stringify(name)}`);
  const { subsets = [] } = registry.get({ kind: Endpoints, namespace, name }) as EndpointsObject;
  for (const { addresses = [], ports = [] } of subsets) {
    const found = ports.find((each) => (each.name ?? "") === portName);
    // Only to Pods: whatever else somebody wrote into Endpoints may be an address of this machine.
    const pod = addresses.find(({ targetRef }) => targetRef?.kind === "Pod")?.targetRef?.name;
    if (found && pod !== undefined) return { namespace, pod, port: found.port };
  }
  throw unavailable(`no endpoints available for service ${JSON.stringify(name)}`);
}

function portNameOf(ports: NonNullable<NonNullable<CoreService["spec"]>["ports"]>, port: string): string | undefined {
  if (port === "") return ports.length === 1 ? (ports[0]?.name ?? "") : undefined;
  const found = ports.find(({ name = "", port: number }) => name === port || String(number) === port);
  return found ? (found.name ?? "") : undefined;
}

function unavailable(message: string): StatusError {
  return new StatusError("ServiceUnavailable", message);
}
