import type { Container } from "./core.ts";
import type { Flag } from "./serving-config/features.ts";

interface SecurityContext {
  allowPrivilegeEscalation?: boolean;
  capabilities?: { add?: string[]; drop?: string[] };
  runAsNonRoot?: boolean;
  seccompProfile?: { type?: string };
}

/** Ports below it are root's, unless the container may bind them. */
const FIRST_USER_PORT = 1024;

/** Feature `secure-pod-defaults`: what the `restricted` profile of Kubernetes asks for, where the container does not say. */
export function securityDefaults(container: Container, pod: Record<string, unknown> = {}, flag: Flag): Container {
  if (flag !== "Enabled" && flag !== "AllowRootBounded") return container;
  const given = (container.securityContext ?? {}) as SecurityContext;
  const { seccompProfile, runAsNonRoot } = pod as SecurityContext;
  const low = (container.ports ?? []).some(({ containerPort }) => containerPort < FIRST_USER_PORT);
  const bounded = {
    ...given,
    allowPrivilegeEscalation: given.allowPrivilegeEscalation ?? false,
    ...(seccompProfile?.type ? {} : { seccompProfile: { ...given.seccompProfile, type: given.seccompProfile?.type || "RuntimeDefault" } }),
    capabilities: given.capabilities ?? { drop: ["ALL"], ...(low ? { add: ["NET_BIND_SERVICE"] } : {}) },
  };
  const nonRoot = flag === "Enabled" && runAsNonRoot === undefined ? { runAsNonRoot: given.runAsNonRoot ?? true } : {};
  return { ...container, securityContext: { ...bounded, ...nonRoot } };
}

/**
 * What Kubernetes leaves insecure when it is not said, as warnings of knative's warnDefaultContainerSecurityContext: paths below the
 * container's `securityContext`. It does not judge what is insecure on purpose.
 */
export function insecureDefaults(container: Container, pod: Record<string, unknown> = {}): string[] {
  const own = (container.securityContext ?? {}) as SecurityContext;
  const of = pod as SecurityContext;
  const unset: string[] = [];
  if (of.runAsNonRoot === undefined && own.runAsNonRoot === undefined) unset.push("runAsNonRoot");
  if (own.allowPrivilegeEscalation === undefined) unset.push("allowPrivilegeEscalation");
  if (!own.seccompProfile && !of.seccompProfile) unset.push("seccompProfile");
  else if (!own.seccompProfile?.type && !of.seccompProfile?.type) unset.push("seccompProfile.type");
  if (!own.capabilities) unset.push("capabilities");
  else if (!own.capabilities.drop) unset.push("capabilities.drop");
  return unset;
}

/** `all` drops nothing: upstream warns of that one, too, if it stands first. */
export function dropsNothing({ securityContext }: Container): boolean {
  return (securityContext as SecurityContext | undefined)?.capabilities?.drop?.[0] === "all";
}
