export type * from "./port.ts";
export { createProcessDriver, type ProcessDriver, type ProcessDriverOptions } from "./process/process-driver.ts";
export { createInstanceManager, type InstanceManagerOptions } from "./manager/instance-manager.ts";
export type { RuntimeFact } from "./process/isolation.ts";
export { createContainerDriver, type ContainerDriverOptions } from "./container/container-driver.ts";
export type { Engine } from "./container/engine.ts";
export { INSTANCE_VALUES, uidOf } from "./instance-values.ts";
export { WrittenLogs } from "./logs/written-logs.ts";
export type { Provide } from "./manager/provisioner.ts";
