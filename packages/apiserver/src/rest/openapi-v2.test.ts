import { expect, test } from "vitest";
import { startServer } from "../testing/server.ts";

interface Document {
  swagger: string;
  paths: Record<
    string,
    Record<string, { operationId: string; parameters: { name: string }[]; responses: Record<string, { schema?: { $ref: string } }> }>
  >;
  definitions: Record<string, { properties?: Record<string, unknown>; "x-kubernetes-group-version-kind"?: object[] }>;
}

test("one document of all kinds, in which every reference leads somewhere and every operation has a name of its own", async () => {
  const { call } = await startServer();
  const reply = await call("GET", "/openapi/v2");
  const document = reply.body as Document;
  expect(document.swagger).toBe("2.0");
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/definitions\/([^"]+)"/g)].map(([, name]) => name ?? "");
  expect(references.length).toBeGreaterThan(100);
  expect(references.filter((name) => document.definitions[name] === undefined)).toEqual([]);
  const names = Object.values(document.paths).flatMap((path) =>
    Object.entries(path).flatMap(([method, operation]) => (method === "parameters" ? [] : [operation.operationId])),
  );
  expect(names.filter((name, index) => names.indexOf(name) < index)).toEqual([]);
  expect(names).toEqual(
    expect.arrayContaining([
      "listCoreV1NamespacedPod",
      "listCoreV1PodForAllNamespaces",
      "createAppsV1NamespacedDeployment",
      "deleteCoreV1CollectionNamespacedConfigMap",
      "patchServingKnativeDevV1NamespacedServiceStatus",
      "readRbacAuthorizationV1ClusterRole",
      "createAuthorizationV1SelfSubjectAccessReview",
      "createAuthorizationV1NamespacedLocalSubjectAccessReview",
    ]),
  );
  expect(document.definitions["io.k8s.api.apps.v1.Deployment"]?.["x-kubernetes-group-version-kind"]).toEqual([
    { group: "apps", version: "v1", kind: "Deployment" },
  ]);
  expect(JSON.stringify(document)).not.toMatch(/"(?:oneOf|anyOf|nullable)":/);
});

test("client-go, which reads protobuf alone, is told that there is none", async () => {
  const { call } = await startServer();
  const accept = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";
  expect(await call("GET", "/openapi/v2", { accept })).toMatchObject({ status: 406, body: { reason: "NotAcceptable" } });
});
