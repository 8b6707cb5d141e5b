import type { Revision } from "@ebb/kube";
import { describe, expect, test } from "vitest";
import { configuration, marks, NOW, revision, summary } from "../testing.ts";
import { planConfiguration, type ConfigurationObserved } from "./reconcile.ts";

const ready = (generation: number, labels?: Record<string, string>) =>
  revision(generation, { conditions: marks({ Ready: "True" }) }, labels ? { labels } : {});
const failed = (generation: number) =>
  revision(generation, { conditions: marks({ Ready: "False" }, { reason: "ExitCode1", message: "boom" }) });
const plan = (observed: Partial<ConfigurationObserved>) =>
  planConfiguration({ configuration: configuration(), revisions: [], named: undefined, now: NOW, ...observed });

describe("planConfiguration", () => {
  test("without a Revision of its generation it makes one, labelled and pending", () => {
    const { create, status } = plan({ configuration: configuration(3) });
    expect(create?.metadata).toMatchObject({
      name: "shop-00003",
      labels: {
        "serving.knative.dev/configuration": "shop",
        "serving.knative.dev/configurationUID": "configuration-uid",
        "serving.knative.dev/configurationGeneration": "3",
        "serving.knative.dev/routingState": "pending",
      },
    });
    expect(status).toMatchObject({ latestCreatedRevisionName: "shop-00003" });
    expect(summary({ status })).toEqual(["Ready Unknown"]);
  });

  test("the template may choose the Revision's name", () => {
    expect(plan({ configuration: configuration(3, undefined, { name: "shop-blue" }) }).create?.metadata.name).toBe("shop-blue");
  });

  test("a very long name is shortened with a hash", () => {
    const long = configuration(1);
    long.metadata.name = "a".repeat(63);
    expect(plan({ configuration: long }).create?.metadata.name).toMatch(/^a{25}[0-9a-f]{32}-00001$/);
  });

  test.each<[string, Revision[], string | undefined, string[], string | undefined]>([
    ["a Revision that is on its way: not ready yet", [revision(2)], undefined, ["Ready Unknown"], undefined],
    ["a ready Revision is the latest ready one", [ready(2)], undefined, ["Ready True"], "shop-00002"],
    [
      "a failed one fails it and leaves the latest ready one",
      [ready(1), failed(2)],
      "shop-00001",
      ["Ready False RevisionFailed"],
      "shop-00001",
    ],
    [
      "an older one that becomes ready late counts while the latest is on its way",
      [ready(1), revision(2)],
      undefined,
      ["Ready Unknown"],
      "shop-00001",
    ],
    ["the latest ready one never goes back", [ready(1), revision(2)], "shop-00001", ["Ready Unknown"], "shop-00001"],
    ["a deleted latest ready one is forgotten", [revision(2)], "shop-00001", ["Ready False RevisionDeleted"], undefined],
  ])("%s", (_, ...[revisions, before, conditions, latest]) => {
    const { status } = plan({ configuration: configuration(2, before ? { latestReadyRevisionName: before } : {}), revisions });
    expect(summary({ status })).toEqual(conditions);
    expect(status?.latestReadyRevisionName).toBe(latest);
    expect(status?.latestCreatedRevisionName).toBe("shop-00002");
  });

  // A rollback by name: the Revision keeps the generation that it was made for.
  test("a template that names an older Revision again makes it the latest ready one, once it is ready", () => {
    const rolledBack = (blue: Revision["status"]) => {
      const before = configuration(3, { latestReadyRevisionName: "shop-green" }, { name: "shop-blue" });
      const named = revision(1, blue, { name: "shop-blue", spec: before.spec.template.spec });
      const green = revision(2, { conditions: marks({ Ready: "True" }) }, { name: "shop-green" });
      return plan({ configuration: before, revisions: [named, green], named }).status;
    };
    expect(rolledBack({ conditions: marks({ Ready: "True" }) })).toMatchObject({
      latestCreatedRevisionName: "shop-blue",
      latestReadyRevisionName: "shop-blue",
    });
    expect(rolledBack({})).toMatchObject({ latestCreatedRevisionName: "shop-blue", latestReadyRevisionName: "shop-green" });
  });

  test("a failure tells the Revision and its message, once", () => {
    const first = plan({ configuration: configuration(2), revisions: [failed(2)] });
    const message = 'Revision "shop-00002" failed with message: boom.';
    expect(first.status?.conditions?.[0]).toMatchObject({ reason: "RevisionFailed", message });
    expect(first.notes).toEqual([
      { type: "Warning", reason: "LatestCreatedFailed", message: 'Latest created revision "shop-00002" has failed' },
    ]);
    expect(plan({ configuration: configuration(2, first.status), revisions: [failed(2)] }).notes).toHaveLength(0);
  });

  // The events of knative/serving pkg/reconciler/configuration/configuration.go.
  test("what it tells of: the first that is ready, each that becomes the latest ready, and one of these that fails", () => {
    const told = (revisions: Revision[], latestReadyRevisionName?: string) =>
      plan({ configuration: configuration(2, latestReadyRevisionName ? { latestReadyRevisionName } : {}), revisions }).notes.map(
        ({ reason, message }) => `${reason}: ${message}`,
      );
    const update = 'LatestReadyUpdate: LatestReadyRevisionName updated to "shop-00002"';
    expect(told([ready(2)])).toEqual(["ConfigurationReady: Configuration becomes ready", update]);
    expect(told([ready(1), ready(2)], "shop-00001")).toEqual([update]);
    expect(told([ready(2)], "shop-00002")).toEqual([]);
    expect(told([failed(2)], "shop-00002")).toEqual(['LatestReadyFailed: Latest ready revision "shop-00002" has failed']);
  });

  test("a chosen name that belongs to another content makes nothing", () => {
    const taken = revision(1, undefined, { name: "shop-blue", spec: { containers: [{ image: "other" }] } });
    const { create, status } = plan({
      configuration: configuration(2, undefined, { name: "shop-blue" }),
      revisions: [taken],
      named: taken,
    });
    expect(create).toBeUndefined();
    expect(summary({ status })).toEqual(["Ready False RevisionFailed"]);
  });

  test("a Revision overtaken before it was ready is waited for no longer", () => {
    const pending = { "serving.knative.dev/routingState": "pending" };
    const { retire } = plan({
      configuration: configuration(2),
      revisions: [revision(1, undefined, { labels: pending }), revision(2, undefined, { labels: pending })],
    });
    expect(retire.map(({ metadata }) => [metadata.name, metadata.labels?.["serving.knative.dev/routingState"]])).toEqual([
      ["shop-00001", "reserve"],
    ]);
  });
});
