import { expect, test } from "vitest";
import { openPlatformHttp } from "../testing/http.ts";

interface Operation {
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
