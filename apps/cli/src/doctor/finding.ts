import type { PlatformStatus } from "@ebb/api";
import type { Host } from "../host.ts";

/** `problem`: `ebb up` will not start. `warning`: it starts, and something will not work. */
export type Level = "ok" | "warning" | "problem";

export interface Finding {
  /** Stable, for scripts. */
  readonly id: string;
  readonly title: string;
  readonly level: Level;
  /** What was seen. */
  readonly found: string;
  /** What follows from it; always there unless the level is ok. */
  readonly meaning?: string;
  /** What to do; always there unless the level is ok. */
  readonly remedy?: string;
}

export interface Ports {
  readonly gateway: number;
  readonly platform: number;
  readonly api: number;
  readonly internal: number;
}

export interface Examination {
  readonly host: Host;
  readonly dataFolder: string;
  readonly ports: Ports;
  /** Of an Ebb that runs with this data folder: what it holds is no finding. */
  readonly running: boolean;
  /** Of a platform that runs and answers. */
  readonly status?: PlatformStatus | undefined;
}

/** Looks at one thing of this machine; changes nothing, and says `warning` rather than throw when it cannot look. */
export type Check = (examination: Examination) => Promise<readonly Finding[]>;

export function ok(id: string, title: string, found: string): Finding {
  return { id, title, level: "ok", found };
}
