import type { Prices } from "@ebb/api";
import type { Database } from "../database/database.ts";
import { readSettings, writeSettings } from "../database/settings.ts";

const NAME = "prices";

/** Until somebody says otherwise: about what public clouds ask for containers by the second, in late 2026. */
const DEFAULT: Prices = { currency: "USD", cpuHour: 0.0405, memoryHour: 0.0045, assumedCpu: 0.25, assumedMemory: 0.25 };

export function readPrices(db: Database): Promise<Prices> {
  return readSettings(db, NAME, DEFAULT);
}

export function writePrices(db: Database, prices: Prices): Promise<void> {
  return writeSettings(db, NAME, prices);
}
