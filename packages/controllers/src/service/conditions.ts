import { createConditions } from "@ebb/kube";

export const SERVICE_CONDITIONS = createConditions({ ready: "Ready", dependents: ["ConfigurationsReady", "RoutesReady"] });
