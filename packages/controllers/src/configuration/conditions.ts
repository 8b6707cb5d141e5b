import { createConditions } from "@ebb/kube";

/** A Configuration is as ready as its latest Revision: nothing decides it beside that. */
export const CONFIGURATION_CONDITIONS = createConditions({ ready: "Ready", dependents: [] });
