import { describe, expect, test } from "vitest";
import { admit } from "../admit.ts";
import { PriorityClasses, RuntimeClasses, VolumeAttachments } from "../kinds/administration.ts";
import { apiVersionOf, type Kind } from "../kinds/kind.ts";
import { Ingresses, IngressClasses, NetworkPolicies } from "../kinds/networking.ts";
import { PodDisruptionBudgets } from "../kinds/workloads.ts";
import type { KubeObject } from "../meta.ts";

const made = (kind: Kind, fields: object): KubeObject => ({
  apiVersion: apiVersionOf(kind),
  kind: kind.kind,
  metadata: { name: "x" },
  ...fields,
});

function refusal(kind: Kind, fields: object, old?: object): string | undefined {
  try {
    admit(kind, made(kind, fields), { user: "ann", ...(old ? { old: made(kind, old) } : {}) });
    return undefined;
  } catch (error) {
    return (error as Error).message.replace(/^\S+ "[^"]+" is invalid: /, "");
  }
}

test("defaults", () => {
  expect(admit(NetworkPolicies, made(NetworkPolicies, { spec: { egress: [{ ports: [{ port: 53 }] }] } }), { user: "ann" }).spec).toEqual({
    podSelector: {},
    policyTypes: ["Ingress", "Egress"],
    egress: [{ ports: [{ port: 53, protocol: "TCP" }] }],
  });
  expect(admit(PriorityClasses, made(PriorityClasses, {}), { user: "ann" })).toMatchObject({
    value: 0,
    preemptionPolicy: "PreemptLowerPriority",
  });
});

describe("what is wrong is said in Kubernetes' words", () => {
  const backend = { service: { name: "web", port: { number: 80 } } };
  const rule = (path: object) => ({ spec: { rules: [{ host: "a.example.com", http: { paths: [path] } }] } });
  const at = "spec.rules[0].http.paths[0]";
  const peer = (from: object) => ({ spec: { podSelector: {}, ingress: [{ from: [from] }] } });
  const port = (value: object) => ({ spec: { ingress: [{ ports: [value] }] } });
  const place = "spec.ingress[0]";

  test.each<[string, Kind, object, string | undefined, object?]>([
    ["a right Ingress", Ingresses, rule({ path: "/", pathType: "Prefix", backend }), undefined],
    [
      "neither rules nor a backend",
      Ingresses,
      { spec: {} },
      "spec: Invalid value: []: either `defaultBackend` or `rules` must be specified",
    ],
    ["no type of path", Ingresses, rule({ path: "/", backend }), `${at}.pathType: Required value: pathType must be specified`],
    [
      "a strange type of path",
      Ingresses,
      rule({ path: "/", pathType: "Regex", backend }),
      `${at}.pathType: Unsupported value: "Regex": supported values: "Exact", "ImplementationSpecific", "Prefix"`,
    ],
    [
      "a path from nowhere",
      Ingresses,
      rule({ path: "a", pathType: "Exact", backend }),
      `${at}.path: Invalid value: "a": must be an absolute path`,
    ],
    [
      "a path that climbs",
      Ingresses,
      rule({ path: "/a/..", pathType: "Exact", backend }),
      `${at}.path: Invalid value: "/a/..": cannot end with '/..'`,
    ],
    [
      "no port",
      Ingresses,
      rule({ path: "/", pathType: "Prefix", backend: { service: { name: "web" } } }),
      `${at}.backend: Required value: port name or number is required`,
    ],
    [
      "no backend",
      Ingresses,
      rule({ path: "/", pathType: "Prefix" }),
      `${at}.backend: Invalid value: "": resource or service backend is required`,
    ],
    [
      "an address for a host",
      Ingresses,
      { spec: { rules: [{ host: "10.0.0.1" }] } },
      'spec.rules[0].host: Invalid value: "10.0.0.1": must be a DNS name, not an IP address',
    ],
    ["a wildcard", Ingresses, { spec: { defaultBackend: backend, tls: [{ hosts: ["*.example.com"] }] } }, undefined],
    [
      "a class of no domain",
      IngressClasses,
      { spec: { controller: "nginx" } },
      'spec.controller: Invalid value: "nginx": must be a domain-prefixed path (such as "acme.io/foo")',
    ],
    [
      "a class that changes hands",
      IngressClasses,
      { spec: { controller: "a.io/b" } },
      'spec.controller: Invalid value: "a.io/b": field is immutable',
      { spec: { controller: "a.io/a" } },
    ],

    ["no peer", NetworkPolicies, peer({}), `${place}.from[0]: Required value: must specify a peer`],
    [
      "two sorts of peers",
      NetworkPolicies,
      peer({ podSelector: {}, ipBlock: { cidr: "10.0.0.0/8" } }),
      `${place}.from[0]: Forbidden: may not specify both ipBlock and another peer`,
    ],
    [
      "no network",
      NetworkPolicies,
      peer({ ipBlock: { cidr: "10.0.0" } }),
      `${place}.from[0].ipBlock.cidr: Invalid value: "10.0.0": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)`,
    ],
    [
      "an exception elsewhere",
      NetworkPolicies,
      peer({ ipBlock: { cidr: "10.0.0.0/8", except: ["11.0.0.0/16"] } }),
      `${place}.from[0].ipBlock.except[0]: Invalid value: "11.0.0.0/16": must be a strict subset of \`cidr\``,
    ],
    [
      "ports that end before they begin",
      NetworkPolicies,
      port({ port: 80, endPort: 79 }),
      `${place}.ports[0].endPort: Invalid value: 79: must be greater than or equal to \`port\``,
    ],
    [
      "ports that begin nowhere",
      NetworkPolicies,
      port({ endPort: 79 }),
      `${place}.ports[0].endPort: Invalid value: 79: may not be specified when \`port\` is not specified`,
    ],
    [
      "a strange type",
      NetworkPolicies,
      { spec: { policyTypes: ["Both"] } },
      'spec.policyTypes[0]: Unsupported value: "Both": supported values: "Ingress", "Egress"',
    ],

    ["a right budget", PodDisruptionBudgets, { spec: { minAvailable: "50%", selector: {} } }, undefined],
    [
      "two budgets",
      PodDisruptionBudgets,
      { spec: { minAvailable: 1, maxUnavailable: 1 } },
      'spec: Invalid value: {"minAvailable":1,"maxUnavailable":1}: minAvailable and maxUnavailable cannot be both set',
    ],
    [
      "a share without a sign",
      PodDisruptionBudgets,
      { spec: { minAvailable: "half" } },
      `spec.minAvailable: Invalid value: "half": a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')`,
    ],
    [
      "the system's own",
      PriorityClasses,
      { value: 2_000_000_000 },
      "value: Forbidden: maximum allowed value of a user defined priority is 1000000000",
    ],
    [
      "a priority of the system's",
      PriorityClasses,
      { metadata: { name: "system-node-critical" }, value: 5 },
      "metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system use only. error: value of system-node-critical PriorityClass must be 2000001000",
    ],
    ["the system's own, as it is", PriorityClasses, { metadata: { name: "system-node-critical" }, value: 2_000_001_000 }, undefined],
    [
      "another priority",
      PriorityClasses,
      { value: 2 },
      "value: Forbidden: may not be changed in an update.",
      { value: 1, preemptionPolicy: "PreemptLowerPriority" },
    ],
    ["another handler", RuntimeClasses, { handler: "runsc" }, 'handler: Invalid value: "runsc": field is immutable', { handler: "runc" }],
    [
      "an attachment of nothing",
      VolumeAttachments,
      { spec: { attacher: "a.io", nodeName: "n" } },
      "spec.source: Required value: must specify exactly one of inlineVolumeSpec and persistentVolumeName",
    ],
  ])("%s", (...[, kind, fields, expected, old]) => {
    expect(refusal(kind, fields, old)).toBe(expected);
  });
});
