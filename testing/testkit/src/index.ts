export { startEbb, type EbbServer, type ProcessName } from "./ebb-server.ts";
export { eventually } from "./eventually.ts";
export { httpRequest, type HttpAnswer } from "./http-request.ts";
export { startLoad, type LoadResult } from "./load.ts";
export { freePorts } from "./ports.ts";
export { archive, deploy, finished, nodeApp } from "./source.ts";
export { tempDir } from "./temp-dir.ts";
export { VirtualClock } from "./virtual-clock.ts";
export { inTest } from "./place.ts";
