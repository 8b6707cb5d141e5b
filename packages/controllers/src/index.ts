export { checkServingConfig } from "./config/settings.ts";
export { ACTIVATOR_SERVICE } from "./facade/parts.ts";
export { SERVING_VIEWS } from "./facade/views.ts";
export { CpuRates } from "./podautoscaler/cpu-rates.ts";
export type { WhatIf } from "./podautoscaler/what-if.ts";
export { createControllers, type Controllers, type ControllersOptions } from "./create-controllers.ts";
