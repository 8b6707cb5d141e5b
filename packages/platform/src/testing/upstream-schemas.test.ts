import { expect, test } from "vitest";
import { upstreamFaults } from "./upstream-schemas.ts";

const service = (container: object) => ({
  apiVersion: "serving.knative.dev/v1",
  kind: "Service",
  metadata: { name: "shop" },
  spec: { template: { spec: { containers: [container] } } },
});

test("upstream's definitions take what is right, and tell of what is wrong, missing, or not theirs", () => {
  expect(upstreamFaults("Service", service({ image: "img", ports: [{ containerPort: 8080 }] }))).toEqual([]);
  expect(upstreamFaults("Service", service({ image: 3 }))).toEqual([expect.stringContaining("spec.template.spec.containers[0].image")]);
  expect(upstreamFaults("Service", service({ image: "img", gpu: 1 }))).toEqual(["unknown field spec.template.spec.containers[0].gpu"]);
  const rules = { apiVersion: "networking.istio.io/v1", kind: "VirtualService", metadata: { name: "x" }, spec: { hosts: "a" } };
  expect(upstreamFaults("VirtualService", rules)).toEqual([expect.stringContaining("spec.hosts")]);
  const mapping = {
    apiVersion: "serving.knative.dev/v1beta1",
    kind: "DomainMapping",
    metadata: { name: "x" },
    spec: { ref: { name: "shop" } },
  };
  expect(upstreamFaults("DomainMapping", mapping)).toEqual([expect.stringContaining("spec.ref.kind")]);
});
