export { buildConsole, launchBrowser, skipReason } from "./browser.ts";
export { coldLoad, type ColdLoad } from "./cold-load.ts";
