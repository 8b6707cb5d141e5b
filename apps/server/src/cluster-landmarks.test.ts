import { applySchema, CoreServices, Endpoints, EndpointSlices, Nodes, schemaOf, type Json } from "@ebb/kube";
import { expect, onTestFinished, test, vi } from "vitest";
import { activatorEndpoints, gatewayServices, machineUsage, makeNode, thisMachine } from "./cluster-landmarks.ts";

const ways = { host: "0.0.0.0", gatewayPort: 18_080, tlsPort: undefined, internalPort: 18_092, clusterAddress: undefined };
const machine = { hostname: "box", architecture: "amd64", kernel: "6", osImage: "Debian", cores: 4, memoryBytes: 8 * 2 ** 30 };

test("the ingress gateway is found at its real port, as Knative's tests look it up", () => {
  const [gateway, local] = gatewayServices(ways);
  expect(gateway).toMatchObject({
    metadata: { name: "istio-ingressgateway", namespace: "istio-system" },
    spec: { ports: [{ port: 80, nodePort: 18_080 }] },
    status: { loadBalancer: { ingress: [{ ip: "127.0.0.1" }] } },
  });
  expect(local).toMatchObject({ metadata: { name: "knative-local-gateway" }, spec: { ports: [{ nodePort: 18_092 }] } });
  expect(gatewayServices({ ...ways, host: "10.1.2.3" })[0]?.status?.loadBalancer?.ingress).toEqual([{ ip: "10.1.2.3" }]);
  expect(gatewayServices({ ...ways, tlsPort: 18_443 })[0]?.spec?.ports).toMatchObject([{ port: 80 }, { port: 443, nodePort: 18_443 }]);
});

test("the node has the machine's size and is ready", () => {
  const node = makeNode(machine, "127.0.0.1", Date.UTC(2026, 0, 1));
  expect(node).toMatchObject({ status: { capacity: { cpu: "4", memory: "8388608Ki", pods: "110" } } });
  expect((node.status as { conditions: object[] }).conditions).toContainEqual(expect.objectContaining({ type: "Ready", status: "True" }));
});

test("in a container with a limit the node has that, and not the machine's", () => {
  const limit = 2 ** 28;
  const spies = [
    vi.spyOn(process, "constrainedMemory").mockReturnValue(limit),
    vi.spyOn(process, "availableMemory").mockReturnValue(limit / 4),
  ];
  onTestFinished(() => spies.forEach((spy) => spy.mockRestore()));
  expect(thisMachine().memoryBytes).toBe(limit);
  expect(machineUsage().memoryBytes).toBe((limit / 4) * 3);
});

test("both are what Kubernetes' schemas take", () => {
  const check = (kind: Parameters<typeof schemaOf>[0], object: unknown) => {
    const { unknown, causes } = applySchema(schemaOf(kind), object as Json, "");
    return [...unknown, ...causes];
  };
  expect(check(Nodes, makeNode(machine, "::1", 0))).toEqual([]);
  for (const service of gatewayServices({ ...ways, host: "::1", tlsPort: 443 })) expect(check(CoreServices, service)).toEqual([]);
  const { service, endpoints, slice } = activatorEndpoints(ways);
  expect([...check(CoreServices, service), ...check(Endpoints, endpoints), ...check(EndpointSlices, slice)]).toEqual([]);
});
