import type { Container, PodSpec } from "@ebb/kube";
import type { SecuritySpec } from "@ebb/runtime";

interface SecurityContext {
  runAsUser?: number;
  runAsGroup?: number;
  runAsNonRoot?: boolean;
  readOnlyRootFilesystem?: boolean;
  capabilities?: { add?: string[]; drop?: string[] };
}

interface PodSecurityContext {
  fsGroup?: number;
  supplementalGroups?: number[];
}

/** Who else the volumes of a Pod are for. */
export function fsGroupOf({ securityContext = {} }: Pick<PodSpec, "securityContext">): number | undefined {
  return (securityContext as PodSecurityContext).fsGroup;
}

/** The `securityContext` of a container, over that of its Pod, as the runtime has it; undefined when neither says anything. */
export function securityOf(
  container: Container,
  { securityContext: pod = {} }: Pick<PodSpec, "securityContext">,
): SecuritySpec | undefined {
  const { fsGroup, supplementalGroups = [] } = pod as PodSecurityContext;
  const groups = [...new Set([...(fsGroup === undefined ? [] : [fsGroup]), ...supplementalGroups])];
  const { runAsUser, runAsGroup, runAsNonRoot }: SecurityContext = { ...pod, ...container.securityContext };
  const { readOnlyRootFilesystem, capabilities }: SecurityContext = container.securityContext ?? {};
  const security: SecuritySpec = {
    ...(runAsUser === undefined ? {} : { user: runAsUser }),
    ...(runAsGroup === undefined ? {} : { group: runAsGroup }),
    ...(groups.length > 0 ? { groups } : {}),
    ...(runAsNonRoot ? { nonRoot: true } : {}),
    ...(readOnlyRootFilesystem ? { readOnlyRoot: true } : {}),
    ...(capabilities ? { capabilities: { add: capabilities.add ?? [], drop: capabilities.drop ?? [] } } : {}),
  };
  return Object.keys(security).length === 0 ? undefined : security;
}
