import type { Container, Probe, Volume } from "../core.ts";
import type { PodTemplateSpec, TemplateSpec } from "./workload.ts";

/** What a file of a volume may be done with, unless it is said. */
const FILE_MODE = 0o644;
const TOKEN_SECONDS = 3600;

/** k8s.io/kubernetes pkg/apis/core/v1 SetDefaults_PodSpec and its like: what is stored of a Pod where its maker did not say. */
export function defaultPodSpec(spec: TemplateSpec): TemplateSpec {
  const { containers = [], initContainers, volumes, serviceAccountName } = spec;
  return {
    ...spec,
    ...(volumes ? { volumes: volumes.map(defaultVolume) } : {}),
    ...(initContainers ? { initContainers: initContainers.map(defaultContainer) } : {}),
    containers: containers.map(defaultContainer),
    restartPolicy: spec.restartPolicy || "Always",
    terminationGracePeriodSeconds: spec.terminationGracePeriodSeconds ?? 30,
    dnsPolicy: spec.dnsPolicy || "ClusterFirst",
    ...(serviceAccountName ? { serviceAccount: serviceAccountName } : {}),
    securityContext: spec.securityContext ?? {},
    schedulerName: spec.schedulerName || "default-scheduler",
  };
}

export function defaultTemplate(template: PodTemplateSpec): PodTemplateSpec {
  return { ...template, ...(template.spec ? { spec: defaultPodSpec(template.spec) } : {}) };
}

function defaultContainer(container: Container): Container {
  const { livenessProbe, readinessProbe, startupProbe, env, imagePullPolicy } = container;
  const terminationPath = { terminationMessagePath: "/dev/termination-log", terminationMessagePolicy: "File" };
  return {
    ...terminationPath,
    ...container,
    resources: container.resources ?? {},
    ...(env
      ? {
          env: env.map(({ valueFrom, ...variable }) => {
            const field = valueFrom?.fieldRef;
            const from = field ? { ...valueFrom, fieldRef: { ...field, apiVersion: field.apiVersion || "v1" } } : valueFrom;
            return { ...variable, ...(from ? { valueFrom: from } : {}) };
          }),
        }
      : {}),
    ...(livenessProbe ? { livenessProbe: defaultProbe(livenessProbe) } : {}),
    ...(readinessProbe ? { readinessProbe: defaultProbe(readinessProbe) } : {}),
    ...(startupProbe ? { startupProbe: defaultProbe(startupProbe) } : {}),
    imagePullPolicy: imagePullPolicy || (isLatest(container.image) ? "Always" : "IfNotPresent"),
  };
}

/** Whether an image has no tag or digest but `latest`. */
function isLatest(image = ""): boolean {
  return !image.includes("@") && /(^|\/)[^/:]*(:latest)?$/.test(image);
}

function defaultProbe(probe: Probe): Probe {
  const { httpGet } = probe;
  return {
    ...probe,
    ...(httpGet ? { httpGet: { ...httpGet, path: httpGet.path || "/", scheme: httpGet.scheme || "HTTP" } } : {}),
    timeoutSeconds: probe.timeoutSeconds || 1,
    periodSeconds: probe.periodSeconds || 10,
    successThreshold: probe.successThreshold || 1,
    failureThreshold: probe.failureThreshold || 3,
  };
}

function defaultVolume(volume: Volume): Volume {
  const { configMap, secret, projected, downwardAPI } = volume;
  const sources = projected?.sources?.map((source) => {
    const token = source.serviceAccountToken;
    return token ? { ...source, serviceAccountToken: { ...token, expirationSeconds: token.expirationSeconds ?? TOKEN_SECONDS } } : source;
  });
  // One of which nothing but the name is said is an empty folder.
  const said = Object.entries(volume).some(([key, value]) => key !== "name" && value !== undefined);
  return {
    ...volume,
    ...(said ? {} : { emptyDir: {} }),
    ...(configMap ? { configMap: { defaultMode: FILE_MODE, ...configMap } } : {}),
    ...(secret ? { secret: { defaultMode: FILE_MODE, ...secret } } : {}),
    ...(downwardAPI ? { downwardAPI: { defaultMode: FILE_MODE, ...downwardAPI } } : {}),
    ...(projected ? { projected: { defaultMode: FILE_MODE, ...projected, ...(sources ? { sources } : {}) } } : {}),
  };
}
