import { beforeEach, describe, expect, test } from "vitest";
import { PLATFORM_LABELS, type RevisionDecision } from "../cluster/port.ts";
import { FakeCluster } from "../testing/fake-cluster.ts";
import { appDecisions } from "./app-decisions.ts";

const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
const decided = (second: number, desired: number) => ({ time: at(second), desired, reason: `for ${desired}` }) as RevisionDecision;

let cluster: FakeCluster;
beforeEach(() => {
  cluster = new FakeCluster();
  for (const name of ["shop-00001", "shop-00002", "shop-other"]) {
    const metadata = { name, labels: { [PLATFORM_LABELS.app]: "shop" } };
    cluster.storedRevisions.set(name, { apiVersion: "serving.knative.dev/v1", kind: "Revision", metadata, spec: { containers: [] } });
  }
  cluster.storedDecisions.set("shop-00001", [decided(1, 1), decided(5, 0)]);
  cluster.storedDecisions.set("shop-00002", [decided(3, 2), decided(9, 3)]);
});
const seen = async (request: Partial<Parameters<typeof appDecisions>[2]>) =>
  (await appDecisions(cluster, "shop", { limit: 100, ...request })).items.map(({ version, desired }) => `${version}:${desired}`);

describe("an app's decisions", () => {
  test("of all its versions, newest first", async () => expect(await seen({})).toEqual(["v2:3", "v1:0", "v2:2", "v1:1"]));
  test("of one version", async () => expect(await seen({ version: "v1" })).toEqual(["v1:0", "v1:1"]));
  test("until a time, that time itself too", async () => expect(await seen({ at: at(3) })).toEqual(["v2:2", "v1:1"]));
  test("at most so many", async () => expect(await seen({ limit: 1 })).toEqual(["v2:3"]));
  test("a version that is not there is refused", async () => {
    await expect(seen({ version: "v7" })).rejects.toMatchObject({ code: "version_not_found" });
  });
  test("a cluster without a record says so", async () => {
    cluster.storedDecisions.clear();
    expect(await appDecisions(cluster, "shop", { limit: 5 })).toEqual({ items: [], recorded: false });
  });
});
