import { describe, expect, test } from "vitest";
import { startServer } from "./testing/server.ts";

const at = (version: string) => `/apis/networking.istio.io/${version}/namespaces/default/virtualservices`;
const GATEWAY = { hosts: ["a.org"], gateways: ["gw"], http: [{ route: [{ destination: { host: "app" } }] }] };
const made = (version: string, name: string) => ({
  apiVersion: `networking.istio.io/${version}`,
  kind: "VirtualService",
  metadata: { name },
  spec: GATEWAY,
});

describe("a kind in several versions is one resource", () => {
  test("discovery lists them, the stored one first", async () => {
    const { call } = await startServer();
    const group = (await call("GET", "/apis/networking.istio.io")).body;
    expect(group.versions.map(({ version }: { version: string }) => version)).toEqual(["v1", "v1beta1", "v1alpha3"]);
    expect(group.preferredVersion.version).toBe("v1");
    const groups = (await call("GET", "/apis")).body.groups as { name: string }[];
    expect(groups.filter(({ name }) => name === "networking.istio.io")).toHaveLength(1);
  });

  test("made in one, it is read, listed, changed and applied in each, in that version's name", async () => {
    const { call } = await startServer();
    expect((await call("POST", at("v1beta1"), { body: made("v1beta1", "vs") })).body).toMatchObject({
      apiVersion: "networking.istio.io/v1beta1",
    });
    for (const version of ["v1", "v1beta1", "v1alpha3"]) {
      expect((await call("GET", `${at(version)}/vs`)).body).toMatchObject({ apiVersion: `networking.istio.io/${version}`, spec: GATEWAY });
      expect((await call("GET", at(version))).body.items).toMatchObject([{ apiVersion: `networking.istio.io/${version}` }]);
    }
    const before = (await call("GET", `${at("v1")}/vs`)).body;
    const same = await call("PUT", `${at("v1alpha3")}/vs`, { body: { ...before, apiVersion: "networking.istio.io/v1alpha3" } });
    expect(same.body.metadata.generation).toBe(1);
    expect((await call("PUT", `${at("v1")}/vs`, { body: { ...before, apiVersion: "networking.istio.io/v1beta1" } })).status).toBe(400);
  });

  test("what is wrong is refused in Istio's words, and unknown fields in Kubernetes'", async () => {
    const { call } = await startServer();
    const empty = { ...made("v1", "vs"), spec: { ...GATEWAY, http: [{}] } };
    expect((await call("POST", at("v1"), { body: empty })).body.message).toMatch(
      /validation.istio.io.*HTTP route, redirect or direct_response is required/,
    );
    const unknown = { ...made("v1", "vs"), spec: { ...GATEWAY, colour: "red" } };
    expect((await call("POST", `${at("v1")}?fieldValidation=Strict`, { body: unknown })).body.message).toContain(
      'unknown field "spec.colour"',
    );
  });
});
