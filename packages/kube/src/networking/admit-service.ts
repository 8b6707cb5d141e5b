import ipaddr from "ipaddr.js";
import type { CoreService } from "../core.ts";
import { dnsLabelFaults, dnsSubdomainFaults, qualifiedNameFaults } from "../dns-names.ts";
import type { Kind } from "../kinds/kind.ts";
import { labelsCauses } from "../validate-labels.ts";
import type { KubeObject } from "../meta.ts";
import { sameJson } from "../same-json.ts";
import {
  duplicateValue,
  forbiddenField,
  invalidValue,
  newCauses,
  oneOf,
  refuseInvalid,
  requiredField,
  unsupportedValue,
  type FieldCause,
} from "../status-errors.ts";
import { portNumber } from "../validate-numbers.ts";
import { portNameFault } from "../validate-pod.ts";

type Spec = NonNullable<CoreService["spec"]>;
type Port = NonNullable<Spec["ports"]>[number];

const HEADLESS = "None";
const TYPES = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
const FAMILIES = ["IPv4", "IPv6"];
const FAMILY_POLICIES = ["PreferDualStack", "RequireDualStack", "SingleStack"];
const TRAFFIC_POLICIES = ["Cluster", "Local"];
const PROTOCOLS = ["SCTP", "TCP", "UDP"];
const DEFAULT_AFFINITY_SECONDS = 10_800;
const MOST_AFFINITY_SECONDS = 86_400;
const NOT_AN_ADDRESS = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
const OF_LOAD_BALANCERS = "may only be used when `type` is 'LoadBalancer'";

/**
 * k8s.io/kubernetes pkg/apis/core and pkg/registry/core/service: defaults and validation of a Service, in upstream's words, without what its
 * allocators add: there are no addresses and no ports of nodes to hand out.
 */
export function admitCoreService(object: KubeObject, old: KubeObject | undefined, kind: Kind): KubeObject {
  const before = (old as CoreService | undefined)?.spec;
  const given = keepAddress((object as CoreService).spec ?? {}, before);
  const spec = withDefaults(before ? withoutOldType(given, before) : given);
  const causes = before
    ? [...newCauses(specCauses(spec), () => specCauses(withDefaults(before))), ...changeCauses(spec, before)]
    : specCauses(spec);
  refuseInvalid(kind, object, causes);
  return { ...object, spec };
}

/** Who replaces a Service without saying its address keeps it; who changes `clusterIP` alone means both fields (NormalizeClusterIPs of upstream's storage). */
function keepAddress(spec: Spec, before: Spec | undefined): Spec {
  if (!before?.clusterIP || spec.type === "ExternalName" || before.type === "ExternalName") return spec;
  const { clusterIP = "", clusterIPs } = before;
  if (!spec.clusterIP) return { ...spec, clusterIP, clusterIPs: spec.clusterIPs ?? clusterIPs ?? [clusterIP] };
  const changedAlone = spec.clusterIP !== clusterIP && sameJson(spec.clusterIPs, clusterIPs);
  return changedAlone ? { ...spec, clusterIPs: [spec.clusterIP] } : spec;
}

/**
 * Who changes the type alone does not know what the old one had by default: it goes, unless it was changed as well (dropTypeDependentFields of
 * pkg/registry/core/service/strategy.go).
 */
function withoutOldType(spec: Spec, before: Spec): Spec {
  const left = { ...spec };
  const drop = (needed: (of: Spec) => boolean, ...fields: (keyof Spec)[]) => {
    if (!needed(before) || needed(spec)) return;
    for (const field of fields) if (sameJson(spec[field], before[field])) delete left[field];
  };
  const isBalanced = ({ type }: Spec) => type === "LoadBalancer";
  const hasNodePorts = ({ type }: Spec) => type === "NodePort" || type === "LoadBalancer";
  drop(({ type }) => type !== "ExternalName", "clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "internalTrafficPolicy");
  drop(isBalanced, "allocateLoadBalancerNodePorts", "loadBalancerClass");
  drop(isExternal, "externalTrafficPolicy", "healthCheckNodePort");
  const ports = (of: Spec) => of.ports?.map(({ nodePort }) => nodePort) ?? [];
  if (spec.ports && hasNodePorts(before) && !hasNodePorts(spec) && sameJson(ports(spec), ports(before)))
    left.ports = spec.ports.map(({ nodePort: _given, ...port }) => port);
  return left;
}

function withDefaults(spec: Spec): Spec {
  const { type = "ClusterIP", sessionAffinity = "None", sessionAffinityConfig, ...rest } = spec;
  const named = type === "ExternalName";
  const clusterIPs = spec.clusterIPs ?? (spec.clusterIP ? [spec.clusterIP] : undefined);
  const affinity = sessionAffinity === "ClientIP" ? (sessionAffinityConfig ?? {}) : undefined;
  const seconds = affinity?.clientIP?.timeoutSeconds ?? DEFAULT_AFFINITY_SECONDS;
  return {
    ...rest,
    type,
    sessionAffinity,
    ...(affinity ? { sessionAffinityConfig: { clientIP: { timeoutSeconds: seconds } } } : {}),
    ...(spec.ports ? { ports: spec.ports.map(withPortDefaults) } : {}),
    ...(clusterIPs ? { clusterIPs } : {}),
    ...(named || !TYPES.includes(type)
      ? {}
      : {
          internalTrafficPolicy: spec.internalTrafficPolicy ?? "Cluster",
          ipFamilies: spec.ipFamilies ?? [clusterIPs?.[0]?.includes(":") ? "IPv6" : "IPv4"],
          ipFamilyPolicy: spec.ipFamilyPolicy ?? "SingleStack",
        }),
    ...(isExternal({ ...spec, type }) ? { externalTrafficPolicy: spec.externalTrafficPolicy || "Cluster" } : {}),
    ...(type === "LoadBalancer" ? { allocateLoadBalancerNodePorts: spec.allocateLoadBalancerNodePorts ?? true } : {}),
  };
}

function withPortDefaults(port: Port): Port {
  return { ...port, protocol: port.protocol || "TCP", targetPort: port.targetPort || port.port };
}

function isExternal({ type, externalIPs = [] }: Spec): boolean {
  return type === "LoadBalancer" || type === "NodePort" || (type === "ClusterIP" && externalIPs.length > 0);
}

function specCauses(spec: Spec): FieldCause[] {
  const { type = "", ports = [], selector = {}, clusterIPs = [], sessionAffinity = "", externalIPs = [] } = spec;
  const headless = clusterIPs[0] === HEADLESS;
  const none = (of: string) => invalidValue("spec.clusterIPs[0]", HEADLESS, `may not be set to 'None' for ${of} services`);
  return [
    ...(ports.length === 0 && !headless && type !== "ExternalName" ? [requiredField("spec.ports")] : []),
    ...(headless && (type === "LoadBalancer" || type === "NodePort") ? [none(type)] : []),
    ...(type === "ExternalName" ? externalNameCauses(spec) : []),
    ...portsCauses(ports),
    ...labelsCauses(selector, "spec.selector"),
    ...oneOf(sessionAffinity, ["ClientIP", "None"], "spec.sessionAffinity"),
    ...affinityCauses(spec),
    ...(type === "ExternalName" ? [] : addressCauses(spec)),
    ...externalIPs.flatMap((address, index) =>
      ipaddr.isValid(address) ? [] : [invalidValue(`spec.externalIPs[${index}]`, address, NOT_AN_ADDRESS)],
    ),
    ...oneOf(type, TYPES, "spec.type"),
    ...portPairCauses(spec),
    ...trafficCauses(spec),
  ];
}

function externalNameCauses({ clusterIPs = [], ipFamilies = [], ipFamilyPolicy, externalName = "" }: Spec): FieldCause[] {
  const not = (field: string) => forbiddenField(`spec.${field}`, "may not be set for ExternalName services");
  // It may end with a dot, which says that it is fully qualified.
  const name = externalName.replace(/\.$/, "");
  return [
    ...(clusterIPs.length > 0 ? [not("clusterIPs")] : []),
    ...(ipFamilies.length > 0 ? [not("ipFamilies")] : []),
    ...(ipFamilyPolicy === undefined ? [] : [not("ipFamilyPolicy")]),
    ...(name === ""
      ? [requiredField("spec.externalName")]
      : dnsSubdomainFaults(name).map((why) => invalidValue("spec.externalName", name, why))),
  ];
}

function portsCauses(ports: readonly Port[]): FieldCause[] {
  const names = new Set<string>();
  return ports.flatMap(({ name = "", port, protocol, targetPort = port, appProtocol }, index) => {
    const at = `spec.ports[${index}]`;
    const taken = name !== "" && names.has(name);
    names.add(name);
    const fault = typeof targetPort === "string" ? portNameFault(targetPort) : undefined;
    return [
      ...(name === "" && ports.length > 1 ? [requiredField(`${at}.name`)] : []),
      ...(name === "" ? [] : dnsLabelFaults(name).map((why) => invalidValue(`${at}.name`, name, why))),
      ...(taken ? [duplicateValue(`${at}.name`, name)] : []),
      ...portNumber(port ?? 0, `${at}.port`),
      ...oneOf(protocol, PROTOCOLS, `${at}.protocol`),
      ...(typeof targetPort === "string"
        ? fault === undefined
          ? []
          : [invalidValue(`${at}.targetPort`, targetPort, fault)]
        : portNumber(targetPort ?? 0, `${at}.targetPort`)),
      ...(appProtocol === undefined
        ? []
        : qualifiedNameFaults(appProtocol).map((why) => invalidValue(`${at}.appProtocol`, appProtocol, why))),
    ];
  });
}

function affinityCauses({ sessionAffinity, sessionAffinityConfig }: Spec): FieldCause[] {
  const seconds = sessionAffinity === "ClientIP" ? sessionAffinityConfig?.clientIP?.timeoutSeconds : undefined;
  if (seconds === undefined || (seconds > 0 && seconds <= MOST_AFFINITY_SECONDS)) return [];
  const why = `must be greater than 0 and less than ${MOST_AFFINITY_SECONDS}`;
  return [invalidValue("spec.sessionAffinityConfig.clientIP.timeoutSeconds", seconds, why)];
}

function addressCauses({ clusterIP, clusterIPs = [], ipFamilies = [], ipFamilyPolicy }: Spec): FieldCause[] {
  const list = "spec.clusterIPs";
  const agreement =
    !clusterIP && clusterIPs.length > 0
      ? [invalidValue(list, clusterIPs, "must be empty when `clusterIP` is not specified")]
      : clusterIP && clusterIPs[0] !== clusterIP
        ? [invalidValue(list, clusterIPs, "first value must match `clusterIP`")]
        : [];
  return [
    ...agreement,
    ...ipFamilies.flatMap((family, index) => [
      ...oneOf(family, FAMILIES, `spec.ipFamilies[${index}]`),
      ...(ipFamilies.indexOf(family) < index ? [duplicateValue(`spec.ipFamilies[${index}]`, family)] : []),
    ]),
    ...(ipFamilyPolicy === undefined ? [] : oneOf(ipFamilyPolicy, FAMILY_POLICIES, "spec.ipFamilyPolicy")),
    ...clusterIPs.flatMap((address, index) => {
      if (index === 0 && address === HEADLESS)
        return clusterIPs.length > 1 ? [invalidValue(list, clusterIPs, "'None' must be the first and only value")] : [];
      return ipaddr.isValid(address) ? [] : [invalidValue(`${list}[${index}]`, address, NOT_AN_ADDRESS)];
    }),
    ...(clusterIPs.length > 2 ? [invalidValue(list, clusterIPs, "may only hold up to 2 values")] : []),
  ];
}

/** What no two ports may share. */
function portPairCauses({ type, ports = [] }: Spec): FieldCause[] {
  const at = (index: number) => `spec.ports[${index}]`;
  const earlier = (index: number, same: (port: Port) => boolean) => ports.slice(0, index).some(same);
  return [
    ...ports.flatMap(({ nodePort }, index) =>
      type === "ClusterIP" && nodePort ? [forbiddenField(`${at(index)}.nodePort`, "may not be used when `type` is 'ClusterIP'")] : [],
    ),
    ...ports.flatMap(({ nodePort, protocol }, index) =>
      nodePort && earlier(index, (other) => other.nodePort === nodePort && other.protocol === protocol)
        ? [duplicateValue(`${at(index)}.nodePort`, nodePort)]
        : [],
    ),
    ...ports.flatMap(({ port, protocol }, index) =>
      earlier(index, (other) => other.port === port && other.protocol === protocol) ? [duplicateValue(at(index), { port, protocol })] : [],
    ),
  ];
}

function trafficCauses(spec: Spec): FieldCause[] {
  const { type, externalTrafficPolicy = "", internalTrafficPolicy, healthCheckNodePort = 0, trafficDistribution, loadBalancerClass } = spec;
  const { loadBalancerSourceRanges: ranges = [], allocateLoadBalancerNodePorts } = spec;
  const balanced = type === "LoadBalancer";
  const healthWhy = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
  const external = isExternal(spec)
    ? oneOf(externalTrafficPolicy, TRAFFIC_POLICIES, "spec.externalTrafficPolicy")
    : externalTrafficPolicy === ""
      ? []
      : [invalidValue("spec.externalTrafficPolicy", externalTrafficPolicy, "may only be set for externally-accessible services")];
  return [
    ...(ranges.length > 0 && !balanced ? [forbiddenField("spec.LoadBalancerSourceRanges", OF_LOAD_BALANCERS)] : []),
    ...ranges.flatMap((range, index) =>
      ipaddr.isValidCIDR(range.trim())
        ? []
        : [
            invalidValue(
              `spec.LoadBalancerSourceRanges[${index}]`,
              range.trim(),
              "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)",
            ),
          ],
    ),
    ...(allocateLoadBalancerNodePorts !== undefined && !balanced
      ? [forbiddenField("spec.allocateLoadBalancerNodePorts", OF_LOAD_BALANCERS)]
      : []),
    ...(loadBalancerClass !== undefined && !balanced ? [forbiddenField("spec.loadBalancerClass", OF_LOAD_BALANCERS)] : []),
    ...external,
    ...(healthCheckNodePort !== 0 && !(balanced && externalTrafficPolicy === "Local")
      ? [invalidValue("spec.healthCheckNodePort", healthCheckNodePort, healthWhy)]
      : []),
    ...(internalTrafficPolicy === undefined ? [] : oneOf(internalTrafficPolicy, TRAFFIC_POLICIES, "spec.internalTrafficPolicy")),
    ...(trafficDistribution === undefined || trafficDistribution === "PreferClose"
      ? []
      : [unsupportedValue("spec.trafficDistribution", trafficDistribution, ["PreferClose"])]),
  ];
}

/** An address stays, unless the Service becomes or was another's name. */
function changeCauses(spec: Spec, before: Spec): FieldCause[] {
  const lasting = spec.type !== "ExternalName" && before.type !== "ExternalName";
  const [address] = before.clusterIPs ?? [];
  const moved = lasting && address !== undefined && !sameJson(spec.clusterIPs?.[0], address);
  return moved ? [invalidValue("spec.clusterIPs[0]", spec.clusterIPs ?? [], "may not change once set")] : [];
}
