import { apiVersionOf, CERTIFICATES_GROUP, isCore, type Kind } from "@ebb/kube";
import { REVIEWS } from "./serve-reviews.ts";

const VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
const MEASURED_VERBS = ["get", "list"];
const STATUS_VERBS = ["get", "patch", "update"];

/** Kinds that route: which of their rules takes a request, and why, is told by `explain`. */
const EXPLAINED: ReadonlySet<string> = new Set(["Route", "VirtualService"]);

export interface ResourceInfo {
  name: string;
  singularName: string;
  namespaced: boolean;
  kind: string;
  verbs: readonly string[];
  /** Of the kind, when it is another than the list's. */
  group?: string;
  version?: string;
  shortNames?: readonly string[];
  categories?: readonly string[];
}

/** `/`: where a client may look on. */
export function rootPaths(kinds: readonly Kind[]): unknown {
  const versions = groupVersions(kinds);
  const groups = [...new Set(versions.map(({ group }) => `/apis/${group}`))];
  const below = versions.map(({ group, version }) => `/apis/${group}/${version}`);
  const own = [
    "/.well-known/openid-configuration",
    "/api",
    "/api/v1",
    "/apis",
    "/healthz",
    "/livez",
    "/metrics",
    "/openapi/v2",
    "/openapi/v3",
    "/openid/v1/jwks",
  ];
  return { paths: [...own, ...groups, ...below, "/readyz", "/version"].sort() };
}

/** `/api`. */
export function coreVersions(): unknown {
  return { kind: "APIVersions", versions: ["v1"], serverAddressByClientCIDRs: [] };
}

/** `/apis`: groups in the order of the kinds. */
export function groupList(kinds: readonly Kind[]): unknown {
  const names = new Set(groupVersions(kinds).map(({ group }) => group));
  return { kind: "APIGroupList", apiVersion: "v1", groups: [...names].map((name) => groupOf(kinds, name)) };
}

/** `/apis/GROUP`; undefined if there is none. */
export function group(kinds: readonly Kind[], name: string): unknown {
  const found = groupVersions(kinds).some((candidate) => candidate.group === name);
  return found ? { kind: "APIGroup", apiVersion: "v1", ...groupOf(kinds, name) } : undefined;
}

/** `/api/v1` or `/apis/GROUP/VERSION`; undefined if there is none. */
export function resourceList(kinds: readonly Kind[], group: string, version: string): { resources: ResourceInfo[] } | undefined {
  const resources = [
    ...kinds.filter((kind) => kind.group === group && kind.version === version).flatMap(infosOf),
    ...REVIEWS.filter((review) => review.group === group && version === "v1").map(({ kind, plural, namespaced }): ResourceInfo => ({
      name: plural,
      singularName: kind.toLowerCase(),
      namespaced,
      kind,
      verbs: ["create"],
    })),
  ];
  if (resources.length === 0) return undefined;
  const list = { kind: "APIResourceList", apiVersion: "v1", groupVersion: apiVersionOf({ group, version }), resources };
  return list;
}

/** Every group and version besides core. */
export function groupVersions(kinds: readonly Kind[]): { group: string; version: string }[] {
  const seen = new Map<string, { group: string; version: string }>();
  const reviews = REVIEWS.map(({ group }) => ({ group, version: "v1" }));
  for (const { group, version } of [...kinds, ...reviews]) if (group !== "") seen.set(`${group}/${version}`, { group, version });
  return [...seen.values()];
}

/** The versions of a group in the order of the kinds; the first is preferred. */
function groupOf(kinds: readonly Kind[], name: string) {
  const versions = groupVersions(kinds)
    .filter(({ group }) => group === name)
    .map(({ group, version }) => ({ groupVersion: `${group}/${version}`, version }));
  return { name, versions, preferredVersion: versions[0] };
}

function infosOf(kind: Kind): ResourceInfo[] {
  const { plural, singular, namespaced, shortNames, categories } = kind;
  const main: ResourceInfo = {
    name: plural,
    singularName: singular,
    namespaced,
    kind: kind.kind,
    verbs: kind.measured ? MEASURED_VERBS : VERBS,
    ...(shortNames.length > 0 ? { shortNames } : {}),
    ...(categories.length > 0 ? { categories } : {}),
  };
  const sub = (name: string, verbs: readonly string[]): ResourceInfo => ({
    name: `${plural}/${name}`,
    singularName: "",
    namespaced,
    kind: kind.kind,
    verbs,
  });
  return [
    main,
    ...(kind.statusSubresource ? [sub("status", STATUS_VERBS)] : []),
    ...(kind.group === CERTIFICATES_GROUP ? [sub("approval", STATUS_VERBS)] : []),
    ...(isCore(kind, "Namespace") ? [sub("finalize", ["update"])] : []),
    ...(kind.scale ? [{ ...sub("scale", STATUS_VERBS), group: "autoscaling", version: "v1", kind: "Scale" }] : []),
    ...(isCore(kind, "Pod") ? [sub("log", ["get"]), ...streamInfos(sub), evictionInfo(sub), proxyInfo(sub, "Pod")] : []),
    ...(isCore(kind, "Service") ? [proxyInfo(sub, "Service")] : []),
    ...(isCore(kind, "ServiceAccount")
      ? [{ ...sub("token", ["create"]), group: "authentication.k8s.io", version: "v1", kind: "TokenRequest" }]
      : []),
    ...(kind.kind === "PodAutoscaler" ? [sub("decisions", ["get"]), sub("coldstarts", ["get"]), sub("whatif", ["get"])] : []),
    ...(EXPLAINED.has(kind.kind) ? [sub("explain", ["get"])] : []),
    ...(kind.kind === "Route" ? [sub("requests", ["get"]), sub("mirrors", ["get"])] : []),
  ];
}

/** By its group and version, `kubectl drain` knows that it may evict. */
function evictionInfo(sub: (name: string, verbs: readonly string[]) => ResourceInfo): ResourceInfo {
  return { ...sub("eviction", ["create"]), group: "policy", version: "v1", kind: "Eviction" };
}

function proxyInfo(sub: (name: string, verbs: readonly string[]) => ResourceInfo, of: "Pod" | "Service"): ResourceInfo {
  return { ...sub("proxy", ["create", "delete", "get", "patch", "update"]), kind: `${of}ProxyOptions` };
}

/** Their kinds are those of their options, which travel in the query. */
function streamInfos(sub: (name: string, verbs: readonly string[]) => ResourceInfo): ResourceInfo[] {
  return [
    { ...sub("attach", ["create", "get"]), kind: "PodAttachOptions" },
    { ...sub("exec", ["create", "get"]), kind: "PodExecOptions" },
    { ...sub("portforward", ["create", "get"]), kind: "PodPortForwardOptions" },
  ];
}
