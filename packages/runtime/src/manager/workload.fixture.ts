import type { Workload } from "../port.ts";

export const PROBE = {
  exec: { command: ["check"] },
  initialDelaySeconds: 0,
  periodSeconds: 0,
  timeoutSeconds: 1,
  successThreshold: 1,
  failureThreshold: 3,
};

export function workload(key: string, changes: Partial<Workload["template"]> = {}): Workload {
  return {
    key,
    template: {
      workload: key,
      labels: {},
      artifact: { kind: "bundle", digest: "0", path: "/bundle" },
      env: {},
      port: 8080,
      protocol: "http1",
      resources: {},
      readiness: PROBE,
      terminationGraceSeconds: 5,
      ...changes,
    },
  };
}
