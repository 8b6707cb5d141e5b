import { beforeEach, describe, expect, test } from "vitest";
import { PLATFORM_LABELS, type RevisionColdStart } from "../cluster/port.ts";
import { FakeCluster } from "../testing/fake-cluster.ts";
import { appColdStarts } from "./app-cold-starts.ts";

const started = (second: number) =>
  ({ time: new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString(), total: second }) as RevisionColdStart;

let cluster: FakeCluster;
beforeEach(() => {
  cluster = new FakeCluster();
  for (const name of ["shop-00001", "shop-00002"]) {
    const metadata = { name, labels: { [PLATFORM_LABELS.app]: "shop" } };
    cluster.storedRevisions.set(name, { apiVersion: "serving.knative.dev/v1", kind: "Revision", metadata, spec: { containers: [] } });
  }
  cluster.storedColdStarts.set("shop-00001", [started(1), started(5)]);
  cluster.storedColdStarts.set("shop-00002", [started(3)]);
});
const seen = async (request: Partial<Parameters<typeof appColdStarts>[2]>) =>
  (await appColdStarts(cluster, "shop", { limit: 100, ...request })).items.map(({ version, total }) => `${version}:${total}`);

describe("an app's cold starts", () => {
  test("of all its versions, newest first", async () => expect(await seen({})).toEqual(["v1:5", "v2:3", "v1:1"]));
  test("of one version, so many", async () => expect(await seen({ version: "v1", limit: 1 })).toEqual(["v1:5"]));
  test("a version that is not there is refused", async () => {
    await expect(seen({ version: "v7" })).rejects.toMatchObject({ code: "version_not_found" });
  });
  test("a cluster without a record says so", async () => {
    cluster.storedColdStarts.clear();
    expect(await appColdStarts(cluster, "shop", { limit: 5 })).toEqual({ items: [], recorded: false });
  });
});
