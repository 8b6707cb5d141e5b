import ipaddr from "ipaddr.js";
import { dns1035LabelFaults, dnsLabelFaults, dnsSubdomainFaults } from "../dns-names.ts";
import type { Kind } from "../kinds/kind.ts";
import type { KubeObject } from "../meta.ts";
import { forbiddenField, invalidValue, oneOf, refuseInvalid, requiredField, tooLong, type FieldCause } from "../status-errors.ts";
import { sameValue } from "../validate-immutable.ts";
import { portNumber } from "../validate-numbers.ts";
import { portNameFault } from "../validate-pod.ts";

interface Backend {
  service?: { name?: string; port?: { name?: string; number?: number } };
  resource?: { apiGroup?: string; kind?: string; name?: string };
}
interface Path {
  path?: string;
  pathType?: string;
  backend?: Backend;
}
interface Ingress extends KubeObject {
  spec?: {
    ingressClassName?: string;
    defaultBackend?: Backend;
    rules?: { host?: string; http?: { paths?: Path[] } }[];
    tls?: { hosts?: string[]; secretName?: string }[];
  };
}
interface IngressClass extends KubeObject {
  spec?: { controller?: string; parameters?: ClassParameters };
}
interface ClassParameters {
  apiGroup?: string;
  kind?: string;
  name?: string;
  scope?: string;
  namespace?: string;
}

const PATH_TYPES = ["Exact", "ImplementationSpecific", "Prefix"];
const CLASS_ANNOTATION = "kubernetes.io/ingress.class";

const faults = (at: string, value: string, list: readonly string[]) => list.map((why) => invalidValue(at, value, why));

/** k8s.io/kubernetes pkg/apis/networking: validation of an Ingress, which has no defaults; upstream's words. */
export function admitIngress(object: KubeObject, old: KubeObject | undefined, kind: Kind): KubeObject {
  const { spec = {}, metadata } = object as Ingress;
  const { rules = [], tls = [], defaultBackend, ingressClassName } = spec;
  const annotation = metadata.annotations?.[CLASS_ANNOTATION];
  const two = !old && annotation !== undefined && ingressClassName !== undefined && annotation !== ingressClassName;
  refuseInvalid(kind, object, [
    ...(rules.length === 0 && !defaultBackend ? [invalidValue("spec", [], "either `defaultBackend` or `rules` must be specified")] : []),
    ...(defaultBackend ? backendCauses(defaultBackend, "spec.defaultBackend") : []),
    ...rules.flatMap(({ host = "", http }, index) => [
      ...(host === "" ? [] : hostCauses(host, `spec.rules[${index}].host`, true)),
      ...(http ? pathsCauses(http.paths ?? [], `spec.rules[${index}].http.paths`) : []),
    ]),
    ...tls.flatMap(({ hosts = [], secretName = "" }, index) => [
      ...hosts.flatMap((host, place) => hostCauses(host, `spec.tls[${index}].hosts[${place}]`, false)),
      ...(secretName === "" ? [] : faults(`spec.tls[${index}].secretName`, secretName, dnsSubdomainFaults(secretName))),
    ]),
    ...(ingressClassName === undefined ? [] : faults("spec.ingressClassName", ingressClassName, dnsSubdomainFaults(ingressClassName))),
    ...(two ? [invalidValue(`annotations.${CLASS_ANNOTATION}`, annotation, "must match `ingressClassName` when both are specified")] : []),
  ]);
  return object;
}

const WILDCARD = /^\*\.(.+)$/;

function hostCauses(host: string, at: string, alone: boolean): FieldCause[] {
  const address = alone && ipaddr.isValid(host) ? [invalidValue(at, host, "must be a DNS name, not an IP address")] : [];
  if (!host.includes("*")) return [...address, ...faults(at, host, dnsSubdomainFaults(host))];
  const under = WILDCARD.exec(host)?.[1];
  if (under !== undefined && dnsSubdomainFaults(under).length === 0) return address;
  const why =
    "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric " +
    "characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', regex used for validation is " +
    "'\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
  return [...address, invalidValue(at, host, why)];
}

function pathsCauses(paths: readonly Path[], at: string): FieldCause[] {
  if (paths.length === 0) return [requiredField(at)];
  return paths.flatMap(({ path = "", pathType, backend = {} }, index) => {
    const place = `${at}[${index}]`;
    if (pathType === undefined) return [requiredField(`${place}.pathType`, "pathType must be specified")];
    return [
      ...(PATH_TYPES.includes(pathType) ? pathCauses(path, pathType, `${place}.path`) : oneOf(pathType, PATH_TYPES, `${place}.pathType`)),
      ...backendCauses(backend, `${place}.backend`),
    ];
  });
}

function pathCauses(path: string, type: string, at: string): FieldCause[] {
  const free = type === "ImplementationSpecific";
  if (free && path === "") return [];
  const relative = path.startsWith("/") ? [] : [invalidValue(at, path, "must be an absolute path")];
  if (free) return relative;
  return [
    ...relative,
    ...["//", "/./", "/../", "%2f", "%2F"]
      .filter((part) => path.includes(part))
      .map((part) => invalidValue(at, path, `must not contain '${part}'`)),
    ...["/..", "/."].filter((end) => path.endsWith(end)).map((end) => invalidValue(at, path, `cannot end with '${end}'`)),
  ];
}

function backendCauses({ service, resource }: Backend, at: string): FieldCause[] {
  if (service && resource) return [invalidValue(at, "", "cannot set both resource and service backends")];
  if (resource) return referenceCauses(resource, `${at}.resource`);
  if (!service) return [invalidValue(at, "", "resource or service backend is required")];
  const { name = "", port = {} } = service;
  const named = name === "" ? [requiredField(`${at}.service.name`)] : faults(`${at}.service.name`, name, dns1035LabelFaults(name));
  if (port.name && port.number) return [...named, invalidValue(at, "", "cannot set both port name & port number")];
  if (port.number) return [...named, ...portNumber(port.number, `${at}.service.port.number`)];
  if (!port.name) return [...named, requiredField(at, "port name or number is required")];
  const fault = portNameFault(port.name);
  return fault === undefined ? named : [...named, invalidValue(`${at}.service.port.name`, port.name, fault)];
}

function referenceCauses({ apiGroup, kind = "", name = "" }: NonNullable<Backend["resource"]>, at: string): FieldCause[] {
  return [
    ...(apiGroup === undefined ? [] : faults(`${at}.apiGroup`, apiGroup, dnsSubdomainFaults(apiGroup))),
    ...(kind === "" ? [requiredField(`${at}.kind`)] : []),
    ...(name === "" ? [requiredField(`${at}.name`)] : []),
  ];
}

const LONGEST_CONTROLLER = 250;
const SCOPES = ["Cluster", "Namespace"];

export function admitIngressClass(object: KubeObject, old: KubeObject | undefined, kind: Kind): KubeObject {
  const { spec = {} } = object as IngressClass;
  const { controller = "", parameters } = spec;
  const before = (old as IngressClass | undefined)?.spec;
  const full = parameters ? { ...parameters, scope: parameters.scope ?? "Cluster" } : undefined;
  const [domain = "", ...path] = controller.split("/");
  const prefixed = path.length > 0 && path.join("/") !== "" && dnsSubdomainFaults(domain).length === 0;
  refuseInvalid(kind, object, [
    ...(before ? sameValue(controller, before.controller, "spec.controller") : []),
    ...(controller === "" ? [requiredField("spec.controller")] : []),
    ...(controller.length > LONGEST_CONTROLLER ? [tooLong("spec.controller", LONGEST_CONTROLLER)] : []),
    ...(controller === "" || prefixed
      ? []
      : [invalidValue("spec.controller", controller, 'must be a domain-prefixed path (such as "acme.io/foo")')]),
    ...(full ? [...referenceCauses(full, "spec.parameters"), ...scopeCauses(full, "spec.parameters")] : []),
  ]);
  return { ...object, spec: { ...spec, ...(full ? { parameters: full } : {}) } };
}

function scopeCauses({ scope, namespace }: ClassParameters, at: string): FieldCause[] {
  const wrong = oneOf(scope, SCOPES, `${at}.scope`);
  if (wrong.length > 0) return wrong;
  if (scope === "Cluster")
    return namespace === undefined ? [] : [forbiddenField(`${at}.namespace`, "`parameters.scope` is set to 'Cluster'")];
  if (namespace === undefined) return [requiredField(`${at}.namespace`, "`parameters.scope` is set to 'Namespace'")];
  return faults(`${at}.namespace`, namespace, dnsLabelFaults(namespace));
}
