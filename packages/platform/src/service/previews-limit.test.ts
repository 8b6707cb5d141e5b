import { expect } from "vitest";
import { silentLogger, systemRandom } from "@ebb/base";
import { VirtualClock } from "@ebb/testkit";
import { describeDatabases } from "../testing/databases.ts";
import { FakeClusters } from "../testing/fake-cluster.ts";
import type { Places } from "./places.ts";
import { createPreview, extendPreview } from "./previews.ts";

describeDatabases("previews", (when, open) => {
  when("are no more than the limit, however many are asked for at once, and live on as often as they are asked for", async () => {
    const { db } = await open();
    const clock = new VirtualClock(Date.UTC(2026, 0, 1));
    const deps = { db, clock, clusters: new FakeClusters(), clusterName: () => "fake", random: systemRandom, log: silentLogger };
    // Nothing is being deleted.
    const places = { environmentStays: () => Promise.resolve() } as unknown as Places;
    await db.updateTable("teams").set({ preview_limit: 2 }).where("name", "=", "default").execute();
    const asked = ["a", "b", "c", "d"].map((name) => createPreview(deps, places, "default", { name, ttlHours: 1 }));
    const made = await Promise.allSettled(asked);
    expect(made.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "fulfilled", "rejected", "rejected"]);
    const [first] = await db.selectFrom("environments").select("name").where("expires_at", "is not", null).execute();
    const name = first?.name ?? "";
    await clock.advance(1000);
    const again = await createPreview(deps, places, "default", { name, branch: "x", ttlHours: 1 });
    expect(again.preview).toEqual({ branch: "x", expiresAt: "2026-01-01T01:00:01.000Z" });
    const extended = await extendPreview(deps, places, { team: "default", name, ttlHours: 2 });
    expect(extended.preview).toEqual({ branch: "x", expiresAt: "2026-01-01T02:00:01.000Z" });
  });
});
