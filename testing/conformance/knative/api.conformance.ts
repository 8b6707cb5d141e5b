import type { Configuration, KnativeService, Revision, Route } from "@ebb/kube";
import { eventually } from "@ebb/testkit";
import { describe, expect, test } from "vitest";
import { changeEnv, makeService, named, SERVING } from "./objects.ts";
import { conditionOf, refusal, settled, type Target } from "./target.ts";

const CREATOR = "serving.knative.dev/creator";
const MODIFIER = "serving.knative.dev/lastModifier";

/** Knative Serving API specification 1.0: resource overview, extensions, routing, error signalling. */
export function describeApi(target: () => Target): void {
  const ready = (name: string) => settled<KnativeService>(target(), named("Service", name));
  const urlOf = (service: { status?: { url?: string } | undefined }) => service.status?.url ?? "";
  const version = (url: string) => target().shell(url, "echo $VERSION");

  describe("a Service's life", () => {
    test("Ready means that the first request is answered; its status tells all that it made", async () => {
      await target().create(
        makeService(target(), "life", { env: { VERSION: "one" }, metadata: { labels: { team: "blue" }, annotations: { note: "n" } } }),
      );
      const service = await ready("life");
      expect(await version(urlOf(service))).toBe("one");
      expect(service.status).toMatchObject({
        latestCreatedRevisionName: "life-00001",
        latestReadyRevisionName: "life-00001",
        address: { url: expect.stringMatching(/^http:\/\/life\..+\.svc\.cluster\.local$/) },
        traffic: [{ latestRevision: true, percent: 100, revisionName: "life-00001" }],
      });
      expect(service.metadata.annotations).toMatchObject({ [CREATOR]: expect.any(String), [MODIFIER]: expect.any(String) });
    });

    test("labels and annotations go to its Configuration and Route, and not to the Revision", async () => {
      const [configuration, route, revision] = await Promise.all([
        target().find<Configuration>(named("Configuration", "life")),
        target().find<Route>(named("Route", "life")),
        target().find<Revision>(named("Revision", "life-00001")),
      ]);
      for (const child of [configuration, route]) {
        expect(child?.metadata.labels).toMatchObject({ team: "blue", "serving.knative.dev/service": "life" });
        expect(child?.metadata.annotations).toMatchObject({ note: "n", [CREATOR]: expect.any(String) });
      }
      expect(revision?.metadata.labels).toMatchObject({
        "serving.knative.dev/service": "life",
        "serving.knative.dev/configuration": "life",
        "serving.knative.dev/configurationGeneration": "1",
      });
      expect(revision?.metadata.labels).not.toHaveProperty("team");
      expect(revision?.metadata.ownerReferences?.[0]).toMatchObject({ kind: "Configuration", name: "life", controller: true });
    });

    test("a placeholder Service holds its name inside the cluster", async () => {
      expect(await target().find({ apiVersion: "v1", kind: "Service", name: "life" })).toMatchObject({
        metadata: { ownerReferences: [{ kind: "Route", name: "life" }] },
        spec: { type: "ExternalName" },
      });
    });

    test("a new version takes over, and no request fails meanwhile (blue, green)", async () => {
      const url = urlOf(await ready("life"));
      let asking = true;
      const statuses = (async () => {
        const seen: number[] = [];
        while (asking) seen.push((await target().get(url, { path: "/cgi-bin/run?:" })).status);
        return seen;
      })();
      await target().patch(changeEnv(target(), "life", { VERSION: "two" }));
      const service = await ready("life");
      expect(service.status?.latestReadyRevisionName).toBe("life-00002");
      expect(await version(url)).toBe("two");
      asking = false;
      expect((await statuses).filter((status) => status !== 200)).toEqual([]);
    });

    test("a split and tags: each tag has a URL of its own", async () => {
      const traffic = [
        { tag: "current", revisionName: "life-00001", percent: 50 },
        { tag: "candidate", revisionName: "life-00002", percent: 50 },
        { tag: "latest", latestRevision: true },
      ];
      await target().patch({ apiVersion: SERVING, kind: "Service", metadata: { name: "life" }, spec: { traffic } });
      const service = await ready("life");
      const urls = Object.fromEntries((service.status?.traffic ?? []).map(({ tag = "", url = "" }) => [tag, url]));
      expect(service.status?.traffic).toMatchObject([
        { tag: "current", revisionName: "life-00001", percent: 50, latestRevision: false },
        { tag: "candidate", revisionName: "life-00002", percent: 50, latestRevision: false },
        { tag: "latest", revisionName: "life-00002", percent: 0, latestRevision: true },
      ]);
      expect(await Promise.all(["current", "candidate", "latest"].map((tag) => version(urls[tag] ?? "")))).toEqual(["one", "two", "two"]);
      const answers = new Set<string>();
      await eventually(async () => answers.add(await version(urlOf(service))).size === 2);
    });

    test("a Revision's spec cannot be changed, and a Route that it owns is put right", async () => {
      const { code, message } = await refusal(
        target().patch({ apiVersion: SERVING, kind: "Revision", metadata: { name: "life-00001" }, spec: { timeoutSeconds: 7 } }),
      );
      expect([code, message]).toEqual([400, expect.stringContaining("Immutable fields changed")]);
      await target().patch({
        apiVersion: SERVING,
        kind: "Route",
        metadata: { name: "life" },
        spec: { traffic: [{ configurationName: "life", latestRevision: true, percent: 100 }] },
      });
      await eventually(async () => (await target().find<Route>(named("Route", "life")))?.spec.traffic?.length === 3);
    });

    test("what it made goes with it", async () => {
      await target().remove(named("Service", "life"));
      const children = [
        named("Configuration", "life"),
        named("Route", "life"),
        named("Revision", "life-00001"),
        named("Revision", "life-00002"),
      ];
      await eventually(
        async () => (await Promise.all(children.map((child) => target().find(child)))).every((child) => child === undefined),
        30_000,
      );
    });
  });

  describe("names", () => {
    test("a Revision may be named; the name must change with the template", async () => {
      await target().create(makeService(target(), "byo", { template: { name: "byo-mine" } }));
      const service = await ready("byo");
      expect(service.status?.latestReadyRevisionName).toBe("byo-mine");
      const changed = makeService(target(), "byo", { template: { name: "byo-mine" }, env: { VERSION: "two" } });
      const { code, message } = await refusal(
        target().patch({ apiVersion: SERVING, kind: "Service", metadata: { name: "byo" }, spec: { template: changed.spec.template } }),
      );
      expect([code, message]).toEqual([400, expect.stringContaining("Saw the following changes without a name change")]);
      await target().remove(named("Service", "byo"));
    });

    test("generateName, and a Route and a Configuration without a Service", async () => {
      const { template } = makeService(target(), "any", { env: { VERSION: "alone" } }).spec;
      const configuration = await target().create<Configuration>({
        apiVersion: SERVING,
        kind: "Configuration",
        metadata: { name: "", generateName: "alone-" },
        spec: { template },
      });
      const { name } = configuration.metadata;
      expect(name).toMatch(/^alone-.+/);
      const route = await target().create<Route>({
        apiVersion: SERVING,
        kind: "Route",
        metadata: { name: "", generateName: "way-" },
        spec: { traffic: [{ configurationName: name, percent: 100 }] },
      });
      const { status } = await settled<Route>(target(), named("Route", route.metadata.name));
      expect(await version(status?.url ?? "")).toBe("alone");
      await target().remove(named("Route", route.metadata.name));
      await target().remove(named("Configuration", name));
    });
  });

  describe("errors", () => {
    test.each<[string, Partial<KnativeService["spec"]["template"]["spec"]>, string]>([
      ["a concurrency beyond the limit", { containerConcurrency: 100_000 }, "spec.template.spec.containerConcurrency"],
      ["a timeout beyond the limit", { timeoutSeconds: 100_000 }, "spec.template.spec.timeoutSeconds"],
      ["a field of Pods that is not for Knative", { hostNetwork: true }, "must not set the field(s): spec.template.spec.hostNetwork"],
    ])("%s is refused with its path", async (_, spec, path) => {
      const { code, message } = await refusal(target().create(makeService(target(), "refused", { spec })));
      expect([code, message]).toEqual([400, expect.stringContaining(path)]);
    });

    test.each<[string, Parameters<typeof makeService>[2], string]>([
      ["an image that is not there", { container: { image: "localhost:1/nobody/nothing:none" } }, "ContainerMissing"],
      ["a program that ends", { env: { FAIL: "5" } }, "ExitCode5"],
    ])("%s: told by the Revision, the Configuration and the Service", async (_, parts, reason) => {
      await target().create(makeService(target(), "broken", parts));
      const service = await settled<KnativeService>(target(), named("Service", "broken"), { type: "ConfigurationsReady", status: "False" });
      const revision = await settled<Revision>(target(), named("Revision", "broken-00001"), { status: "False" });
      expect(conditionOf(revision)?.reason).toBe(reason);
      expect(conditionOf(service, "ConfigurationsReady")).toMatchObject({
        reason: "RevisionFailed",
        message: expect.stringContaining('Revision "broken-00001" failed with message: '),
      });
      const route = await settled<Route>(target(), named("Route", "broken"), { status: "False" });
      expect(conditionOf(route, "AllTrafficAssigned")).toMatchObject({ status: "False", reason: "RevisionMissing" });
      await target().remove(named("Service", "broken"));
      await eventually(async () => (await target().find(named("Revision", "broken-00001"))) === undefined, 30_000);
    });
  });
}
