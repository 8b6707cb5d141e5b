import { TRAFFIC_POLICY, policyProblems, type KnativeService, type TrafficPolicy } from "@ebb/kube";

/** As the Service has it, whoever wrote it there; what cannot be read counts as absent, as it does for the gateway. */
export function policyOf(service: Pick<KnativeService, "metadata"> | undefined): TrafficPolicy {
  const json = service?.metadata.annotations?.[TRAFFIC_POLICY];
  if (json === undefined) return {};
  try {
    const policy: unknown = JSON.parse(json);
    return policyProblems(policy).length > 0 ? {} : (policy as TrafficPolicy);
  } catch {
    return {};
  }
}
