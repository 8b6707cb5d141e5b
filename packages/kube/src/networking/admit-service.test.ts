import type { CoreService } from "../core.ts";
import { describe, expect, test } from "vitest";
import { admit } from "../admit.ts";
import { CoreServices } from "../kinds/core.ts";
import type { KubeObject } from "../meta.ts";

const service = (spec: object): KubeObject => ({ apiVersion: "v1", kind: "Service", metadata: { name: "x" }, spec });
const admitted = (spec: object, old?: object) =>
  admit(CoreServices, service(spec), { user: "ann", ...(old ? { old: service(old) } : {}) }).spec;

function refusal(spec: object, old?: object): string | undefined {
  try {
    admitted(spec, old);
    return undefined;
  } catch (error) {
    return (error as Error).message.replace('Service "x" is invalid: ', "");
  }
}

const PORT = { port: 80, protocol: "TCP", targetPort: 80 };
const OF_CLUSTER = { internalTrafficPolicy: "Cluster", ipFamilies: ["IPv4"], ipFamilyPolicy: "SingleStack", sessionAffinity: "None" };

test.each<[string, object, object]>([
  ["plain", { ports: [{ port: 80 }] }, { ...OF_CLUSTER, type: "ClusterIP", ports: [PORT] }],
  [
    "headless",
    { clusterIP: "None", selector: { a: "b" } },
    { ...OF_CLUSTER, type: "ClusterIP", clusterIP: "None", clusterIPs: ["None"], selector: { a: "b" } },
  ],
  [
    "another's name",
    { type: "ExternalName", externalName: "a.b." },
    { type: "ExternalName", externalName: "a.b.", sessionAffinity: "None" },
  ],
  [
    "ports of nodes",
    { type: "NodePort", ports: [{ port: 80, targetPort: "web" }] },
    { ...OF_CLUSTER, type: "NodePort", externalTrafficPolicy: "Cluster", ports: [{ ...PORT, targetPort: "web" }] },
  ],
  [
    "a load balancer with affinity",
    { type: "LoadBalancer", sessionAffinity: "ClientIP", ports: [{ port: 80 }] },
    {
      ...OF_CLUSTER,
      type: "LoadBalancer",
      allocateLoadBalancerNodePorts: true,
      externalTrafficPolicy: "Cluster",
      sessionAffinity: "ClientIP",
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 10_800 } },
      ports: [PORT],
    },
  ],
])("defaults of a Service: %s", (_, spec, expected) => {
  expect(admitted(spec)).toEqual(expected);
  expect(admitted(expected)).toEqual(expected);
});

test("what a Service broke before the rule came can stay as it is, be mended, and not get worse", () => {
  const old = { ports: [{ port: 80, name: "Web" }, { port: 81 }], sessionAffinity: "Maybe" };
  expect(refusal({ ...old, selector: { a: "b" } }, old)).toBeUndefined();
  expect(refusal({ ...old, sessionAffinity: "None" }, old)).toBeUndefined();
  expect(refusal({ ...old, sessionAffinity: "Perhaps" }, old)).toBe(
    'spec.sessionAffinity: Unsupported value: "Perhaps": supported values: "ClientIP", "None"',
  );
});

describe("what is wrong with a Service is said in Kubernetes' words", () => {
  const ports = [{ port: 80 }];
  test.each<[string, object, string | undefined, object?]>([
    ["no ports", {}, "spec.ports: Required value"],
    [
      "None for ports of nodes",
      { type: "NodePort", clusterIP: "None", ports },
      `spec.clusterIPs[0]: Invalid value: "None": may not be set to 'None' for NodePort services`,
    ],
    ["another's name, without", { type: "ExternalName" }, "spec.externalName: Required value"],
    [
      "another's name, with an address",
      { type: "ExternalName", externalName: "a", clusterIP: "10.0.0.1" },
      "spec.clusterIPs: Forbidden: may not be set for ExternalName services",
    ],
    ["two ports without names", { ports: [{ port: 80 }, { port: 81, name: "b" }] }, "spec.ports[0].name: Required value"],
    [
      "one name twice",
      {
        ports: [
          { port: 80, name: "b" },
          { port: 81, name: "b" },
        ],
      },
      'spec.ports[1].name: Duplicate value: "b"',
    ],
    [
      "one port twice",
      {
        ports: [
          { port: 80, name: "a" },
          { port: 80, name: "b" },
        ],
      },
      'spec.ports[1]: Duplicate value: {"port":80,"protocol":"TCP"}',
    ],
    [
      "a port twice by two protocols",
      {
        ports: [
          { port: 53, name: "a" },
          { port: 53, name: "b", protocol: "UDP" },
        ],
      },
      undefined,
    ],
    [
      "no port",
      { ports: [{ port: 70_000 }] },
      "[spec.ports[0].port: Invalid value: 70000: must be between 1 and 65535, inclusive, spec.ports[0].targetPort: Invalid value: 70000: must be between 1 and 65535, inclusive]",
    ],
    [
      "a strange protocol",
      { ports: [{ port: 80, protocol: "tcp" }] },
      'spec.ports[0].protocol: Unsupported value: "tcp": supported values: "SCTP", "TCP", "UDP"',
    ],
    [
      "a name of a port that is none",
      { ports: [{ port: 80, targetPort: "web--x" }] },
      'spec.ports[0].targetPort: Invalid value: "web--x": must not contain consecutive hyphens',
    ],
    [
      "a port of the node",
      { ports: [{ port: 80, nodePort: 30_000 }] },
      "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'",
    ],
    [
      "a strange type",
      { type: "Cluster", ports },
      'spec.type: Unsupported value: "Cluster": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"',
    ],
    [
      "a strange affinity",
      { sessionAffinity: "Cookie", ports },
      'spec.sessionAffinity: Unsupported value: "Cookie": supported values: "ClientIP", "None"',
    ],
    [
      "affinity for two days",
      { sessionAffinity: "ClientIP", sessionAffinityConfig: { clientIP: { timeoutSeconds: 172_800 } }, ports },
      "spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 172800: must be greater than 0 and less than 86400",
    ],
    [
      "no address",
      { clusterIP: "ten", ports },
      'spec.clusterIPs[0]: Invalid value: "ten": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
    ],
    [
      "two first addresses",
      { clusterIP: "10.0.0.1", clusterIPs: ["10.0.0.2"], ports },
      'spec.clusterIPs: Invalid value: ["10.0.0.2"]: first value must match `clusterIP`',
    ],
    [
      "traffic from outside to what is inside",
      { externalTrafficPolicy: "Local", ports },
      'spec.externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible services',
    ],
    [
      "a class without a balancer",
      { loadBalancerClass: "a/b", ports },
      "spec.loadBalancerClass: Forbidden: may only be used when `type` is 'LoadBalancer'",
    ],
    [
      "a selector that is none",
      { selector: { a: "b c" }, ports },
      `spec.selector: Invalid value: "b c": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')`,
    ],
    [
      "another address than before",
      { clusterIP: "10.0.0.2", ports },
      'spec.clusterIPs[0]: Invalid value: ["10.0.0.2"]: may not change once set',
      { clusterIP: "10.0.0.1", clusterIPs: ["10.0.0.1"] },
    ],
    [
      "another address in the one field, as who patches does",
      { clusterIP: "10.0.0.2", clusterIPs: ["10.0.0.1"], ports },
      'spec.clusterIPs[0]: Invalid value: ["10.0.0.2"]: may not change once set',
      { clusterIP: "10.0.0.1", clusterIPs: ["10.0.0.1"] },
    ],
  ])("%s", (_, spec, expected, old) => {
    expect(refusal(spec, old)).toBe(expected);
  });

  test("who replaces one without its address keeps that; a name of another's has none", () => {
    const old = { clusterIP: "10.0.0.1", clusterIPs: ["10.0.0.1"], type: "ClusterIP" };
    expect(admitted({ ports }, old)).toMatchObject({ clusterIP: "10.0.0.1", clusterIPs: ["10.0.0.1"] });
    expect(admitted({ type: "ExternalName", externalName: "a.b" }, old)).not.toHaveProperty("clusterIP");
  });

  test("whoever changes the type alone need not take away what the old one had by default", () => {
    const ports = [{ port: 80, protocol: "TCP", targetPort: 80, nodePort: 30080 }];
    const spec = (of: object, before?: object) => admitted(of, before) as NonNullable<CoreService["spec"]>;
    const old = spec({ type: "LoadBalancer", clusterIP: "10.0.0.1", clusterIPs: ["10.0.0.1"], ports });
    const changed = spec({ ...old, type: "ClusterIP" }, old);
    expect(changed).toMatchObject({ clusterIP: "10.0.0.1", ports: [{ port: 80 }] });
    for (const field of ["externalTrafficPolicy", "allocateLoadBalancerNodePorts"]) expect(changed).not.toHaveProperty(field);
    expect(changed.ports?.[0]).not.toHaveProperty("nodePort");
    expect(admitted({ ...changed, type: "ExternalName", externalName: "a.b" }, changed)).not.toHaveProperty("ipFamilies");
    expect(() => admitted({ ...old, type: "ClusterIP", externalTrafficPolicy: "Local" }, old)).toThrow("externalTrafficPolicy");
  });
});
