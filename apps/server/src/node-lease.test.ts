import { join } from "node:path";
import { createApiServer } from "@ebb/apiserver";
import { silentLogger, systemRandom } from "@ebb/base";
import { Leases, Namespaces, Nodes, type KubeObject } from "@ebb/kube";
import { eventually, tempDir, VirtualClock } from "@ebb/testkit";
import { expect, onTestFinished, test } from "vitest";
import { makeNode } from "./cluster-landmarks.ts";
import { nodeLease } from "./node-lease.ts";

test("the node has a lease that is its own, renewed before it is over, and made again when somebody deletes it", async () => {
  const dir = await tempDir();
  onTestFinished(() => dir.remove());
  const common = { clock: new VirtualClock(Date.UTC(2026, 0, 1)), random: systemRandom, log: silentLogger };
  const storePath = join(dir.path, "store.db");
  const api = createApiServer({
    storePath,
    listen: { host: "127.0.0.1", port: 0 },
    tokens: [],
    podLogs: async function* none() {},
    ...common,
  });
  await api.start();
  onTestFinished(() => api.stop());
  const client = api.client({ name: "t", groups: ["system:masters"] });
  await client.create(Namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name: "kube-node-lease" } });
  const machine = { hostname: "box", architecture: "amd64", kernel: "6", osImage: "Debian", cores: 4, memoryBytes: 2 ** 33 };
  const node = await client.create(Nodes, makeNode(machine, "127.0.0.1", 0));
  const lease = nodeLease({ client, ...common });
  await lease.start();
  onTestFinished(() => lease.stop());
  const current = () => client.get(Leases, "kube-node-lease", "ebb") as Promise<(KubeObject & { spec: object }) | undefined>;
  expect(await current()).toMatchObject({
    metadata: { ownerReferences: [{ kind: "Node", uid: node.metadata.uid }] },
    spec: { holderIdentity: "ebb", leaseDurationSeconds: 2400, renewTime: "2026-01-01T00:00:00.000000Z" },
  });
  await client.delete(Leases, "kube-node-lease", "ebb");
  await common.clock.advance(600_000);
  await eventually(async () => (await current())?.spec);
  expect(await current()).toMatchObject({ spec: { renewTime: "2026-01-01T00:10:00.000000Z" } });
});
