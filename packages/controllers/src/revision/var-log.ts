import type { Container, EnvVar, Revision } from "@ebb/kube";
import { isBundle } from "./workload.ts";

const VOLUME = "knative-var-log";
const FOLDER = "/var/log";
/** By which collectors tell whose files they are. */
const ENV: readonly EnvVar[] = [
  { name: "K_INTERNAL_POD_NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
  { name: "K_INTERNAL_POD_NAMESPACE", valueFrom: { fieldRef: { fieldPath: "metadata.namespace" } } },
];

/**
 * The Revision with a `/var/log` for each container, which all can write and which lasts as long as the instance: what
 * `logging.enable-var-log-collection` asks for (knative/serving pkg/reconciler/revision/resources/deploy.go). Bundles have no mounts, and stay as they are.
 */
export function withVarLog(revision: Revision): Revision {
  const { containers, volumes = [] } = revision.spec;
  if (containers.some(({ image }) => isBundle(image))) return revision;
  const collected = containers.map((container): Container => {
    const { name = "user-container", volumeMounts = [], env = [] } = container;
    if (volumeMounts.some(({ mountPath }) => mountPath === FOLDER)) return container;
    return { ...container, env: [...env, ...ENV], volumeMounts: [...volumeMounts, { name: VOLUME, mountPath: FOLDER, subPath: name }] };
  });
  return { ...revision, spec: { ...revision.spec, containers: collected, volumes: [...volumes, { name: VOLUME, emptyDir: {} }] } };
}
