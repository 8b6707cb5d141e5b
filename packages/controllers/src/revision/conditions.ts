import { createConditions } from "@ebb/kube";

export const REVISION_CONDITIONS = createConditions({
  ready: "Ready",
  dependents: ["ContainerHealthy", "ResourcesAvailable"],
  info: ["Active"],
});

export const DEADLINE_EXCEEDED = "ProgressDeadlineExceeded";
export const DEPLOYING = "Deploying";
export const RESOLVING = "ResolvingDigests";
