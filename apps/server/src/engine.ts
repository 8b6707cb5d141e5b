import { systemClock, type Logger } from "@ebb/base";
import { findEngine, type Engine } from "@ebb/runtime/engine";
import type { ServerConfig } from "./config.ts";
import { layout } from "./data-folder.ts";

/** The machine's container engine, if containers are wanted and there is one. */
export function engineOf(config: ServerConfig, log: Logger): Promise<Engine | undefined> {
  if (!config.containers) return Promise.resolve(undefined);
  return findEngine({ ownSocket: layout(config.dataDir).engineSocket, clock: systemClock, log });
}
