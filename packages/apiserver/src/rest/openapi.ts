import { createHash } from "node:crypto";
import { apiVersionOf, type Kind } from "@ebb/kube";
import type { Descriptions } from "./descriptions.ts";
import { groupVersions } from "./discovery.ts";
import { Components } from "./openapi-components.ts";
import { REVIEW_KINDS } from "./serve-reviews.ts";

/**
 * OpenAPI v3 for kubectl: it wants to know whether a kind's PATCH takes `fieldValidation` (then the server validates), whether it takes
 * strategic merge patches, and the fields for `kubectl explain`.
 */
export function openApiIndex(kinds: readonly Kind[]): unknown {
  const paths = [{ group: "", version: "v1" }, ...groupVersions(kinds)].map(({ group, version }) => {
    const path = group === "" ? `api/${version}` : `apis/${group}/${version}`;
    return [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${hashOf(kinds, group, version)}` }] as const;
  });
  return { paths: Object.fromEntries(paths) };
}

/** A document changes with the kinds only: its hash, of all but the descriptions, is made once for each list of kinds. */
const hashes = new WeakMap<readonly Kind[], Map<string, string>>();

function hashOf(kinds: readonly Kind[], group: string, version: string): string {
  const key = `${group}/${version}`;
  const made = hashes.get(kinds) ?? new Map<string, string>();
  hashes.set(kinds, made);
  const known = made.get(key);
  if (known) return known;
  const hash = createHash("sha256")
    .update(JSON.stringify(openApiDocument(kinds, group, version)))
    .digest("hex")
    .slice(0, 32);
  made.set(key, hash);
  return hash;
}

/** One group and version; undefined if there is none. */
export function openApiDocument(all: readonly Kind[], group: string, version: string, descriptions: Descriptions = {}): unknown {
  const kinds = all.filter((kind) => kind.group === group && kind.version === version);
  if (kinds.length === 0 && !groupVersions(all).some((entry) => entry.group === group && entry.version === version)) return undefined;
  const components = new Components(descriptions);
  const reviews = REVIEW_KINDS.filter((kind) => kind.group === group && kind.version === version);
  for (const kind of [...kinds, ...reviews]) components.add(schemaNameOf(kind), kind, { "x-kubernetes-group-version-kind": [gvk(kind)] });
  return {
    openapi: "3.0.0",
    info: { title: "Kubernetes", version: "unversioned" },
    paths: Object.fromEntries([...kinds.flatMap(pathsOf), ...reviews.map(reviewPathOf)]),
    components: { schemas: components.schemas },
  };
}

/** `dev.knative.serving.v1.Service`: groups back to front, as Kubernetes names them. */
export function schemaNameOf({ group, version, kind }: Kind): string {
  const own = group === "" ? "core" : group.includes(".k8s.io") || !group.includes(".") ? group.split(".")[0] : undefined;
  const prefix = own ? `io.k8s.api.${own}` : group.split(".").reverse().join(".");
  return `${prefix}.${version}.${kind}`;
}

export function gvk({ group, version, kind }: Kind) {
  return { group, version, kind };
}

/** What is answered at once and not kept is posted, and that is all. */
function reviewPathOf(kind: Kind): [string, unknown] {
  const { collection, operation, json } = operationsOf(kind);
  return [collection, { post: operation("post", json) }];
}

function operationsOf(kind: Kind) {
  const root = kind.group === "" ? `/api/${kind.version}` : `/apis/${apiVersionOf(kind)}`;
  const collection = `${root}${kind.namespaced ? "/namespaces/{namespace}" : ""}/${kind.plural}`;
  const reference = { $ref: `#/components/schemas/${schemaNameOf(kind)}` };
  const json = { "application/json": { schema: reference } };
  const parameters = [
    ...(kind.namespaced ? [{ name: "namespace", in: "path", required: true, schema: { type: "string" } }] : []),
    ...["dryRun", "fieldManager", "fieldValidation", "force"].map((name) => ({ name, in: "query", schema: { type: "string" } })),
  ];
  const operation = (action: string, content?: unknown) => ({
    "x-kubernetes-action": action,
    "x-kubernetes-group-version-kind": gvk(kind),
    parameters,
    ...(content ? { requestBody: { required: true, content } } : {}),
    responses: { "200": { description: "OK", content: json } },
  });
  return { collection, operation, json };
}

function pathsOf(kind: Kind): [string, unknown][] {
  const { collection, operation, json } = operationsOf(kind);
  const patchTypes = ["application/apply-patch+yaml", "application/json-patch+json", "application/merge-patch+json"];
  if (kind.builtIn) patchTypes.push("application/strategic-merge-patch+json");
  const patches = Object.fromEntries(patchTypes.map((type) => [type, { schema: { type: "object" } }]));
  return [
    [collection, { get: operation("list"), post: operation("post", json), delete: operation("deletecollection") }],
    [
      `${collection}/{name}`,
      {
        get: operation("get"),
        put: operation("put", json),
        patch: operation("patch", patches),
        delete: operation("delete"),
        parameters: [{ name: "name", in: "path", required: true, schema: { type: "string" } }],
      },
    ],
  ];
}
