import { apiVersionOf, schemaOf, type Kind, type Schema } from "@ebb/kube";
import { gvk, schemaNameOf } from "./openapi.ts";
import { REVIEW_KINDS } from "./serve-reviews.ts";

type Tree = Record<string, unknown>;

const SCOPED = { name: "namespace", in: "path", required: true, type: "string", description: "object name and auth scope" };
const WRITE_QUERY = ["dryRun", "fieldManager", "fieldValidation"].map((name) => ({ name, in: "query", type: "string", uniqueItems: true }));
const LIST_QUERY = [
  "continue",
  "fieldSelector",
  "labelSelector",
  "limit",
  "resourceVersion",
  "resourceVersionMatch",
  "timeoutSeconds",
  "watch",
].map((name) => ({
  name,
  in: "query",
  type: name === "limit" || name === "timeoutSeconds" ? "integer" : name === "watch" ? "boolean" : "string",
  uniqueItems: true,
}));
const LIST_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta";
const STATUS = "io.k8s.apimachinery.pkg.apis.meta.v1.Status";
const text = { type: "string" };

/** `/openapi/v2`: Swagger 2.0 of all kinds in one document, for clients that know no other; made when somebody asks, and not kept. */
export function openApiV2(kinds: readonly Kind[], version: string): unknown {
  const definitions: Tree = {
    [LIST_META]: {
      type: "object",
      properties: { continue: text, remainingItemCount: { type: "integer", format: "int64" }, resourceVersion: text },
    },
    [STATUS]: {
      type: "object",
      properties: { apiVersion: text, kind: text, code: { type: "integer", format: "int32" }, message: text, reason: text, status: text },
    },
  };
  for (const kind of [...kinds, ...REVIEW_KINDS])
    definitions[schemaNameOf(kind)] = { ...(plain(schemaOf(kind)) as Tree), "x-kubernetes-group-version-kind": [gvk(kind)] };
  for (const kind of kinds) {
    const name = schemaNameOf(kind);
    definitions[`${name}List`] = {
      type: "object",
      required: ["items"],
      properties: { apiVersion: text, kind: text, metadata: ref(LIST_META), items: { type: "array", items: ref(name) } },
      "x-kubernetes-group-version-kind": [{ ...gvk(kind), kind: `${kind.kind}List` }],
    };
  }
  return {
    swagger: "2.0",
    info: { title: "Kubernetes", version },
    paths: Object.fromEntries([...kinds.flatMap(pathsOf), ...REVIEW_KINDS.map(reviewPathOf)]),
    definitions,
    securityDefinitions: {
      BearerToken: { type: "apiKey", name: "authorization", in: "header", description: "Bearer Token authentication" },
    },
    security: [{ BearerToken: [] }],
  };
}

function ref(name: string): Tree {
  return { $ref: `#/definitions/${name}` };
}

/** Swagger 2.0 knows neither alternatives nor values that may be null, and a place for what is a number or a text. */
function plain(schema: Schema): unknown {
  const { properties, items, additionalProperties, oneOf: _, anyOf: __, allOf: ___, not: ____, nullable: _____, ...rest } = schema;
  if (schema["x-kubernetes-int-or-string"]) return { ...rest, type: "string", format: "int-or-string" };
  // Quantities have no schema of their own.
  if (Object.keys(schema).length === 0) return text;
  return {
    ...rest,
    ...(properties ? { properties: Object.fromEntries(Object.entries(properties).map(([name, each]) => [name, plain(each)])) } : {}),
    ...(items ? { items: plain(items) } : {}),
    ...(typeof additionalProperties === "object" ? { additionalProperties: plain(additionalProperties) } : {}),
  };
}

const MEDIA = ["application/json", "application/yaml"];
const PATCHES = ["application/json-patch+json", "application/merge-patch+json", "application/apply-patch+yaml"];

/** Verbs, as operations are named, and what the machinery calls them. */
const ACTIONS: Readonly<Record<string, { method: string; action: string }>> = {
  list: { method: "get", action: "list" },
  create: { method: "post", action: "post" },
  deleteCollection: { method: "delete", action: "deletecollection" },
  read: { method: "get", action: "get" },
  replace: { method: "put", action: "put" },
  patch: { method: "patch", action: "patch" },
  delete: { method: "delete", action: "delete" },
};

function placesOf(kind: Kind) {
  const root = kind.group === "" ? `/api/${kind.version}` : `/apis/${apiVersionOf(kind)}`;
  const all = `${root}/${kind.plural}`;
  return {
    all,
    collection: kind.namespaced ? `${root}/namespaces/{namespace}/${kind.plural}` : all,
    scope: kind.namespaced ? [SCOPED] : [],
  };
}

function reviewPathOf(kind: Kind): [string, unknown] {
  const { collection, scope } = placesOf(kind);
  return [collection, { post: operationOf(kind, "create", ""), parameters: scope }];
}

function pathsOf(kind: Kind): [string, unknown][] {
  const { all, collection, scope } = placesOf(kind);
  const named = [...scope, { name: "name", in: "path", required: true, type: "string", description: `name of the ${kind.kind}` }];
  const verbs = (names: string[], subresource = "") =>
    Object.fromEntries(names.map((verb) => [ACTIONS[verb]?.method ?? "", operationOf(kind, verb, subresource)]));
  const item = ["read", "replace", "patch"];
  const paths: [string, unknown][] = kind.measured
    ? [
        [collection, { ...verbs(["list"]), parameters: scope }],
        [`${collection}/{name}`, { ...verbs(["read"]), parameters: named }],
      ]
    : [
        [collection, { ...verbs(["list", "create", "deleteCollection"]), parameters: scope }],
        [`${collection}/{name}`, { ...verbs([...item, "delete"]), parameters: named }],
        ...(kind.statusSubresource
          ? [[`${collection}/{name}/status`, { ...verbs(item, "Status"), parameters: named }] as [string, unknown]]
          : []),
      ];
  return kind.namespaced ? [...paths, [all, verbs(["list"], "ForAllNamespaces")]] : paths;
}

function operationOf(kind: Kind, verb: string, suffix: string): Tree {
  const name = schemaNameOf(kind);
  const body = { name: "body", in: "body", required: true, schema: verb === "patch" ? { type: "object" } : ref(name) };
  const writes = ["create", "replace", "patch"].includes(verb);
  const lists = verb === "list" || verb === "deleteCollection";
  const outcome = verb === "list" ? `${name}List` : verb.startsWith("delete") ? STATUS : name;
  const patches = kind.builtIn ? [...PATCHES, "application/strategic-merge-patch+json"] : PATCHES;
  const group = kind.group === "" ? "core" : kind.group.replace(/\.k8s\.io$/, "");
  const camel = group.split(".").map(capitalised).join("");
  const scope = kind.namespaced && suffix !== "ForAllNamespaces" ? "Namespaced" : "";
  const [operation, all] = verb === "deleteCollection" ? ["delete", "Collection"] : [verb, ""];
  return {
    operationId: `${operation}${camel}${capitalised(kind.version)}${all}${scope}${kind.kind}${suffix}`,
    consumes: verb === "patch" ? patches : ["*/*"],
    produces: MEDIA,
    schemes: ["https"],
    parameters: [...(writes ? [body, ...WRITE_QUERY] : []), ...(lists ? LIST_QUERY : [])],
    responses: { "200": { description: "OK", schema: ref(outcome) }, "401": { description: "Unauthorized" } },
    "x-kubernetes-action": ACTIONS[verb]?.action,
    "x-kubernetes-group-version-kind": gvk(kind),
  };
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
