import type { Container, KnativeService } from "@ebb/kube";
import type { Target } from "./target.ts";

export const SERVING = "serving.knative.dev/v1";
export const named = (kind: "Service" | "Configuration" | "Route" | "Revision", name: string) => ({ apiVersion: SERVING, kind, name });

export interface ServiceParts {
  metadata?: Partial<KnativeService["metadata"]>;
  template?: Partial<KnativeService["spec"]["template"]["metadata"]>;
  spec?: Partial<KnativeService["spec"]["template"]["spec"]>;
  container?: Partial<Container>;
  env?: Record<string, string>;
}

/** A Service of the conformance application. */
export function makeService(target: Target, name: string, parts: ServiceParts = {}): KnativeService {
  const env = Object.entries(parts.env ?? {}).map(([key, value]) => ({ name: key, value }));
  return {
    apiVersion: SERVING,
    kind: "Service",
    metadata: { name, ...parts.metadata },
    spec: {
      template: {
        ...(parts.template ? { metadata: parts.template } : {}),
        spec: { ...parts.spec, containers: [{ image: target.image, ...(env.length > 0 ? { env } : {}), ...parts.container }] },
      },
    },
  };
}

/** A merge patch: containers are a list, and replaced as a whole. */
export function changeEnv(target: Target, name: string, env: Record<string, string>) {
  return {
    apiVersion: SERVING,
    kind: "Service" as const,
    metadata: { name },
    spec: { template: makeService(target, name, { env }).spec.template },
  };
}
