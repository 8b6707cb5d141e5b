import { flagOf } from "../rest/request-options.ts";
import type { User } from "../registry/request-context.ts";
import type { Attributes } from "./attributes.ts";

interface RequestLine {
  method: string;
  /** Decoded segments. */
  path: readonly string[];
  query: URLSearchParams;
  user: User;
}

const VERBS: Readonly<Record<string, string>> = {
  POST: "create",
  GET: "get",
  HEAD: "get",
  PUT: "update",
  PATCH: "patch",
  DELETE: "delete",
};
/** Subresources of a namespace itself; any other third segment is a resource in it. */
const OF_NAMESPACE: ReadonlySet<string> = new Set(["status", "finalize"]);

/** What a request asks for, by k8s.io/apiserver's RequestInfoFactory: from its line alone, whether or not there is such a resource. */
export function attributesOf({ method, path, query, user }: RequestLine): Attributes {
  const [root, ...rest] = path;
  const isApi = (root === "api" && rest.length > 1) || (root === "apis" && rest.length > 2);
  if (!isApi) return { user, verb: method.toLowerCase(), path: `/${path.join("/")}` };
  const group = root === "api" ? "" : (rest[0] ?? "");
  const parts = rest.slice(root === "api" ? 1 : 2);
  const [first = "", second = "", third] = parts;
  const within = first === "namespaces" && third !== undefined && !(group === "" && OF_NAMESPACE.has(third));
  const [plural = "", name = "", subresource] = within ? parts.slice(2) : parts;
  const namespace = first === "namespaces" ? second : "";
  const resource = subresource === undefined ? plural : `${plural}/${subresource}`;
  const selected = name === "" ? nameInSelector(query) : name;
  return { user, verb: verbOf(method, name, query), group, resource, namespace, name: selected };
}

function verbOf(method: string, name: string, query: URLSearchParams): string {
  const verb = VERBS[method] ?? method.toLowerCase();
  if (name !== "") return verb;
  if (verb === "get") return flagOf(query, "watch") ? "watch" : "list";
  return verb === "delete" ? "deletecollection" : verb;
}

/** A list of one object by its name is a matter of that object. */
function nameInSelector(query: URLSearchParams): string {
  const [, name = ""] = /(?:^|,)metadata\.name==?([^,=!]+)(?:,|$)/.exec(query.get("fieldSelector") ?? "") ?? [];
  return name;
}
