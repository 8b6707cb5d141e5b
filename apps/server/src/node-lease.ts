import type { Clock, Logger, Runnable, Timer } from "@ebb/base";
import { Leases, Nodes, type KubeClient, type KubeObject } from "@ebb/kube";
import { NODE } from "@ebb/controllers";

const NAMESPACE = "kube-node-lease";
/**
 * A kubelet renews its lease every ten seconds, so that others see soon that it is lost. Here whoever can read the lease has found the node well, and each
 * renewal is a write to the disk: it lasts as many times its renewal as a kubelet's.
 */
const RENEWAL = 600_000;
const LASTING = 4 * RENEWAL;

/** The Lease of the Node, by which `kubectl describe node` and monitors tell that it lives. */
export function nodeLease({ client, clock, log }: { client: KubeClient; clock: Clock; log: Logger }): Runnable {
  let timer: Timer | undefined;
  let keeping: Promise<void> | undefined;
  const keep = () =>
    renewLease(client, clock.now()).catch((error: unknown) =>
      log.warn({ error }, "the node's lease could not be renewed; it will be tried again"),
    );
  return {
    name: "node lease",
    async start() {
      await keep();
      timer = clock.every(RENEWAL, () => {
        keeping = keep();
      });
    },
    async stop() {
      timer?.cancel();
      await keeping;
    },
  };
}

/** Makes it where it is not there. */
async function renewLease(client: KubeClient, now: number): Promise<void> {
  const node = await client.get(Nodes, undefined, NODE);
  const existing = await client.get(Leases, NAMESPACE, NODE);
  const owner = { apiVersion: "v1", kind: "Node", name: NODE, uid: node?.metadata.uid ?? "" };
  const lease: KubeObject = {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: { ...existing?.metadata, name: NODE, namespace: NAMESPACE, ...(node ? { ownerReferences: [owner] } : {}) },
    // As meta/v1 MicroTime.
    spec: { holderIdentity: NODE, leaseDurationSeconds: LASTING / 1000, renewTime: new Date(now).toISOString().replace("Z", "000Z") },
  };
  await (existing ? client.update(Leases, lease) : client.create(Leases, lease));
}
