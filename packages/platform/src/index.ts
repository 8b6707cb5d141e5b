export { createPlatform, type Platform, type PlatformOptions } from "./platform.ts";
export { parseSignInConfig } from "./identity/sign-in-config.ts";
