import { anyObject, bool, integer, intOrString, list, object, objectMeta, text, textMap, type Schema } from "./schema.ts";

/**
 * Knative Serving's structural schemas, field by field as in its custom resource definitions: what is missing here is pruned (or, with
 * strict field validation, refused) there too; what is here as `anyObject` passes the schema and is judged by admission.
 */
const optionalName = { ...text, default: "" };
const quantities: Schema = { type: "object", additionalProperties: intOrString };

/** Owned as a whole by server-side apply, or item by item; lists of which nothing is said are owned as a whole too. */
const atomic = (schema: Schema): Schema => ({ ...schema, "x-kubernetes-map-type": "atomic" });
const byKey = (schema: Schema, ...keys: string[]): Schema => ({
  ...schema,
  "x-kubernetes-list-type": "map",
  "x-kubernetes-list-map-keys": keys,
});

const keySelector = atomic(object({ key: text, name: optionalName, optional: bool }, "key"));
const env = object(
  {
    name: text,
    value: text,
    valueFrom: object({
      configMapKeyRef: keySelector,
      fieldRef: atomic(anyObject),
      resourceFieldRef: atomic(anyObject),
      secretKeyRef: keySelector,
    }),
  },
  "name",
);
const envFromSource = atomic(object({ name: optionalName, optional: bool }));
const envFrom = object({ configMapRef: envFromSource, prefix: text, secretRef: envFromSource });

const probe = object({
  exec: object({ command: list(text) }),
  failureThreshold: integer,
  grpc: object({ port: integer, service: { ...text, default: "" } }),
  httpGet: object({
    host: text,
    httpHeaders: list(object({ name: text, value: text }, "name", "value")),
    path: text,
    port: intOrString,
    scheme: text,
  }),
  initialDelaySeconds: integer,
  periodSeconds: integer,
  successThreshold: integer,
  tcpSocket: object({ host: text, port: intOrString }),
  timeoutSeconds: integer,
});

const securityContext = object({
  allowPrivilegeEscalation: bool,
  capabilities: object({ add: list(text), drop: list(text) }),
  privileged: bool,
  readOnlyRootFilesystem: bool,
  runAsGroup: integer,
  runAsNonRoot: bool,
  runAsUser: integer,
  seccompProfile: object({ localhostProfile: text, type: text }, "type"),
});

const container = object({
  args: list(text),
  command: list(text),
  env: byKey(list(env), "name"),
  envFrom: list(envFrom),
  image: text,
  imagePullPolicy: text,
  livenessProbe: probe,
  name: text,
  ports: list(object({ containerPort: integer, name: text, protocol: { ...text, default: "TCP" } })),
  readinessProbe: probe,
  resources: object({ limits: quantities, requests: quantities }),
  securityContext,
  startupProbe: probe,
  terminationMessagePath: text,
  terminationMessagePolicy: text,
  volumeMounts: byKey(
    list(object({ mountPath: text, mountPropagation: text, name: text, readOnly: bool, subPath: text }, "mountPath", "name")),
    "mountPath",
  ),
  workingDir: text,
});

const keyToPath = object({ key: text, mode: integer, path: text }, "key", "path");
const downwardFile = object({ fieldRef: atomic(anyObject), mode: integer, path: text, resourceFieldRef: atomic(anyObject) }, "path");
const projection = object({
  configMap: atomic(object({ items: list(keyToPath), name: optionalName, optional: bool })),
  downwardAPI: object({ items: list(downwardFile) }),
  secret: atomic(object({ items: list(keyToPath), name: optionalName, optional: bool })),
  serviceAccountToken: object({ audience: text, expirationSeconds: integer, path: text }, "path"),
});
const volume = object(
  {
    configMap: atomic(object({ defaultMode: integer, items: list(keyToPath), name: optionalName, optional: bool })),
    csi: anyObject,
    emptyDir: anyObject,
    ephemeral: anyObject,
    hostPath: anyObject,
    image: anyObject,
    name: text,
    persistentVolumeClaim: anyObject,
    projected: object({ defaultMode: integer, sources: list(projection) }),
    secret: object({ defaultMode: integer, items: list(keyToPath), optional: bool, secretName: text }),
  },
  "name",
);

const revisionSpec = object(
  {
    affinity: anyObject,
    automountServiceAccountToken: bool,
    containerConcurrency: integer,
    containers: list(container),
    dnsConfig: anyObject,
    dnsPolicy: text,
    enableServiceLinks: bool,
    hostAliases: list(anyObject),
    hostIPC: bool,
    hostNetwork: bool,
    hostPID: bool,
    idleTimeoutSeconds: integer,
    imagePullSecrets: byKey(list(atomic(object({ name: optionalName }))), "name"),
    initContainers: list(anyObject),
    nodeSelector: atomic(textMap),
    priorityClassName: text,
    responseStartTimeoutSeconds: integer,
    runtimeClassName: text,
    schedulerName: text,
    securityContext: anyObject,
    serviceAccountName: text,
    shareProcessNamespace: bool,
    timeoutSeconds: integer,
    tolerations: list(anyObject),
    topologySpreadConstraints: list(anyObject),
    volumes: byKey(list(volume), "name"),
  },
  "containers",
);

const template = object({
  metadata: {
    ...object({ annotations: textMap, finalizers: list(text), labels: textMap, name: text, namespace: text }),
    "x-kubernetes-preserve-unknown-fields": true,
  },
  spec: revisionSpec,
});
const traffic = list(object({ configurationName: text, latestRevision: bool, percent: integer, revisionName: text, tag: text, url: text }));

const conditions = list(
  object({ lastTransitionTime: text, message: text, reason: text, severity: text, status: text, type: text }, "status", "type"),
);
const baseStatus = { annotations: textMap, conditions, observedGeneration: integer };
const configurationStatus = { latestCreatedRevisionName: text, latestReadyRevisionName: text };
const routeStatus = { address: object({ CACerts: text, audience: text, name: text, url: text }), traffic, url: text };
const containerStatuses = list(object({ imageDigest: text, name: text }));

function root(spec: Schema, status: Schema): Schema {
  return object({ apiVersion: text, kind: text, metadata: objectMeta, spec, status });
}

/** By kind; the group is serving.knative.dev/v1. */
export const SERVING_SCHEMAS = {
  Service: root(object({ template, traffic }), object({ ...baseStatus, ...configurationStatus, ...routeStatus })),
  Configuration: root(object({ template }), object({ ...baseStatus, ...configurationStatus })),
  Revision: root(
    revisionSpec,
    object({
      ...baseStatus,
      actualReplicas: integer,
      containerStatuses,
      desiredReplicas: integer,
      initContainerStatuses: containerStatuses,
      logUrl: text,
    }),
  ),
  Route: root(object({ traffic }), object({ ...baseStatus, ...routeStatus })),
} as const;

/** autoscaling.internal.knative.dev/v1alpha1. */
export const POD_AUTOSCALER_SCHEMA: Schema = root(
  object(
    {
      containerConcurrency: integer,
      protocolType: text,
      reachability: text,
      scaleTargetRef: atomic(object({ apiVersion: text, kind: text, name: text })),
    },
    "scaleTargetRef",
  ),
  object({ ...baseStatus, actualScale: integer, desiredScale: integer, metricsServiceName: text, serviceName: text }),
);
