import { createConditions } from "@ebb/kube";

export const ROUTE_CONDITIONS = createConditions({
  ready: "Ready",
  dependents: ["AllTrafficAssigned", "CertificateProvisioned", "IngressReady"],
});
