import { createConditions } from "@ebb/kube";

/** Upstream's third one, SKSReady, speaks of a ServerlessService: here the gateway is always in the path and there is none. */
export const AUTOSCALER_CONDITIONS = createConditions({ ready: "Ready", dependents: ["Active", "ScaleTargetInitialized"] });

export const NO_TRAFFIC = { reason: "NoTraffic", message: "The target is not receiving traffic." };
export const QUEUED = { reason: "Queued", message: "Requests to the target are being buffered as resources are provisioned." };
export const TIMED_OUT = { reason: "TimedOut", message: "The target could not be activated." };
