import { expect, test } from "vitest";
import { openPlatformHttp } from "../testing/http.ts";

interface Operation {
  operationId?: string;
  responses: Record<string, unknown>;
  summary?: string;
  security?: unknown[];
  "x-access"?: object;
  parameters?: { name: string; in: string }[];
  requestBody?: unknown;
}

test("the OpenAPI document has every route with a summary, its parameters, its body and who may use it", async () => {
  const { server, owner } = await openPlatformHttp();
  const document = (await (await owner("GET", "/openapi.json")).json()) as {
    openapi: string;
    paths: Record<string, Record<string, Operation>>;
  };
  expect(document.openapi).toBe("3.1.0");
  const routes = server.routes.filter(({ method, url }) => method !== "HEAD" && !url.endsWith("/openapi.json"));
  const incomplete: string[] = [];
  for (const { method, url, access } of routes) {
    const operation = document.paths[url.replaceAll(/:(\w+)/g, "{$1}")]?.[method.toLowerCase()];
    const names = new Set(operation?.parameters?.map(({ name }) => name));
    const named = [...url.matchAll(/:(\w+)/g)].every(([, name = ""]) => names.has(name));
    const told =
      JSON.stringify(operation?.["x-access"]) === JSON.stringify(access) && "public" in access === (operation?.security?.length === 0);
    const body = !["PUT", "PATCH"].includes(method) || operation?.requestBody !== undefined;
    if (!operation?.summary || !named || !told || !body) incomplete.push(`${method} ${url}`);
  }
  process.stdout.write(`OpenAPI: ${routes.length} routes\n`);
  expect(incomplete).toEqual([]);
  expect(Object.values(document.paths).flatMap((methods) => Object.keys(methods)).length).toBe(routes.length);
});

test("a client can be made from it: operations have names of their own, their errors a shape, and shapes the names that they have here", async () => {
  const { owner } = await openPlatformHttp();
  const document = (await (await owner("GET", "/openapi.json")).json()) as {
    paths: Record<string, Record<string, Operation>>;
    components: { schemas: Record<string, { properties?: object }> };
  };
  const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));
  const ids = operations.map(({ operationId = "" }) => operationId);
  expect(ids.filter((id, i) => !/^[a-z]\w+$/.test(id) || ids.indexOf(id) !== i)).toEqual([]);
  expect(ids).toContain("getAppEnvironmentScaling");
  const { schemas } = document.components;
  const answer = (name: string) => ({ "application/json": { schema: { $ref: `#/components/schemas/${name}` } } });
  expect(document.paths["/api/v1/apps"]?.["post"]?.responses).toMatchObject({
    201: { content: answer("App") },
    "4XX": { content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } } },
  });
  expect(document.paths["/api/v1/apps/{app}"]?.["delete"]?.responses).toMatchObject({ 202: { content: answer("Operation") } });
  expect(document.paths["/api/v1/apps/{app}"]?.["get"]?.responses).toMatchObject({ 200: { content: answer("RevisedApp") } });
  expect(Object.keys(document.paths["/api/v1/tokens/{id}"]?.["delete"]?.responses ?? {})).toEqual(["204", "4XX", "5XX"]);
  expect(schemas["App"]?.properties).toHaveProperty("environments");
  const referred = [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name = ""]) => name);
  expect(referred.filter((name) => !(name in schemas))).toEqual([]);
});

test("whatever has to fit an expression is described: that is what people are told when it does not", async () => {
  const { owner } = await openPlatformHttp();
  const undescribed: string[] = [];
  // What is said of a parameter stands beside its schema.
  const look = (value: unknown, path: string, said: boolean) => {
    if (typeof value !== "object" || value === null) return;
    const told = "description" in value;
    if ("pattern" in value && typeof value.pattern === "string" && !told && !said) undescribed.push(path);
    for (const [key, inner] of Object.entries(value)) look(inner, `${path}/${key}`, key === "schema" && told);
  };
  look(await (await owner("GET", "/openapi.json")).json(), "", false);
  expect(undescribed).toEqual([]);
});
