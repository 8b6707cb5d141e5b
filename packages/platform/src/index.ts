export { policiesOf, scalingIn } from "./environments/policies.ts";
export { lastChange, nextChange } from "./environments/schedule.ts";
export { copyDatabase } from "./database/copy.ts";
export { describeDatabase, type DatabaseOptions } from "./database/database.ts";
export { createPlatform, type Platform, type PlatformOptions } from "./platform.ts";
export { parseSignInConfig } from "./identity/sign-in-config.ts";
export type { MasterKeySource } from "./secrets/master-keys.ts";
