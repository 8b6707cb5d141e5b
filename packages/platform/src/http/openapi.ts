import * as shapes from "@ebb/api";
import swagger from "@fastify/swagger";
import type { FastifyInstance } from "fastify";
import { accessInOpenApi } from "./authorisation.ts";
import { hasProperties, preconditionsInOpenApi, revised } from "./preconditions.ts";

/** Shorter than this, a schema says more where it stands than behind a name. */
const SHORTEST_NAMED = 120;
const PREFIX = "/api/v1";

/** Describes every route that is registered after it, as OpenAPI 3.1; `openApiDocument` reads it. */
export async function describeRoutes(server: FastifyInstance, version: string): Promise<void> {
  await server.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: { title: "Ebb", version, license: { name: "Apache-2.0", identifier: "Apache-2.0" } },
      servers: [{ url: "/", description: "The platform that this document comes from" }],
      components: { securitySchemes: { token: { type: "http", scheme: "bearer" } } },
      security: [{ token: [] }],
    },
    transform: ({ schema, url, route }) => {
      const method = String(route.method);
      const described = {
        operationId: operationId(method, url),
        ...schema,
        ...accessInOpenApi(route.config?.access),
        ...preconditionsInOpenApi(method, url, { ...schema }),
      };
      return { url, schema: { ...described, response: responses(method, described.response as Record<string, unknown> | undefined) } };
    },
  });
}

/** The document, with what `@ebb/api` names under its name in `components`: a client that is generated from it has these types. */
export function openApiDocument(server: FastifyInstance): object {
  const document = server.swagger() as { paths: object; components?: object };
  const names = namesOfShapes();
  const schemas: Record<string, unknown> = {};
  const refer = (text: string, node: unknown) => {
    const name = names.get(text);
    if (name === undefined) return node;
    schemas[name] = node;
    return { $ref: `#/components/schemas/${name}` };
  };
  const { node: paths } = walk(document.paths, refer);
  return { ...document, paths, components: { ...document.components, schemas } };
}

/** By their text, those of `@ebb/api`, each also as `Revised…`; what two names stand for has none here. */
function namesOfShapes(): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  const taken = new Set<string>();
  const add = (name: string, shape: object) => {
    const { text } = walk(shape, (_, node) => node);
    if (text.length < SHORTEST_NAMED) return;
    if (taken.has(text)) names.delete(text);
    else names.set(text, name);
    taken.add(text);
  };
  for (const [name, shape] of Object.entries(shapes)) {
    if (typeof shape !== "object" || !("~kind" in shape)) continue;
    add(name, shape);
    if (hasProperties(shape)) add(`Revised${name}`, revised(shape));
  }
  return names;
}

/**
 * A copy with every object replaced by what `replace` gives, from the inside out. It is told the object's text, which is the same for a shape and
 * for what the plugin makes of it: constants and records in words of OpenAPI 3.0.
 */
function walk(node: unknown, replace: (text: string, node: object) => unknown): { text: string; node: unknown } {
  if (typeof node !== "object" || node === null) return { text: JSON.stringify(node) ?? "null", node };
  if (Array.isArray(node)) {
    const parts = node.map((each) => walk(each, replace));
    return { text: `[${parts.map(({ text }) => text).join()}]`, node: parts.map((part) => part.node) };
  }
  const parts = Object.entries(node).map(([key, value]) => ({ key, ...walk(value, replace) }));
  const said = parts.map(({ key, text, node: value }) => {
    if (key === "const") return `enum:[${text}]`;
    if (key !== "patternProperties") return `${key}:${text}`;
    return `additionalProperties:${walk(Object.values(value as object)[0], replace).text}`;
  });
  const text = `{${said.toSorted().join()}}`;
  return { text, node: replace(text, Object.fromEntries(parts.map(({ key, node: value }) => [key, value]))) };
}

/** `getAppEnvironmentScaling`: the method, and the words of the address, each in the singular where one of them is named after it. */
function operationId(method: string, url: string): string {
  const parts = url.slice(PREFIX.length).split("/").filter(Boolean);
  const words = parts.flatMap((part, i) => {
    if (part.startsWith(":")) return [];
    const one = parts[i + 1]?.startsWith(":") ? part.replace(/s$/, "") : part;
    return one.split(/[-.]/).map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  });
  return method.toLowerCase() + words.join("");
}

/** What a route answers that declares no shape, and what every route may answer instead (RFC 9457). */
function responses(method: string, declared: Record<string, unknown> = {}): Record<string, unknown> {
  const problem = { description: "What went wrong", content: { "application/problem+json": { schema: shapes.Problem } } };
  const plain = method === "GET" ? { 200: { description: "A stream, or a file" } } : { 204: { type: "null", description: "Done" } };
  return { ...(Object.keys(declared).length === 0 ? plain : declared), "4xx": problem, "5xx": problem };
}
