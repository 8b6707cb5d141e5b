import type { ConfigData } from "./read-data.ts";

/** knative/serving pkg/apis/config/features.go: what config-features may say of each, and what holds when it says nothing. */
export type Flag = "Enabled" | "Allowed" | "Disabled" | "AllowRootBounded";

const DEFAULTS = {
  "secure-pod-defaults": "Disabled",
  "multi-container": "Enabled",
  "multi-container-probing": "Disabled",
  "kubernetes.podspec-affinity": "Disabled",
  "kubernetes.podspec-topologyspreadconstraints": "Disabled",
  "kubernetes.podspec-hostaliases": "Disabled",
  "kubernetes.podspec-nodeselector": "Disabled",
  "kubernetes.podspec-tolerations": "Disabled",
  "kubernetes.podspec-fieldref": "Disabled",
  "kubernetes.podspec-runtimeclassname": "Disabled",
  "kubernetes.podspec-dnspolicy": "Disabled",
  "kubernetes.podspec-dnsconfig": "Disabled",
  "kubernetes.podspec-dryrun": "Allowed",
  "kubernetes.podspec-securitycontext": "Disabled",
  "kubernetes.podspec-shareprocessnamespace": "Disabled",
  "kubernetes.podspec-hostipc": "Disabled",
  "kubernetes.podspec-hostpid": "Disabled",
  "kubernetes.podspec-hostnetwork": "Disabled",
  "kubernetes.podspec-priorityclassname": "Disabled",
  "kubernetes.podspec-schedulername": "Disabled",
  "kubernetes.containerspec-addcapabilities": "Disabled",
  "tag-header-based-routing": "Disabled",
  "autodetect-http2": "Disabled",
  "kubernetes.podspec-volumes-emptydir": "Enabled",
  "kubernetes.podspec-volumes-image": "Disabled",
  "kubernetes.podspec-volumes-hostpath": "Disabled",
  "kubernetes.podspec-volumes-ephemeral": "Disabled",
  "kubernetes.podspec-volumes-csi": "Disabled",
  "kubernetes.podspec-init-containers": "Disabled",
  "kubernetes.podspec-persistent-volume-claim": "Disabled",
  "kubernetes.podspec-persistent-volume-write": "Disabled",
  "kubernetes.podspec-volumes-mount-propagation": "Disabled",
  "queueproxy.mount-podinfo": "Disabled",
  "queueproxy.resource-defaults": "Disabled",
} as const satisfies Record<string, Flag>;

export type Feature = keyof typeof DEFAULTS;
export type Features = Readonly<Record<Feature, Flag>>;

const FLAGS: readonly Flag[] = ["Enabled", "Allowed", "Disabled", "AllowRootBounded"];

/** Words are taken in any case; a word that is no flag leaves the default, as upstream. */
export function parseFeatures(data: ConfigData = {}): Features {
  const read = Object.entries(DEFAULTS).map(([feature, fallback]): [string, Flag] => {
    const word = data[feature]?.toLowerCase();
    const flag = FLAGS.find((known) => known.toLowerCase() === word);
    // Only this feature knows the word.
    return [feature, flag === undefined || (flag === "AllowRootBounded" && feature !== "secure-pod-defaults") ? fallback : flag];
  });
  return Object.fromEntries(read) as Features;
}
