export type * from "./port.ts";
export { createProcessDriver, type ProcessDriver, type ProcessDriverOptions } from "./process/process-driver.ts";
export type { RuntimeFact } from "./process/isolation.ts";
