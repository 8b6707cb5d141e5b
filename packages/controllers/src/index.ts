export { createControllers, type Controllers, type ControllersOptions } from "./create-controllers.ts";
