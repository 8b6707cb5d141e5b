import { expect, test } from "vitest";
import { UserError } from "@ebb/base";
import { configMap, ksvc, startServer } from "./testing/server.ts";

const SYSTEM = "/api/v1/namespaces/knative-serving/configmaps";
const SERVICES = "/apis/serving.knative.dev/v1/namespaces/default/services";
const NAMESPACE = { apiVersion: "v1", kind: "Namespace", metadata: { name: "knative-serving" } };

test("the ConfigMaps of knative-serving decide from the next request on, and not after they are gone", async () => {
  const { call } = await startServer();
  await call("POST", "/api/v1/namespaces", { body: NAMESPACE });
  const picky = ksvc("a", { nodeSelector: { disk: "ssd" } });
  expect((await call("POST", SERVICES, { body: picky })).body.message).toContain(
    "must not set the field(s): spec.template.spec.nodeSelector",
  );

  const features = configMap("config-features", { "kubernetes.podspec-nodeselector": "enabled" });
  await call("POST", SYSTEM, { body: features });
  await call("POST", SYSTEM, { body: configMap("config-defaults", { "revision-timeout-seconds": "42" }) });
  const made = await call("POST", SERVICES, { body: picky });
  expect(made.status).toBe(201);
  expect(made.body.spec.template.spec.timeoutSeconds).toBe(42);

  await call("PUT", `${SYSTEM}/config-features`, { body: configMap("config-features") });
  expect((await call("POST", SERVICES, { body: ksvc("b", { nodeSelector: { disk: "ssd" } }) })).status).toBe(400);
  await call("DELETE", `${SYSTEM}/config-defaults`);
  expect((await call("POST", SERVICES, { body: ksvc("c") })).body.spec.template.spec.timeoutSeconds).toBe(300);
});

test("a configuration that the cluster cannot read is refused, in the words of knative's web hook", async () => {
  const configCheck = (name: string) => {
    if (name === "config-gc") throw new UserError("invalid_config", "failed to parse x");
    return false;
  };
  const { call } = await startServer({ configCheck });
  await call("POST", "/api/v1/namespaces", { body: NAMESPACE });
  const { status, body } = await call("POST", SYSTEM, { body: configMap("config-gc") });
  expect([status, body.message]).toEqual([
    400,
    'admission webhook "config.webhook.serving.knative.dev" denied the request: validation failed: failed to parse x',
  ]);
  expect((await call("POST", SYSTEM, { body: configMap("mine") })).status).toBe(201);
});
