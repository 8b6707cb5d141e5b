import {
  Certificates,
  ConfigMaps,
  KnativeIngresses,
  LAST_APPLIED,
  Routes,
  SERVING_NAMESPACE,
  type Certificate,
  type Condition,
  type Finder,
  type KubeObject,
  type ObjectView,
  type Route,
  type TrafficTarget,
} from "@ebb/kube";
import { controllerRef, isControlledBy, omit } from "../engine/keys.ts";
import { CLUSTER_DOMAIN, withTodaysNames } from "../config/network.ts";
import { redirectsToTls } from "../route/entry.ts";
import { mark, suffixed } from "./parts.ts";

const INGRESS_CLASS = "networking.knative.dev/ingress.class";
const CLASS = "istio.ingress.networking.knative.dev";

/** Knative's Ingress of a Route: what the gateway serves by, as its status tells. */
export const ingressView: ObjectView<Route> = { kind: KnativeIngresses, source: Routes, ...suffixed(""), make: makeIngress };

function makeIngress(route: Route, find: Finder): KubeObject {
  const { name, namespace = "", labels, annotations } = route.metadata;
  return {
    apiVersion: "networking.internal.knative.dev/v1alpha1",
    kind: "Ingress",
    metadata: {
      name,
      labels: { ...labels, "serving.knative.dev/route": name, "serving.knative.dev/routeNamespace": namespace },
      annotations: { ...omit(annotations, [LAST_APPLIED]), [INGRESS_CLASS]: CLASS },
      ownerReferences: [controllerRef(Routes, route)],
      generation: 1,
    },
    spec: { httpOption: httpOptionOf(route, find), rules: rulesOf(route), ...tlsOf(route, find) },
    status: statusOf(route),
  };
}

function httpOptionOf(route: Route, find: Finder): "Enabled" | "Redirected" {
  const data = withTodaysNames(find.get(ConfigMaps, SERVING_NAMESPACE, "config-network")?.data);
  return redirectsToTls(route, data["http-protocol"]?.toLowerCase() === "redirected") ? "Redirected" : "Enabled";
}

/** The Secrets of its Certificates, that of its own host first. */
function tlsOf(route: Route, find: Finder): { tls?: object[] } {
  const { url, address, traffic = [] } = route.status ?? {};
  const secure = new Set(
    [url, address?.url, ...traffic.map((target) => target.url)].filter((each) => each?.startsWith("https://")).map(hostOf),
  );
  if (secure.size === 0) return {};
  const own = find
    .list<Certificate>(Certificates, route.metadata.namespace ?? "")
    .filter((certificate) => isControlledBy(certificate, route) && certificate.spec.dnsNames.some((host) => secure.has(host)));
  if (own.length === 0) return {};
  const tls = own.map(({ metadata, spec }) => ({ hosts: spec.dnsNames, secretName: spec.secretName, secretNamespace: metadata.namespace }));
  const main = hostOf(url);
  return { tls: tls.toSorted((a, b) => Number(b.hosts.includes(main ?? "")) - Number(a.hosts.includes(main ?? ""))) };
}

interface Split {
  revisionName: string;
  percent: number;
}

function rulesOf(route: Route): object[] {
  const { url, traffic = [] } = route.status ?? {};
  const { name, namespace = "" } = route.metadata;
  const tags = traffic.filter((target): target is TrafficTarget & { tag: string } => Boolean(target.tag));
  const main = merge(traffic);
  return [
    ...pair(hostOf(url), name, { namespace, splits: main }),
    ...tags.flatMap(({ tag, url: tagged, revisionName = "" }) => {
      const local = hostOf(tagged)?.split(".")[0] ?? `${tag}-${name}`;
      return pair(hostOf(tagged), local, { namespace, splits: [{ revisionName, percent: 100 }] });
    }),
  ];
}

/** The rule inside the cluster, and the one for everybody if there is one. */
function pair(host: string | undefined, local: string, { namespace, splits }: { namespace: string; splits: Split[] }): object[] {
  const http = {
    paths: [
      {
        splits: splits.map(({ revisionName, percent }) => ({
          serviceName: revisionName,
          serviceNamespace: namespace,
          servicePort: 80,
          percent,
          appendHeaders: { "Knative-Serving-Namespace": namespace, "Knative-Serving-Revision": revisionName },
        })),
      },
    ],
  };
  const isPublic = host !== undefined && !host.endsWith(`.${CLUSTER_DOMAIN}`);
  const hosts = [`${local}.${namespace}`, `${local}.${namespace}.svc`, `${local}.${namespace}.${CLUSTER_DOMAIN}`];
  return [{ hosts, http, visibility: "ClusterLocal" }, ...(isPublic ? [{ hosts: [host], http, visibility: "ExternalIP" }] : [])];
}

function merge(traffic: readonly TrafficTarget[]): Split[] {
  const percents = new Map<string, number>();
  for (const { revisionName = "", percent = 0 } of traffic) percents.set(revisionName, (percents.get(revisionName) ?? 0) + percent);
  return [...percents].filter(([, percent]) => percent > 0).map(([revisionName, percent]) => ({ revisionName, percent }));
}

function hostOf(url: string | undefined): string | undefined {
  return url?.replace(/^https?:\/\//, "");
}

function statusOf({ status }: Route): object {
  const ready = status?.conditions?.find(({ type }) => type === "IngressReady");
  const same = (type: string): Condition => ({ ...mark(type, ready?.status ?? "Unknown", ready), ...timeOf(ready) });
  return {
    observedGeneration: 1,
    conditions: ["LoadBalancerReady", "NetworkConfigured", "Ready"].map(same),
    publicLoadBalancer: { ingress: [{ domainInternal: "istio-ingressgateway.istio-system.svc.cluster.local" }] },
    privateLoadBalancer: { ingress: [{ domainInternal: "knative-local-gateway.istio-system.svc.cluster.local" }] },
  };
}

function timeOf(condition: Condition | undefined): { lastTransitionTime?: string } {
  return condition?.lastTransitionTime === undefined ? {} : { lastTransitionTime: condition.lastTransitionTime };
}
