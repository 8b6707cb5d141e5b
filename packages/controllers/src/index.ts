export { checkServingConfig } from "./config/settings.ts";
export { createControllers, type Controllers, type ControllersOptions } from "./create-controllers.ts";
