import ipaddr from "ipaddr.js";
import type { Kind } from "../kinds/kind.ts";
import type { KubeObject } from "../meta.ts";
import type { LabelSelector } from "../rbac.ts";
import { forbiddenField, invalidValue, refuseInvalid, requiredField, unsupportedValue, type FieldCause } from "../status-errors.ts";
import { portNumber } from "../validate-numbers.ts";
import { portNameFault } from "../validate-pod.ts";
import { selectorCauses } from "../webhooks/validate-webhook.ts";

interface PolicyPort {
  protocol?: string;
  port?: number | string;
  endPort?: number;
}
interface Peer {
  podSelector?: LabelSelector;
  namespaceSelector?: LabelSelector;
  ipBlock?: { cidr?: string; except?: string[] };
}
interface Rule {
  ports?: PolicyPort[];
  from?: Peer[];
  to?: Peer[];
}
interface NetworkPolicy extends KubeObject {
  spec?: { podSelector?: LabelSelector; ingress?: Rule[]; egress?: Rule[]; policyTypes?: string[] };
}

const PROTOCOLS = ["TCP", "UDP", "SCTP"];
const TYPES = ["Ingress", "Egress"];

/** k8s.io/kubernetes pkg/apis/networking: defaults and validation of a NetworkPolicy; upstream's words. */
export function admitNetworkPolicy(object: KubeObject, _: KubeObject | undefined, kind: Kind): KubeObject {
  const { spec = {} } = object as NetworkPolicy;
  const { ingress, egress, podSelector = {} } = spec;
  const given = spec.policyTypes ?? [];
  const policyTypes = given.length > 0 ? given : ["Ingress", ...(egress && egress.length > 0 ? ["Egress"] : [])];
  const rules = (name: string, list: readonly Rule[] = []) => list.flatMap((rule, index) => ruleCauses(rule, `spec.${name}[${index}]`));
  refuseInvalid(kind, object, [
    ...selectorCauses(podSelector, "spec.podSelector"),
    ...rules("ingress", ingress),
    ...rules("egress", egress),
    ...(policyTypes.length > TYPES.length
      ? [invalidValue("spec.policyTypes", policyTypes, "may not specify more than two policyTypes")]
      : policyTypes.flatMap((type, index) => (TYPES.includes(type) ? [] : [unsupportedValue(`spec.policyTypes[${index}]`, type, TYPES)]))),
  ]);
  const full: NonNullable<NetworkPolicy["spec"]> = {
    ...spec,
    podSelector,
    policyTypes,
    ...(ingress ? { ingress: ingress.map(defaultRule) } : {}),
    ...(egress ? { egress: egress.map(defaultRule) } : {}),
  };
  return { ...object, spec: full };
}

function defaultRule(rule: Rule): Rule {
  return rule.ports ? { ...rule, ports: rule.ports.map((port) => ({ ...port, protocol: port.protocol || "TCP" })) } : rule;
}

function ruleCauses({ ports = [], from = [], to = [] }: Rule, at: string): FieldCause[] {
  return [
    ...ports.flatMap((port, index) => portCauses(port, `${at}.ports[${index}]`)),
    ...from.flatMap((peer, index) => peerCauses(peer, `${at}.from[${index}]`)),
    ...to.flatMap((peer, index) => peerCauses(peer, `${at}.to[${index}]`)),
  ];
}

function portCauses({ protocol, port, endPort }: PolicyPort, at: string): FieldCause[] {
  const causes = !protocol || PROTOCOLS.includes(protocol) ? [] : [unsupportedValue(`${at}.protocol`, protocol, PROTOCOLS)];
  const end = `${at}.endPort`;
  if (typeof port === "number") {
    causes.push(...portNumber(port, `${at}.port`));
    if (endPort === undefined) return causes;
    if (endPort < port) causes.push(invalidValue(end, endPort, "must be greater than or equal to `port`"));
    return [...causes, ...portNumber(endPort, end)];
  }
  if (endPort !== undefined)
    causes.push(
      invalidValue(end, endPort, `may not be specified when \`port\` is ${port === undefined ? "not specified" : "non-numeric"}`),
    );
  const fault = port === undefined ? undefined : portNameFault(port);
  return fault === undefined ? causes : [...causes, invalidValue(`${at}.port`, port, fault)];
}

function peerCauses({ podSelector, namespaceSelector, ipBlock }: Peer, at: string): FieldCause[] {
  const others = [podSelector, namespaceSelector].filter((selector) => selector !== undefined).length;
  return [
    ...selectorCauses(podSelector, `${at}.podSelector`),
    ...selectorCauses(namespaceSelector, `${at}.namespaceSelector`),
    ...(ipBlock ? blockCauses(ipBlock, `${at}.ipBlock`) : []),
    ...(others === 0 && !ipBlock ? [requiredField(at, "must specify a peer")] : []),
    ...(others > 0 && ipBlock ? [forbiddenField(at, "may not specify both ipBlock and another peer")] : []),
  ];
}

const CIDR_WORDS = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";

function blockCauses({ cidr = "", except = [] }: NonNullable<Peer["ipBlock"]>, at: string): FieldCause[] {
  if (cidr === "") return [requiredField(`${at}.cidr`)];
  const whole = cidrOf(cidr);
  if (!whole) return [invalidValue(`${at}.cidr`, cidr, CIDR_WORDS)];
  return except.flatMap((text, index) => {
    const place = `${at}.except[${index}]`;
    const part = cidrOf(text);
    if (!part) return [invalidValue(place, text, CIDR_WORDS)];
    const [[address, length], [base, bits]] = [part, whole];
    const inside = address.kind() === base.kind() && length > bits && address.match(base, bits);
    return inside ? [] : [invalidValue(place, text, "must be a strict subset of `cidr`")];
  });
}

function cidrOf(text: string): [ipaddr.IPv4 | ipaddr.IPv6, number] | undefined {
  return ipaddr.isValidCIDR(text) ? ipaddr.parseCIDR(text) : undefined;
}
