import { afterAll, beforeAll, describe, test } from "vitest";
import { describeApi } from "./knative/api.conformance.ts";
import { describeContainers } from "./knative/containers.conformance.ts";
import { describeRuntime } from "./knative/runtime.conformance.ts";
import { describeVolumes } from "./knative/volumes.conformance.ts";
import { describeUpstream } from "./knative/upstream.conformance.ts";
import { connect, unfit, type Target } from "./knative/target.ts";

/**
 * The Knative Serving API specification and runtime contract, in our own words and by nothing but a kubeconfig and a way in: the same tests can
 * judge any cluster (docs/reference/compatibility.md tells how).
 */
const reason = unfit();
if (reason === undefined) {
  let target: Target;
  beforeAll(async () => {
    target = await connect();
  });
  afterAll(() => target?.close());
  describe("Knative Serving API specification", () => describeApi(() => target));
  describe("Knative runtime contract", () => describeRuntime(() => target));
  describe("several containers", () => describeContainers(() => target));
  describe("volumes", () => describeVolumes(() => target));
  describe("Knative's own e2e tests", () => describeUpstream(() => target));
} else {
  describe("Knative Serving", () => test.skip(reason, () => undefined));
}
