import { ConfigMaps, type ConfigMap } from "@ebb/kube";
import { eventually } from "@ebb/testkit";
import { expect, test } from "vitest";
import { configMap, startServer } from "./testing/server.ts";
import { editStored } from "./testing/stored-rows.ts";

test("an owner that is null, as an older Ebb stored it, is none: the server starts, and the object goes on", async () => {
  const first = await startServer();
  const path = "/api/v1/namespaces/default/configmaps";
  const owner = { apiVersion: "v1", kind: "ConfigMap", name: "owner", uid: "u" };
  await first.call("POST", path, { body: configMap("odd", {}, { finalizers: ["x.io/hold"], ownerReferences: [owner] }) });
  await first.api.stop();
  editStored(first.folder, "odd", (text) => text.replace(JSON.stringify([owner]), "[null]"));
  const { api, call } = await startServer({ folder: first.folder });
  const merge = { type: "application/merge-patch+json", body: { data: { a: "1" } } };
  expect((await call("PATCH", `${path}/odd`, merge)).body).toMatchObject({ data: { a: "1" } });
  const client = api.client({ name: "t", groups: [] });
  const odd = await client.get(ConfigMaps, "default", "odd");
  expect(odd?.metadata.ownerReferences).toBeUndefined();
  // The collector still works.
  const ownerReferences = [{ ...owner, uid: "gone" }];
  await client.create(ConfigMaps, configMap("orphan", {}, { namespace: "default", ownerReferences }) as ConfigMap);
  await eventually(async () => (await client.get(ConfigMaps, "default", "orphan")) === undefined);
});
