export { eventually } from "./eventually.ts";
export { tempDir } from "./temp-dir.ts";
export { VirtualClock } from "./virtual-clock.ts";
