import type { KubeEvent } from "@ebb/kube";
import { expect, test } from "vitest";
import { createWorld, SHOP, startProcess } from "../testing/world.ts";

const event = (name: string, reason: string, at: string, type: KubeEvent["type"] = "Normal"): KubeEvent => ({
  apiVersion: "v1",
  kind: "Event",
  metadata: { name: `${name}.x`, uid: `${name} ${reason}` },
  involvedObject: { apiVersion: "v1", kind: "Pod", name },
  reason,
  message: "said",
  type,
  count: 3,
  firstTimestamp: at,
  lastTimestamp: at,
  source: { component: "c" },
});

test("what happened to an app is one list, newest first: of operations, its changes, and the events of what is its own", async () => {
  const world = await createWorld();
  const { service, ended, clock } = await startProcess(world);
  await ended((await service.deployImage({ name: "shop", image: "ok-1" }, "ann")).id);
  await ended((await service.deployImage({ name: "shop", image: "crash-1" }, "ann")).id);
  await ended((await service.deployImage({ name: "shop-admin", image: "ok-1" }, "ann")).id);
  await service.patchApp("shop", { owner: "ann" });
  await ended((await service.rollback(SHOP, { to: "v1" }, "ann")).id).catch(() => undefined);
  const later = new Date(clock.now() + 60_000).toISOString();
  world.cluster.storedEvents = [
    event("shop-00001-deployment-abc", "BackOff", later, "Warning"),
    event("shop", "Created", "2026-01-01T00:00:00Z"),
    event("shop-admin", "Created", later),
    event("shop-admin-00001", "Created", later),
  ];
  const all = await service.happenings(SHOP, { limit: 100 });
  const times = all.map(({ time }) => Date.parse(time));
  expect(times).toEqual(times.toSorted((a, b) => b - a));
  const words = all.map(({ kind, level, what, version }) => `${kind} ${level} ${what} ${version ?? ""}`.trim());
  expect(words[0]).toBe("cluster warning BackOff v1");
  expect(words).toContain("operation info deploy v1");
  expect(words).toContain("operation error deploy v2");
  expect(words).toContain("change info app.changed");
  expect(words.filter((word) => word.startsWith("cluster"))).toEqual(["cluster warning BackOff v1", "cluster info Created"]);
  const kinds = await service.happenings(SHOP, { limit: 100, kinds: ["change"] });
  expect(new Set(kinds.map(({ kind }) => kind))).toEqual(new Set(["change"]));
  const [first] = all;
  const before = await service.happenings(SHOP, { limit: 1, before: first?.time ?? "" });
  expect(before).toEqual([all[1]]);
});
