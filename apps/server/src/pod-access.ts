import type { PodLogs, PodStreams } from "@ebb/apiserver";
import { UserError } from "@ebb/base";
import { QUEUE_PROXY } from "@ebb/kube";
import type { InstanceManager, WrittenLogs } from "@ebb/runtime";

/** Where a Pod's queue-proxy listens, to which Services lead; no container may have these ports, and here the one that serves is behind them. */
const QUEUE_PORTS: ReadonlySet<number> = new Set([8012, 8013]);

/**
 * What the API gives of the instances that its Pods are records of. An instance is known by its id alone; that it is of the namespace that was
 * asked is checked here, as somebody may make a Pod in their own namespace that has the name of another's.
 */
export function podAccess(
  instances: Pick<InstanceManager, "all" | "logs" | "openSession" | "connect">,
  queueLogs: Pick<WrittenLogs, "read">,
): {
  podLogs: PodLogs;
  podStreams: PodStreams;
} {
  const instanceOf = (namespace: string, name: string, container?: string): string => {
    const found = instances.all().find(({ id, workload }) => id === name && workload.startsWith(`${namespace}/`));
    if (found) return found.parts?.some((part) => part.name === container) ? `${name}.${container}` : name;
    throw new UserError(
      "PodRunsNothing",
      `the pod ${name} in namespace ${namespace} runs nothing: Ebb starts none but those of Knative Services`,
    );
  };
  return {
    podLogs(namespace, name, { container, ...options }) {
      const id = instanceOf(namespace, name, container);
      return container === QUEUE_PROXY ? queueLogs.read(id, options) : instances.logs(id, options);
    },
    podStreams: {
      async exec(namespace, name, { container, command, stdin, terminal }) {
        const id = instanceOf(namespace, name, container);
        if (container === QUEUE_PROXY) throw new UserError("PodRunsNothing", `nothing runs in ${QUEUE_PROXY}: the gateway does its work`);
        return instances.openSession(id, { command, stdin, terminal });
      },
      connect: async (namespace, name, port) => instances.connect(instanceOf(namespace, name), QUEUE_PORTS.has(port) ? undefined : port),
    },
  };
}
