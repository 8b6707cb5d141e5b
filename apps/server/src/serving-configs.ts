import {
  ConfigMaps,
  EXAMPLE_CHECKSUM,
  EXAMPLE_KEY,
  exampleChecksum,
  HOST_TEMPLATE,
  isStatus,
  OWN_HOST_TEMPLATE,
  REQUEST_LOG_TEMPLATE,
  SERVING_NAMESPACE,
  type ConfigMap,
  type KubeClient,
} from "@ebb/kube";
import type { ServerConfig } from "./config.ts";

/** Key, what holds without it, and what it means. */
type Row = readonly [key: string, value: string, meaning: string];

const disabledUnless = (keys: readonly string[]): Row[] => keys.map((key) => [key, "disabled", `whether a Revision may ask for ${key}`]);

/**
 * Knative's ConfigMaps and the keys that have an effect here, with upstream's defaults; a row becomes a line of the map's `_example`. Keys
 * that are not here are stored and do nothing.
 */
export const EXAMPLES: Readonly<Record<string, readonly Row[]>> = {
  "config-autoscaler": [
    ["container-concurrency-target-percentage", "70", "share of a container's concurrency that is aimed at"],
    ["container-concurrency-target-default", "100", "concurrency of a container that sets no limit"],
    ["requests-per-second-target-default", "200", "requests a second of a container scaled by them"],
    ["target-burst-capacity", "211", "reported only: the gateway is always in the path"],
    ["stable-window", "60s", "time that is averaged over"],
    ["panic-window-percentage", "10.0", "share of the window that is looked at for bursts"],
    ["panic-threshold-percentage", "200.0", "load against capacity that starts a panic"],
    ["max-scale-up-rate", "1000.0", "factor by which a step may grow"],
    ["max-scale-down-rate", "2.0", "factor by which a step may shrink"],
    ["enable-scale-to-zero", "true", "whether the last instance goes, too"],
    ["scale-to-zero-grace-period", "30s", "upstream's time to reprogram the network"],
    ["scale-to-zero-pod-retention-period", "0s", "least time that the last instance stays"],
    ["initial-scale", "1", "instances that a new Revision must reach"],
    ["allow-zero-initial-scale", "false", "whether that may be none"],
    ["min-scale", "0", "least instances of a Revision that does not say"],
    ["max-scale", "0", "most instances of a Revision that does not say; 0 is no limit"],
    ["max-scale-limit", "0", "most that a Revision may ask for; 0 is no limit"],
    ["scale-down-delay", "0s", "time that a lower count must last"],
  ],
  "config-defaults": [
    ["revision-timeout-seconds", "300", "longest request"],
    ["max-revision-timeout-seconds", "600", "longest that a Revision may ask for"],
    ["revision-response-start-timeout-seconds", "300", "longest wait for the first byte"],
    ["revision-idle-timeout-seconds", "0", "longest pause between bytes; 0 is no limit"],
    ["revision-cpu-request", "400m", "none unless set"],
    ["revision-memory-request", "100M", "none unless set"],
    ["revision-ephemeral-storage-request", "500M", "none unless set"],
    ["revision-cpu-limit", "1000m", "none unless set"],
    ["revision-memory-limit", "200M", "none unless set"],
    ["revision-ephemeral-storage-limit", "750M", "none unless set"],
    ["container-name-template", "user-container", "name of a container that has none; may use {{.Name}}"],
    ["init-container-name-template", "init-container", "the same for init containers"],
    ["container-concurrency", "0", "requests at once in a container; 0 is no limit"],
    ["container-concurrency-max-limit", "1000", "most that a Revision may ask for"],
    ["allow-container-concurrency-zero", "true", "whether it may ask for no limit"],
    ["enable-service-links", "false", "true, false, or default: left to Kubernetes"],
  ],
  "config-deployment": [
    ["progress-deadline", "600s", "time that a Revision has to become ready"],
    ["registries-skipping-tag-resolving", "kind.local,ko.local,dev.local", "registries whose tags are not resolved to digests"],
    ["digest-resolution-timeout", "10s", "time that resolving a tag may take"],
  ],
  "config-domain": [["example.com", "selector: {app: prod}", "domain of the Routes with these labels; without a selector, of all"]],
  "config-features": [
    ["secure-pod-defaults", "disabled", "whether containers are restricted where they do not say; enabled, allowrootbounded"],
    ["multi-container", "enabled", "several containers in a Revision"],
    ["multi-container-probing", "disabled", "probes of those that do not serve"],
    ["tag-header-based-routing", "disabled", "routing by the header Knative-Serving-Tag"],
    ["kubernetes.podspec-dryrun", "allowed", "annotation features.knative.dev/podspec-dryrun"],
    ["kubernetes.podspec-volumes-emptydir", "enabled", "whether a Revision may ask for kubernetes.podspec-volumes-emptydir"],
    ...disabledUnless(
      (
        "podspec-affinity podspec-topologyspreadconstraints podspec-hostaliases podspec-nodeselector podspec-tolerations podspec-fieldref " +
        "podspec-runtimeclassname podspec-dnspolicy podspec-dnsconfig podspec-securitycontext podspec-shareprocessnamespace " +
        "podspec-hostipc podspec-hostpid podspec-hostnetwork podspec-priorityclassname podspec-schedulername " +
        "containerspec-addcapabilities podspec-volumes-image podspec-volumes-hostpath podspec-volumes-ephemeral podspec-volumes-csi " +
        "podspec-init-containers podspec-persistent-volume-claim podspec-persistent-volume-write podspec-volumes-mount-propagation"
      )
        .split(" ")
        .map((name) => `kubernetes.${name}`),
    ),
  ],
  "config-gc": [
    ["retain-since-create-time", "48h", "a younger Revision stays; disabled: this limit is ignored"],
    ["retain-since-last-active-time", "15h", "one that had traffic since stays; disabled: this limit is ignored"],
    ["min-non-active-revisions", "20", "so many without traffic stay whatever their age"],
    ["max-non-active-revisions", "1000", "more than so many never stay; disabled: no limit"],
  ],
  "config-network": [
    ["domain-template", "{{.Name}}.{{.Namespace}}.{{.Domain}}", "public host of a Route"],
    ["tag-template", "{{.Tag}}-{{.Name}}", "what stands for the name in the host of a tag"],
    ["external-domain-tls", "Disabled", "Enabled: a certificate for each public host, from an authority of the cluster"],
    ["cluster-local-domain-tls", "Disabled", "Enabled: a certificate for the names of a Route inside the cluster, too"],
    ["namespace-wildcard-cert-selector", "", "namespaces (a LabelSelector in YAML; {}: all) whose hosts share one certificate"],
    ["http-protocol", "Enabled", "Redirected: cleartext requests are sent to TLS"],
    ["default-external-scheme", "http", "https: so begin the URLs of public hosts, as TLS is ended in front of the gateway"],
    ["autocreate-cluster-domain-claims", "false", "true: a DomainMapping claims its host by itself"],
    ["rollout-duration", "0", "seconds in which a new Revision gets all traffic, where its Route does not say"],
  ],
  "config-observability": [
    [
      "logging.revision-url-template",
      "http://logging.example.com/?revisionUID=${REVISION_UID}",
      "none unless set: where a Revision's logs are",
    ],
    ["logging.enable-request-log", "false", "true: a line for each request in the log of an instance's queue-proxy"],
    ["logging.enable-var-log-collection", "false", "true: containers of images have a /var/log of their own that all can write"],
    ["logging.enable-probe-request-log", "false", "true: a line for each readiness probe, too"],
    [
      "logging.request-log-template",
      REQUEST_LOG_TEMPLATE,
      "the line; Request.{Method,RequestURI,Host,Proto,ContentLength,RemoteAddr,UserAgent,Referer,Header}, Response.{Code,Size,Latency}, Revision.{Name,Namespace,Service,Configuration,PodName,PodIP}, TraceID",
    ],
  ],
};

/**
 * Ours of before there were environments: one that nobody has changed since then is brought up to date, but keeps the hosts of all that is there:
 * a new cluster's template would put namespaces into them.
 */
const FORMER_TEMPLATE = "{{.Name}}.{{.Domain}}";

/** Where Ebb differs from upstream's defaults. */
function settingsOf(config: ServerConfig): Record<string, Record<string, string>> {
  return {
    "config-domain": { [`sls-${config.clusterName}.${config.baseDomain}`]: "" },
    "config-network": { "domain-template": OWN_HOST_TEMPLATE, "tag-template": "{{.Tag}}-{{.Name}}" },
    "config-deployment": config.progressDeadlineSeconds === undefined ? {} : { "progress-deadline": `${config.progressDeadlineSeconds}s` },
  };
}

/** The ConfigMaps of a fresh cluster; pure. */
export function servingConfigs(config: ServerConfig): ConfigMap[] {
  const settings = settingsOf(config);
  return Object.entries(EXAMPLES).map(([name, rows]) => {
    const example = exampleText(rows);
    return {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: {
        name,
        namespace: SERVING_NAMESPACE,
        labels: { "app.kubernetes.io/name": SERVING_NAMESPACE },
        annotations: { [EXAMPLE_CHECKSUM]: exampleChecksum(example) },
      },
      data: { [EXAMPLE_KEY]: example, ...settings[name] },
    };
  });
}

function exampleText(rows: readonly Row[]): string {
  const head = [
    "# This block only documents the keys. To set one, copy it out of the block, to where the other keys of `data` are.",
    "# The values are what holds when a key is not set.",
  ];
  return [...head, ...rows.flatMap(([key, value, meaning]) => ["", `# ${meaning}`, `${key}: ${JSON.stringify(value)}`])].join("\n");
}

/** Makes those that are missing; what is there is the operator's, but for a domain template of ours from before and for a deadline that the command line asks for. */
export async function ensureServingConfigs(client: KubeClient, config: ServerConfig): Promise<void> {
  for (const map of servingConfigs(config)) {
    try {
      await client.create(ConfigMaps, map);
    } catch (error) {
      if (!isStatus(error, "AlreadyExists")) throw error;
    }
  }
  const network = await client.get(ConfigMaps, SERVING_NAMESPACE, "config-network");
  if (network?.data?.["domain-template"] === FORMER_TEMPLATE) {
    await client.update(ConfigMaps, { ...network, data: { ...network.data, "domain-template": HOST_TEMPLATE } });
  }
  if (config.progressDeadlineSeconds === undefined) return;
  const deployment = await client.get(ConfigMaps, SERVING_NAMESPACE, "config-deployment");
  const wanted = `${config.progressDeadlineSeconds}s`;
  if (!deployment || deployment.data?.["progress-deadline"] === wanted) return;
  await client.update(ConfigMaps, { ...deployment, data: { ...deployment.data, "progress-deadline": wanted } });
}
