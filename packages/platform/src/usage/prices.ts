import type { Prices } from "@ebb/api";
import type { Database } from "../database/database.ts";

const NAME = "prices";

/** Until somebody says otherwise: about what public clouds ask for containers by the second, in late 2026. */
const DEFAULT: Prices = { currency: "USD", cpuHour: 0.0405, memoryHour: 0.0045, assumedCpu: 0.25, assumedMemory: 0.25 };

export async function readPrices(db: Database): Promise<Prices> {
  const row = await db.selectFrom("settings").select("value_json").where("name", "=", NAME).executeTakeFirst();
  return row ? { ...DEFAULT, ...(JSON.parse(row.value_json) as Partial<Prices>) } : DEFAULT;
}

export async function writePrices(db: Database, prices: Prices): Promise<void> {
  const value_json = JSON.stringify(prices);
  await db
    .insertInto("settings")
    .values({ name: NAME, value_json })
    .onConflict((conflict) => conflict.column("name").doUpdateSet({ value_json }))
    .execute();
}
