export { checkServingConfig } from "./config/settings.ts";
export { PROVISIONER } from "./claim/reconcile.ts";
export { ACTIVATOR_SERVICE } from "./facade/parts.ts";
export { SERVING_VIEWS } from "./facade/views.ts";
export { CpuRates } from "./podautoscaler/cpu-rates.ts";
export type { WhatIf } from "./podautoscaler/what-if.ts";
export { NODE } from "./revision/pod-metadata.ts";
export { createControllers, type Controllers, type ControllersOptions } from "./create-controllers.ts";
