export { startEbb, type EbbServer } from "./ebb-server.ts";
export { eventually } from "./eventually.ts";
export { httpRequest, type HttpAnswer } from "./http-request.ts";
export { freePorts } from "./ports.ts";
export { tempDir } from "./temp-dir.ts";
export { VirtualClock } from "./virtual-clock.ts";
